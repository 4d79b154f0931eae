"""Cash, as the settling of an order sees it. No customer is offered it and no notice tells of it: gateways() does not name it,
and only a receipt from an open drawer pays by it (steps/cash.py)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.port import Forged, Notice, Sent, Verdict
from enrollment.orders.models import Payment


class Cash:
    code, label, keeps_strays = "cash", _("Tiền mặt"), False
    is_ours = True

    def start(self, payment: Payment, place: str, language: str) -> str:
        return ""

    def read(self, sent: Sent) -> Notice | None:
        raise Forged

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        return 404, None

    def ask(self, payment: Payment) -> Notice | None:
        return None

    def statement(self, since: datetime) -> list[Notice]:
        return []


CASH = Cash()
