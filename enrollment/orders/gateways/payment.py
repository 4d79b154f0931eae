"""Which payment gateways there are: VNPAY, MoMo and transfers by VietQR behind one port (port.py). In the embedded default
all three are one local bank (standins/bank.py)."""

from functools import cache
from urllib.parse import urlparse

from django.conf import settings

from enrollment.orders.gateways.momo import MoMo
from enrollment.orders.gateways.port import PaymentGateway
from enrollment.orders.gateways.vietqr import VietQR
from enrollment.orders.gateways.vnpay import VNPAY

KINDS: dict[str, type[VNPAY | MoMo | VietQR]] = {"vnpay": VNPAY, "momo": MoMo, "vietqr": VietQR}


@cache
def gateways() -> dict[str, PaymentGateway]:
    """Those that the settings name, in the order in which the customer sees them."""
    return {kind: KINDS[kind](urlparse(url)) for kind, url in settings.PAYMENT_URLS.items() if url}
