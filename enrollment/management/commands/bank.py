"""The local bank as a process of its own; `up` starts it where no real gateway is named."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from enrollment.standins import bank


class Command(BaseCommand):
    help = "Play VNPAY, MoMo and a bank with VietQR on this machine (EMBEDDED=1 only)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_BANK:
            raise CommandError("Real payment gateways are named: there is no local bank beside them.")
        bank.serve(settings.BIND, settings.BANK_PORT)
