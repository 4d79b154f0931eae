"""The cash book of a branch, as accounting takes it over."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.orders.models import CashReceipt, Refund
from enrollment.orders.models.cash import Kind
from enrollment.orders.steps.drawer import EVERYWHERE, VIEW, leads, not_allowed
from portal import audit, looks
from portal.allowances import Limit
from portal.models import Branch, User
from portal.refusals import Refusal

EXPORTS = Limit("cash exports", 50, timedelta(days=1))
LONGEST = timedelta(days=366)


def export(by: User, since: date, until: date, branch: Branch | None = None) -> list[tuple[Any, ...]]:
    """The head and a row for each receipt, of one branch or of all that this person may see; on the record."""
    if not by.has_perm(VIEW) or (branch and not leads(by, branch.pk)):
        raise not_allowed()
    if not since <= until <= since + LONGEST:
        raise Refusal("range-cannot-be", _("Chọn từ ngày đến ngày trong vòng một năm."), status=422)
    EXPORTS.require(str(by.pk), _("Hôm nay bạn đã xuất sổ quỹ nhiều lần. Vui lòng thử lại vào ngày mai."))
    receipts = CashReceipt.objects.filter(drawer__day__gte=since, drawer__day__lte=until)
    if branch:
        receipts = receipts.filter(branch=branch)
    elif not by.has_perm(EVERYWHERE):
        receipts = receipts.filter(branch__in=by.branch_ids)
    known = ("drawer", "branch", "order", "refund", "by")
    rows = [row(receipt) for receipt in receipts.select_related(*known).order_by("drawer__day", "branch", "pk")]
    where = branch.name if branch else ""
    audit.record(
        "cash exported",
        user=by,
        since=f"{since}",
        until=f"{until}",
        count=len(rows),
        **({"branch": where} if where else {}),
    )
    return [tuple(head()), *rows]


def head() -> Iterator[str]:
    yield from (_("Ngày"), _("Giờ"), _("Đơn vị"), _("Số phiếu"), _("Loại"), _("Đơn hàng"), _("Gói cước"))
    yield from (
        _("Chưa thuế"),
        _("Thuế GTGT"),
        _("Thành tiền"),
        _("Nhân viên"),
        _("Ngăn tiền"),
        _("Chốt ngày"),
        _("Lưu ý"),
    )


def row(receipt: CashReceipt) -> tuple[Any, ...]:
    drawer, net, vat = receipt.drawer, *parts(receipt)
    return (
        *(drawer.day, f"{timezone.localtime(receipt.at):%H:%M}", receipt.branch.name),
        *(receipt.label, receipt.get_kind_display(), receipt.order.reference, receipt.order.name),
        *(net, vat, receipt.signed),
        *(looks.legible(lambda: receipt.by.full_name, receipt.by), drawer.pk, drawer.get_status_display()),
        "" if receipt.is_ours and drawer.is_ours else _("BỊ SỬA NGOÀI HỆ THỐNG"),
    )


def parts(receipt: CashReceipt) -> tuple[int | None, int | None]:
    """Net and tax. What comes twice, late or wrong was no sale, so giving it back takes back no tax."""
    order = receipt.order
    if receipt.kind == Kind.RECEIVED:
        return order.net, order.vat
    is_sale = receipt.refund and receipt.refund.reason == Refund.Reason.CANCELLED and receipt.amount == order.total
    return (-order.net, -order.vat) if is_sale else (None, None)
