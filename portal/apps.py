from functools import cache
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Nền tảng")


@cache
def found_in_each_app(name: str) -> list[Any]:
    """The modules of this name; asked for at run time, so that an app below need not know those above it."""
    return [
        import_module(f"{app.name}.{name}")
        for app in apps.get_app_configs()
        if app.module and module_has_submodule(app.module, name)
    ]
