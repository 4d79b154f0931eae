"""Plant what the portal needs before its first visitor. Every app has a `seeds` module or none; running twice is no harm."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule


def found_in_each_app(name: str) -> Iterator[Any]:
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, name):
            yield import_module(f"{app.name}.{name}")


class Command(BaseCommand):
    help = "Roles, branches, plans, provinces and wards; with DEMO=1 the demo people."

    def handle(self, *args: Any, **options: Any) -> None:
        for seeds in found_in_each_app("seeds"):
            seeds.plant()
