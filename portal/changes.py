"""Power and money are two people's: whatever gives either is proposed by one and confirmed by a second.

What may be changed so, each app's part says (`Part.changes`); this is the one way by which it happens. A row holds what
stood there before and what shall stand there; it is confirmed only unaltered (MAC), in time, by somebody else whose own
roles were confirmed, while what stands there is still what the first person saw. Applying, deciding and the entry in the
audit trail are one transaction."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit, looks, sealing, writing
from portal.accounts.roles import is_vouched
from portal.models import Change, User
from portal.parts import Part, TwoHands, parts
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
LASTS = timedelta(days=7)
Decision = Change.Decision
VERBS: dict[str, str] = {
    Decision.CONFIRMED: "change confirmed",
    Decision.REJECTED: "change rejected",
    Decision.WITHDRAWN: "change withdrawn",
    Decision.LAPSED: "change lapsed",
}


@cache
def kinds() -> dict[str, TwoHands]:
    return {kind: hands for part in parts(Part) for kind, hands in part.changes.items()}


# ── The first person ──


@transaction.atomic
def propose(kind: str, about: str, after: Mapping[str, Any], by: User, *, reason: str) -> Change:
    hands, now = kinds()[kind], timezone.now()
    check_may(by, hands, hands.proposes, about)
    if not looks.says_something(reason := writing.line(reason)[:200]):
        raise Refusal(
            "reason-needed",
            _("Cần viết rõ lý do trong ít nhất ba từ, không ghi số giấy tờ, số điện thoại hay email."),
            status=422,
        )
    stands = plain(hands.present(about))
    wanted = {name: value for name, value in plain(after).items() if value != stands[name]}
    if not wanted:
        raise Refusal("nothing-changed", _("Không có gì khác với hiện tại, nên không có gì để đề nghị."))
    for stale in Change.objects.select_for_update().filter(kind=kind, about=about, decision=""):
        if stale.expires_at <= now or not is_intact(stale):
            settle(stale, Decision.LAPSED, None, now)
    change = Change(
        kind=kind,
        about=about,
        before={name: stands[name] for name in wanted},
        after=wanted,
        reason=reason,
        proposed_by=by,
        proposed_at=now,
        expires_at=now + LASTS,
    )
    change.mac = change.mac_of_row
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError as wrong:
        raise Refusal(
            "waits-already",
            _("Đã có một đề nghị như vậy đang chờ người thứ hai. Hãy chờ quyết định, hoặc rút lại đề nghị đó trước."),
        ) from wrong
    audit.record("change proposed", about, user=by, **of_record(change))
    return change


# ── The second ──


def confirm(change: Change, by: User, *, is_fresh: bool = False) -> None:
    """`is_fresh`: the page has just asked for this person's second factor."""
    decide(change, Decision.CONFIRMED, by, is_fresh=is_fresh)


def reject(change: Change, by: User) -> None:
    decide(change, Decision.REJECTED, by)


def withdraw(change: Change, by: User) -> None:
    decide(change, Decision.WITHDRAWN, by)


def decide(change: Change, decision: Decision, by: User, *, is_fresh: bool = False) -> None:
    """Of two at once the row's lock lets one; a refusal is on the record too."""
    try:
        with transaction.atomic():
            row = Change.objects.select_for_update().filter(pk=change.pk, decision="").first()
            if row is None:
                raise Refusal("decided", _("Đề nghị này đã được quyết định rồi."))
            check(row, decision, by, is_fresh=is_fresh)
            settle(row, decision, by, timezone.now())
    except Refusal as no:
        audit.record(VERBS[decision], change.about, user=by, result="refused", change=str(change.pk), why=no.code)
        raise


def check(change: Change, decision: Decision, by: User, *, is_fresh: bool = False) -> None:
    if not is_intact(change):
        log.error("a proposed change was altered", change=str(change.pk), alarm=True)
        raise Refusal("altered", _("Đề nghị này đã bị sửa ngoài hệ thống. Hãy báo bộ phận an ninh và đề nghị lại."))
    hands, is_own = kinds()[change.kind], change.proposed_by_id == by.pk
    if decision == Decision.WITHDRAWN:
        if not is_own:
            raise Refusal(
                "not-yours", _("Chỉ người đề nghị mới rút lại được. Hãy từ chối nếu không đồng ý."), status=403
            )
        return
    if is_own:
        raise Refusal(
            "same-person", _("Việc này phải do người thứ hai quyết định, không phải người đề nghị."), status=403
        )
    check_may(by, hands, hands.confirms, change.about)
    if decision == Decision.CONFIRMED:
        if hands.is_fresh and not is_fresh:
            raise Refusal(
                "second-factor-needed", _("Việc này được xác nhận tại quầy, kèm mã xác thực mới."), status=403
            )
        check_stands(change, hands)


def check_stands(change: Change, hands: TwoHands) -> None:
    """What was proposed may still come true: in time, by somebody whose roles still count, from where things stood."""
    if change.expires_at <= timezone.now():
        raise Refusal("lapsed", _("Đề nghị này đã quá hạn. Hãy đề nghị lại."))
    proposer = User.objects.get(pk=change.proposed_by_id)
    if not is_vouched(proposer) or not proposer.has_perm(hands.proposes):
        raise Refusal("not-vouched", _("Người đề nghị không còn quyền đó, nên đề nghị này không xác nhận được nữa."))
    stands = plain(hands.present(change.about))
    if {name: stands[name] for name in change.after} != change.before:
        raise Refusal("moved", _("Trong lúc chờ, giá trị hiện tại đã khác trước. Hãy từ chối và đề nghị lại."))


def check_may(user: User, hands: TwoHands, right: str, about: str) -> None:
    if not user.has_perm(right):  # nobody has one by roles that were not confirmed
        raise Refusal("not-allowed", _("Vai trò này không được làm việc đó."), status=403)
    if hands.concerns(about) == user.pk:
        raise Refusal("own-account", _("Không ai tự đề nghị hay quyết định việc của chính mình."), status=403)


def may_decide(change: Change, user: User) -> bool:
    """For the desk's page: whether this person can be the second, and needs to show no second factor with it."""
    hands = kinds().get(change.kind)
    if hands is None or hands.is_fresh or change.decision or change.proposed_by_id == user.pk:
        return False
    return is_vouched(user) and user.has_perm(hands.confirms) and hands.concerns(change.about) != user.pk


# ── The row ──


def settle(change: Change, decision: Decision, by: User | None, now: datetime) -> None:
    """Its end, once, with all that follows from it. From here on it keeps what was personal masked only."""
    record, before, after = of_record(change), kept(change, "before"), kept(change, "after")
    change.decision, change.decided_by, change.decided_at = decision, by, now
    if decision == Decision.CONFIRMED:
        kinds()[change.kind].apply(change)
    change.before, change.after, change.reason = before, after, change.reason if is_legible(change) else "–"
    change.mac = change.mac_of_row
    change.save(update_fields=["decision", "decided_by", "decided_at", "before", "after", "reason", "mac"])
    audit.record(VERBS[decision], change.about, user=by, **record)


def lapse_overdue() -> None:
    for pk in Change.objects.filter(decision="", expires_at__lte=timezone.now()).values_list("pk", flat=True):
        with transaction.atomic():
            for change in Change.objects.select_for_update().filter(pk=pk, decision=""):
                settle(change, Decision.LAPSED, None, timezone.now())


def is_intact(change: Change) -> bool:
    return is_legible(change) and change.is_ours


def is_legible(change: Change) -> bool:
    try:
        return bool(isinstance(change.before, dict) and isinstance(change.after, dict) and change.reason)
    except sealing.Broken:
        return False


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back, so that like is compared with like."""
    return dict(json.loads(json.dumps(dict(values), default=str)))


# ── In words ──


def kept(change: Change, side: str, *, whole: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Its values; what is personal masked, for good once it is decided."""
    hands = kinds().get(change.kind)
    if not is_legible(change) or hands is None:
        return {}
    values: dict[str, Any] = getattr(change, side)
    masked = frozenset() if change.decision else (hands.masked | hands.private) - whole
    return {name: writing.masked(value) if name in masked and value else value for name, value in values.items()}


def worded(change: Change, side: str, *, whole: frozenset[str] = frozenset()) -> dict[str, str]:
    """Field → value, as staff read it."""
    hands = kinds().get(change.kind)
    return {name: hands.shown(name, value) if hands else "" for name, value in kept(change, side, whole=whole).items()}


def of_record(change: Change) -> dict[str, Any]:
    """As it stands, for whoever reads it later in whatever language; personal values masked."""
    return {
        "kind": change.kind,
        "change": str(change.pk),
        "before": kept(change, "before"),
        "after": kept(change, "after"),
    }
