"""The ceremony: root and issuing authority. Run with SIGNER=1 where the root's folder is mounted; then put it away."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from signing.models import Authority
from signing.steps import founding


class Command(BaseCommand):
    help = "Make the root if there is none, and a new issuing authority that takes over from the one before."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SIGNER:
            raise CommandError("Only with SIGNER=1: the vault must be at hand.")
        if not founding.is_founded():
            founding.found()
        else:
            root = Authority.now(Authority.Role.ROOT)
            if not founding.root_file(root, settings.ROOT_FOLDER).exists():
                raise CommandError(f"The root's key is not in {settings.ROOT_FOLDER}: bring it for the ceremony.")
            founding.turn_issuing(root, settings.ROOT_FOLDER)
        for one in Authority.objects.filter(live=True).exclude(certificate=None).order_by("pk"):
            self.stdout.write(f"{one.role:12} {one.name}  until {one.not_after:%d/%m/%Y}  {founding.fingerprint(one)}")
        self.stdout.write(f"Now take {settings.ROOT_FOLDER} away: nothing needs it until the next ceremony.")
