"""Bring database, seeds and static files to this version. Once per release; `up` does it on one machine."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrations_wait() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


class Command(BaseCommand):
    help = "Migrate, make the cache table, plant the seeds, collect static files."

    def handle(self, *args: Any, **options: Any) -> None:
        if migrations_wait():
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
        call_command("seed")
        call_command("collectstatic", verbosity=0, interactive=False)
