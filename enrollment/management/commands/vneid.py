"""The simulator of VNeID as a process of its own; `up` starts it where no real one is named."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from enrollment.standins.vneid import pages


class Command(BaseCommand):
    help = "Play VNeID on this machine, with citizens who do not exist (EMBEDDED=1 only)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_VNEID:
            raise CommandError("A real VNeID is named, or none: there is no simulator beside it.")
        pages.serve(settings.BIND, settings.VNEID_PORT)
