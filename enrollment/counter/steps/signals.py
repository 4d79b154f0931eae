"""What strikes in a counter's files of a while, in plain words and with the files: to be looked into by a person. Nothing
follows by itself.

One query by the index `opened_at_counters`, and one each for what was sent back, for doubts and for each app's own; at most
MOST files, the newest."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.counter.models import Recheck
from enrollment.journey import Channel
from enrollment.models import Application, Trail
from enrollment.parts import Signal, all_parts
from portal.models import Branch, User

MOST = 5000
BEGINS, ENDS = 7, 19  # hours at which a counter works
FEW = 5  # fewer are chance


def of(branch: Branch, since: datetime) -> list[Signal]:
    rows = Application.objects.filter(channel=Channel.COUNTER, branch=branch, created_at__gte=since)
    kept = ("reference", "person_index", "phone_index", "email_index", "agent_id", "branch_id", "created_at")
    files = list(rows.order_by("-created_at").only(*kept)[:MOST])
    above = (signal for part in all_parts() for signal in part.signals(files))
    return [*shared(files), *above, *at_odd_hours(files), *sent_back(files), *doubted(branch, files)]


def groups(files: Sequence[Application], by: Callable[[Application], str]) -> Iterator[list[Application]]:
    """Of several people, and the same in this."""
    alike: dict[str, list[Application]] = defaultdict(list)
    for application in files:
        if value := by(application):
            alike[value].append(application)
    return (group for group in alike.values() if len({each.person_index for each in group}) > 1)


def shared(files: Sequence[Application]) -> Iterator[Signal]:
    for words, by in (
        (_("Nhiều khách cùng một số điện thoại"), "phone_index"),
        (_("Nhiều khách cùng một email"), "email_index"),
    ):
        for group in groups(files, lambda application, name=by: getattr(application, name)):  # type: ignore[misc]
            yield Signal(words, len({each.person_index for each in group}), group)


def by_agent(files: Sequence[Application]) -> list[tuple[User, list[Application]]]:
    own: dict[int, list[Application]] = defaultdict(list)
    for application in files:
        if application.agent_id:
            own[application.agent_id].append(application)
    agents = User.objects.in_bulk(own)
    return [(agents[pk], rows) for pk, rows in own.items()]


def at_odd_hours(files: Sequence[Application]) -> Iterator[Signal]:
    for agent, own in by_agent(files):
        odd = [each for each in own if not BEGINS <= timezone.localtime(each.created_at).hour < ENDS]
        if len(odd) >= FEW:
            words = _("%(agent)s mở nhiều hồ sơ ngoài 7 giờ đến 19 giờ")
            yield Signal(words % {"agent": agent.full_name}, len(odd), odd)


def sent_back(files: Sequence[Application]) -> Iterator[Signal]:
    """An agent's share, against the whole counter's."""
    pks = [each.pk for each in files]
    back = set(Trail.objects.filter(application__in=pks, verb="sent back").values_list("application", flat=True))
    for agent, own in by_agent(files):
        returned = [each for each in own if each.pk in back]
        high = len(returned) * len(files) >= 2 * len(back) * len(own)  # at least twice the counter's share
        if len(own) >= FEW and len(returned) > 1 and high and len(own) < len(files):
            words = _("Hồ sơ của %(agent)s bị VNPT trả lại nhiều gấp đôi cả quầy: %(back)s trên %(all)s")
            facts = {"agent": agent.full_name, "back": len(returned), "all": len(own)}
            yield Signal(words % facts, len(returned), returned)


def doubted(branch: Branch, files: Sequence[Application]) -> Iterator[Signal]:
    known = {each.pk: each for each in files}
    rows = Recheck.objects.filter(attestation__branch=branch, attestation__application__in=known, is_doubt=True)
    own: dict[int, list[Application]] = defaultdict(list)
    for agent, application in rows.values_list("attestation__agent", "attestation__application"):
        own[agent].append(known[application])
    agents = User.objects.in_bulk(own)
    for pk, doubts in own.items():
        words = _("Cam kết của %(agent)s bị nghi ngờ khi kiểm tra")
        yield Signal(words % {"agent": agents[pk].full_name}, len(doubts), doubts)
