"""The signer: the only process that reaches keys. `up` starts it beside the others with SIGNER=1."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from portal.celery import app
from signing.authority import ceremony


class Command(BaseCommand):
    help = "Hold the keys and sign, on a queue of its own."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4)

    def handle(self, *args: Any, threads: int, **options: Any) -> None:
        if not settings.SIGNER:
            raise CommandError("Only with SIGNER=1, and that belongs to this process alone.")
        if settings.EMBEDDED:
            ceremony.hold()
        elif not ceremony.was_held():
            raise CommandError(
                "There are no keys yet: hold the ceremony first (manage.py ceremony, see docs/operating.md)."
            )
        connections.close_all()
        named = ("-Q", "signer", "-n", "signer@%h", "--pool", "threads", "-c", str(threads))
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        app.worker_main(["--quiet", "--skip-checks", "worker", *named, *quiet])
