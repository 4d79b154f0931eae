"""`audit verify` names the first entry that was changed, added or removed, and exits 1; `audit seal` closes what is open."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.audit import seals, verification
from portal.models import Event, Seal


class Command(BaseCommand):
    help = "Verify the audit trail against its seals and their anchor, or seal what stands open."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("verify", "seal", "key"))

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        match what:
            case "seal":
                self.stdout.write(f"{seals.seal_all()} entries sealed")
            case "key":
                self.stdout.write(seals.public_key())
            case _:
                self.verify()

    def verify(self) -> None:
        fault = next(verification.verify(), None)
        if fault:
            self.stderr.write(f"audit: {fault}")
            sys.exit(1)
        last = Seal.objects.order_by("-number").first()
        unsealed = Event.objects.filter(seal=None).count()
        self.stdout.write(
            f"audit: {last.total if last else 0} sealed entries unchanged, {unsealed} newest not sealed yet"
        )
