from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Nền tảng")


def found_in_each_app(name: str) -> Iterator[Any]:
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, name):
            yield import_module(f"{app.name}.{name}")
