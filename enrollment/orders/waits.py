"""Money that waits for a person, and what the gauges of orders mean."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models import Refund
from portal.models import User
from portal.parts import SOON, Waiting, Watch, up_to

DUE = "?status__exact=due"
WATCHES: dict[str, Watch] = {
    "portal_refunds_due": Watch(
        title=_("Khoản chờ hoàn tiền"),
        tone=SOON,
        sentence=_("Người giám sát chuyển tiền và ghi lại; bạn xác nhận khi thấy trên sao kê ngân hàng."),
        page="admin:orders_refund_changelist",
        query=DUE,
        section="payment-gateways",
    ),
    "portal_invoices_failed": Watch(
        title=_("Hóa đơn phát hành lỗi"),
        sentence=_("Xem lỗi mà nhà cung cấp báo; sửa xong thì chọn hóa đơn và phát hành lại."),
        page="admin:orders_invoice_changelist",
        query="?status__exact=failed",
        section="invoices",
    ),
    "portal_invoices_to_adjust": Watch(
        title=_("Hóa đơn chờ điều chỉnh"),
        tone=SOON,
        sentence=_("Tiền đã hoàn mà hóa đơn chưa điều chỉnh được: xem lỗi rồi phát hành lại."),
        page="admin:orders_invoice_changelist",
        query="?status__exact=wrong",
        section="invoices",
    ),
    "portal_payment_open_seconds": Watch(
        title=_("Giao dịch chưa rõ kết quả"),
        above=3600,
        seconds=True,
        sentence=_("Một cổng không báo cũng không trả lời: xem đường tới cổng đó và tiến trình nền."),
        page="admin:orders_payment_changelist",
        query="?status__exact=pending",
        section="payment-gateways",
    ),
    "portal_plans_altered": Watch(
        title=_("Gói cước bị sửa ngoài hệ thống"),
        sentence=_("Gói đó ngừng bán: tìm xem ai ghi được vào cơ sở dữ liệu, rồi đề nghị và xác nhận lại gói."),
        page="admin:orders_plan_changelist",
        section="the-databases-roles",
    ),
}


def waits(user: User) -> Iterator[Waiting]:
    if user.has_perm("orders.change_refund"):
        yield Waiting(
            title=_("Khoản chờ hoàn tiền"),
            number=up_to(Refund.objects.filter(status=Refund.Status.DUE)),
            address=f"{reverse('admin:orders_refund_changelist')}{DUE}",
            tone=SOON,
            sentence=_("Chuyển tiền cho khách, rồi ghi người nhận và mã giao dịch; người thứ hai xác nhận."),
        )
