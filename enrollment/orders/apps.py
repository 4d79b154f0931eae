from django.utils.translation import gettext_lazy as _

from portal import parts


class OrdersConfig(parts.PartConfig):
    name = "enrollment.orders"
    label = "orders"
    verbose_name = _("Đơn hàng, thanh toán")
