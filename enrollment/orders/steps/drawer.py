"""A day's cash: a drawer opened with an amount, counted blind, what differs explained, and confirmed by a second person.

Whoever may take cash does it at a branch of their own; whoever confirms leads that branch, or sees every one."""

from collections.abc import Mapping

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models import CashReceipt, Drawer, ReceiptBook
from enrollment.orders.models.cash import DENOMINATIONS, Kind
from portal import audit, writing
from portal.models import Branch, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
TAKE, CONFIRM = "orders.take_cash", "orders.confirm_cash"  # an agent's right; a lead's
VIEW, EVERYWHERE = "orders.view_drawer", "orders.view_every_drawer"  # of one's own branches; of all
MOST = 100_000_000  # that a drawer is opened with
Status = Drawer.Status


def is_at(user: User, branch_id: int) -> bool:
    return branch_id in user.branch_ids


def leads(user: User, branch_id: int) -> bool:
    return user.has_perm(EVERYWHERE) or is_at(user, branch_id)


def seen_by(user: User) -> "QuerySet[Drawer]":
    """Those that somebody with VIEW may read."""
    rows = Drawer.objects.order_by("-day", "-pk")
    return rows if user.has_perm(EVERYWHERE) else rows.filter(branch__in=user.branch_ids)


def not_allowed() -> Refusal:
    return Refusal("not-allowed", _("Vai trò này không được làm việc đó."), status=403)


# ── The day begins ──


def open_drawer(agent: User, branch: Branch, opening: int) -> Drawer:
    if not agent.has_perm(TAKE) or not is_at(agent, branch.pk):
        raise not_allowed()
    if not 0 <= opening <= MOST:
        raise Refusal("amount-cannot-be", _("Số tiền đầu ngày không đúng. Hãy đếm và nhập lại."), status=422)
    drawer = Drawer(agent=agent, branch=branch, day=timezone.localdate(), opened_at=timezone.now(), opening=opening)
    drawer.mac = drawer.mac_of_row
    try:
        with transaction.atomic():
            drawer.save(force_insert=True)
            audit.record("drawer opened", drawer, user=agent, amount=opening)
    except IntegrityError as wrong:  # of two presses at once the table lets one
        raise why_not(agent, branch) from wrong
    return drawer


def why_not(agent: User, branch: Branch) -> Refusal:
    if unclosed := still_open(agent):
        if unclosed.day == timezone.localdate() and unclosed.branch_id == branch.pk:
            return Refusal("drawer-open", _("Ngăn tiền hôm nay đã mở rồi."))
        return Refusal(
            "drawer-unclosed",
            _(
                "Ngăn tiền ngày %(day)s tại %(branch)s chưa chốt. Hãy kiểm đếm và chốt ngày đó trước, rồi mở ngăn tiền mới."
            )
            % {"day": f"{unclosed.day:%d/%m/%Y}", "branch": unclosed.branch},
        )
    return Refusal(
        "day-closed", _("Ngày hôm nay đã chốt tiền mặt, nên không mở lại được. Khách có thể trả bằng VietQR.")
    )


def still_open(agent: User) -> Drawer | None:
    """The one drawer that keeps its agent from opening another, whatever day it is of."""
    rows = Drawer.objects.filter(agent=agent, status__in=(Status.OPEN, Status.COUNTED))
    return rows.select_related("branch", "agent").first()


def of_today(agent: User) -> "QuerySet[Drawer]":
    return Drawer.objects.filter(agent=agent, day=timezone.localdate()).select_related("branch", "agent")


def is_forgotten(drawer: Drawer) -> bool:
    """Not closed on its own day."""
    return drawer.status in (Status.OPEN, Status.COUNTED) and drawer.day != timezone.localdate()


# ── Under its lock ──


def locked(pk: int, agent: User, *states: str) -> Drawer:
    """For a change by its own agent. Whatever else changes it waits; what was written by other means is not built upon."""
    drawer = Drawer.objects.select_for_update().get(pk=pk)
    if drawer.agent_id != agent.pk or not agent.has_perm(TAKE):
        raise not_allowed()
    check_ours(drawer)
    if drawer.status not in states:
        raise Refusal("day-closed", _("Ngày này đã chốt tiền mặt: không thu, không chi, không mở lại được nữa."))
    return drawer


def locked_for_cash(pk: int, agent: User) -> Drawer:
    """Open, and today's: no receipt goes into another day."""
    drawer = locked(pk, agent, Status.OPEN)
    if drawer.day != timezone.localdate():
        raise why_not(agent, drawer.branch)
    return drawer


def check_ours(drawer: Drawer) -> None:
    if not drawer.is_ours:
        log.error("a drawer was changed by other means", drawer=drawer.pk, alarm=True)
        raise altered()


def altered() -> Refusal:
    return Refusal(
        "altered",
        _("Ngăn tiền hoặc phiếu của ngày này đã bị sửa ngoài hệ thống. Hãy báo trưởng quầy và bộ phận an ninh."),
    )


def save(drawer: Drawer, *fields: str) -> None:
    drawer.mac = drawer.mac_of_row
    drawer.save(update_fields=[*fields, "mac"])


# ── The day ends ──


@transaction.atomic
def count(drawer: Drawer, agent: User, notes: Mapping[int, int]) -> Drawer:
    """Blind: from here on nothing goes in or out, and only now it is told whether it fits. Counted is counted."""
    if not set(notes) <= set(DENOMINATIONS) or not all(0 <= number <= 100_000 for number in notes.values()):
        raise Refusal("amount-cannot-be", _("Số tờ không đúng. Hãy đếm và nhập lại."), status=422)
    drawer = locked(drawer.pk, agent, Status.OPEN)
    drawer.notes = {str(denomination): number for denomination, number in sorted(notes.items()) if number}
    drawer.counted, drawer.closed_at = Drawer.worth(drawer.notes), timezone.now()
    drawer.status = Status.COUNTED if drawer.difference else Status.CLOSED
    save(drawer, "notes", "counted", "closed_at", "status")
    audit.record("drawer counted", drawer, user=agent, amount=drawer.counted, difference=drawer.difference)
    return drawer


@transaction.atomic
def explain(drawer: Drawer, agent: User, words: str) -> Drawer:
    """Why it differs, in the agent's own words, for the second person."""
    words = writing.line(words)[:300]
    if len(words.split()) < 3:
        raise Refusal("reason-needed", _("Hãy giải trình chênh lệch trong ít nhất ba từ."), status=422)
    drawer = locked(drawer.pk, agent, Status.COUNTED)
    drawer.explanation, drawer.status = words, Status.CLOSED
    save(drawer, "explanation", "status")
    audit.record("drawer explained", drawer, user=agent, difference=drawer.difference)
    return drawer


@transaction.atomic
def confirm(drawer: Drawer, by: User) -> Drawer:
    """By a second person, whose second factor the page has just asked for. Nothing of this day changes any more."""
    drawer = Drawer.objects.select_for_update().get(pk=drawer.pk)
    if not by.has_perm(CONFIRM) or not leads(by, drawer.branch_id):
        raise not_allowed()
    if drawer.agent_id == by.pk:
        raise Refusal("same-person", _("Không ai tự xác nhận ngày chốt của chính mình."), status=403)
    if drawer.status != Status.CLOSED:
        raise Refusal("not-to-confirm", _("Ngày này không chờ xác nhận: chưa đếm, chưa giải trình hoặc đã chốt rồi."))
    if faults(drawer):
        log.error("a day's cash was changed by other means", drawer=drawer.pk, alarm=True)
        raise altered()
    drawer.status, drawer.confirmed_by, drawer.confirmed_at = Status.CONFIRMED, by, timezone.now()
    save(drawer, "status", "confirmed_by", "confirmed_at")
    audit.record("drawer confirmed", drawer, user=by, amount=drawer.counted, difference=drawer.difference)
    return drawer


# ── Whether it is still what we wrote ──


def faults(drawer: Drawer) -> list[str]:
    """What of a day was written by other means, in words for the second person; empty where all is ours."""
    wrong = [] if drawer.is_ours else [str(_("Ngăn tiền này đã bị sửa ngoài hệ thống."))]
    strange = [receipt.label for receipt in drawer.receipts.all() if not receipt.is_ours]
    if strange:
        wrong.append(str(_("Phiếu đã bị sửa ngoài hệ thống: %(labels)s.") % {"labels": ", ".join(strange[:20])}))
    of_kind = {kind: Sum("amount", filter=Q(kind=kind), default=0) for kind in Kind.values}
    rows = CashReceipt.objects.filter(drawer=drawer).aggregate(count=Count("pk"), **of_kind)
    kept = (drawer.receipts_given, drawer.received, drawer.returned)
    if (rows["count"], rows[Kind.RECEIVED], rows[Kind.RETURNED]) != kept:
        wrong.append(str(_("Các phiếu không khớp với ngăn tiền: có phiếu bị xóa, thêm hoặc sửa ngoài hệ thống.")))
    return wrong


def books_at_fault(user: User) -> list[str]:
    """Of this year's books at the branches that somebody sees: what was changed by other means, or lacks a number."""
    books = ReceiptBook.objects.filter(year=timezone.localdate().year).select_related("branch").order_by("pk")
    if not user.has_perm(EVERYWHERE):
        books = books.filter(branch__in=user.branch_ids)
    return [f"{book.branch} · {book.get_kind_display()} {book.year}" for book in books if not is_whole(book)]


def is_whole(book: ReceiptBook) -> bool:
    given = CashReceipt.objects.filter(branch=book.branch_id, year=book.year, kind=book.kind)
    return book.is_ours and given.count() == book.last
