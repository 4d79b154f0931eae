"""Bring database, seeds and static files to this version. Once per release; `up` does it on one machine."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal import grants


def migrations_wait() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def gather_static() -> None:
    """When a file changed since: to press all of them small takes longer than everything else in a start."""
    unused = ["rest_framework"]  # its pages to browse an API are switched off
    files = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(unused):
            file = Path(storage.path(name)).stat()
            files.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    gathered = settings.STATIC_ROOT / "gathered"
    if not gathered.exists() or gathered.read_text() != files.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=unused)
        gathered.write_text(files.hexdigest())


class Command(BaseCommand):
    help = "Migrate, make the cache table, seed what it needs, grant each process its rights, collect static files."

    def handle(self, *args: Any, **options: Any) -> None:
        if migrations_wait():
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
        call_command("seed")
        if not grants.grant_all():
            self.stderr.write(
                "portal: the database's roles are not there, and this user may not make them (docs/operating.md): whatever "
                "connects has every right."
            )
        gather_static()
