"""Seed what the portal needs before its first visitor. Each app's part says what; running twice is no harm."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.parts import Part, parts


class Command(BaseCommand):
    help = "Roles, branches, plans, provinces and wards; with DEMO=1 the demo people."

    def handle(self, *args: Any, **options: Any) -> None:
        for part in parts(Part):
            part.seed()
