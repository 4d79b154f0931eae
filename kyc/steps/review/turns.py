"""What every act on a file shares: one conditional update on the number of turns, by which of two at once one wins;
the line in the record; and the clock of the promise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kyc import hours
from kyc.models import Case, Decision, Remark
from portal.models import User
from portal.refusals import Refusal

Queue, Asking = Case.Queue, Case.Asking


@dataclass(frozen=True)
class Choice:
    """What a person chose to do with a file, and what the file was when they looked at it."""

    turns: int
    file_hash: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    until: date | None = None
    note: str = ""
    words: str = ""  # not of a decision: a note, a question to the customer
    answers: Mapping[str, str] = field(default_factory=dict)  # to each flag
    to: User | None = None


def turn(case: Case, **changes: Any) -> None:
    """Whatever moves a file closes what the customer was asked: it was answered, or is decided without."""
    if "queue" in changes and case.asking:
        changes = {"asking": "", "due_at": due(case), **changes}
    if not Case.objects.filter(pk=case.pk, turns=case.turns).update(turns=F("turns") + 1, **changes):
        raise outrun(case)
    case.turns += 1
    for name, value in changes.items():
        setattr(case, name, value)


def write_decision(case: Case, verb: str, by: User | None, choice: Choice) -> Decision:
    taken = round((timezone.now() - case.held_at).total_seconds()) if case.held_at else 0
    return Decision.objects.create(
        case=case,
        act=verb,
        by=by,
        file_hash=choice.file_hash,
        items=dict(choice.items),
        reason=choice.reason,
        until=choice.until,
        note=choice.note[:1000] or None,
        answers=dict(choice.answers) or None,
        seconds=taken,
    )


def outrun(case: Case) -> Refusal:
    """Two at once: one decision won, and the other is told which. Also the customer may have been first."""
    fresh = Case.objects.get(pk=case.pk)
    lost = _("Quyết định của bạn chưa được ghi.")
    return Refusal("withdrawn" if fresh.withdrawn else "decided-already", f"{happened(fresh)} {lost}")


def happened(case: Case) -> str:
    """The newest that befell a file, for whoever has an older page of it before him."""
    if case.withdrawn:
        return str(_("Khách đã rút hồ sơ. Không cần làm gì thêm."))
    answer = case.remarks.filter(kind=Remark.Kind.ANSWER).order_by("-pk").first()
    if answer and case.asking == Asking.ANSWERED and (case.held_at is None or answer.at > case.held_at):
        return str(_("Khách vừa trả lời câu hỏi. Hãy đọc câu trả lời rồi quyết định."))
    last = Decision.objects.filter(case=case).order_by("-pk").first()
    if last and last.at > timezone.now() - timedelta(hours=12):
        return str(_("Hồ sơ vừa được người khác quyết định: %(act)s.")) % {"act": last.title}
    return str(_("Hồ sơ vừa được người khác xử lý. Hãy tải lại để xem trạng thái mới."))


# ── The clock ──


def promised(since: Any, seconds: int) -> Any:
    """A promise that has passed stays passed."""
    return hours.after(since, timedelta(seconds=seconds)) if seconds > 0 else since + timedelta(seconds=seconds)


def due(case: Case) -> Any:
    """While the customer is asked the clock stands: what was left then is left still."""
    return promised(timezone.now(), case.left) if case.asking == Asking.ASKED else case.due_at


def rest(case: Case, queue: Case.Queue, **changes: Any) -> None:
    """The customer's turn, or somebody else's: the clock stops with what is left on it."""
    now = timezone.now()
    kept = {} if case.kept is not None or queue == Queue.HOLD else {"kept": now <= due(case)}
    left = round(hours.between(now, due(case)).total_seconds())
    turn(case, queue=queue, holder=None, held_at=None, due_at=now, left=left, **kept, **changes)


def run(case: Case, queue: Case.Queue) -> None:
    turn(case, queue=queue, holder=None, held_at=None, due_at=promised(timezone.now(), case.left), hold_until=None)


def close(case: Case) -> None:
    now = timezone.now()
    kept = {} if case.kept is not None else {"kept": now <= due(case)}
    turn(case, queue=Queue.CLOSED, holder=None, held_at=None, closed_at=now, **kept)
