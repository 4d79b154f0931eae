"""The ceremony: root and issuing authority. Run with SIGNER=1 where the root's folder is mounted; then put it away."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from signing.authority import ceremony
from signing.authority.models import Authority


class Command(BaseCommand):
    help = "Make the root if there is none, and a new issuing authority that takes over from the one before."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SIGNER:
            raise CommandError("Only with SIGNER=1: the vault must be at hand.")
        if not ceremony.was_held():
            ceremony.hold()
        else:
            root = Authority.now(Authority.Role.ROOT)
            if not ceremony.root_file(root, settings.ROOT_FOLDER).exists():
                raise CommandError(f"The root's key is not in {settings.ROOT_FOLDER}: bring it for the ceremony.")
            ceremony.turn_issuing(root, settings.ROOT_FOLDER)
        for authority in Authority.objects.filter(live=True).exclude(certificate=None).order_by("pk"):
            self.stdout.write(
                f"{authority.role:12} {authority.name}  until {authority.not_after:%d/%m/%Y}  {authority.fingerprint}"
            )
        self.stdout.write(f"Now take {settings.ROOT_FOLDER} away: nothing needs it until the next ceremony.")
