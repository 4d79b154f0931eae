"""The ceremony: root and issuing authority. Run with SIGNER=1 where the root's folder is mounted; then put it away."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from signing.authority import ceremony
from signing.authority.models import Authority


class Command(BaseCommand):
    help = "Make what is missing: root, issuing authority and what stands under them. Asked again, it goes on or rests."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after", metavar="SERIAL", help="the issuing authority from which a new one takes over")
        parser.add_argument("--list", action="store_true", help="a new revocation list of the root's")

    def handle(self, *args: Any, after: str | None, **options: Any) -> None:
        if not settings.SIGNER:
            raise CommandError("Only with SIGNER=1: the vault must be at hand.")
        try:
            ceremony.hold()
            if after:
                ceremony.take_over(after.lower())
            if options["list"]:
                ceremony.root_list(Authority.now(Authority.Role.ROOT))
        except ceremony.Absent as absent:
            raise CommandError(str(absent)) from absent
        self.show()

    def show(self) -> None:
        for authority in Authority.objects.filter(live=True).exclude(certificate=None).order_by("pk"):
            self.stdout.write(
                f"{authority.role:12} {authority.name}  until {authority.not_after:%d/%m/%Y}  {authority.fingerprint}"
            )
        serial = Authority.now(Authority.Role.ISSUING).serial
        self.stdout.write(f"Another issuing authority takes over by: manage.py ceremony --after {serial}")
        self.stdout.write(f"Now take {settings.ROOT_FOLDER} away: nothing needs it until the next ceremony.")
