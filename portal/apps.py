from django.contrib.admin import apps
from django.utils.translation import gettext_lazy as _

from portal import parts


class PortalConfig(parts.PartConfig):
    name = "portal"
    verbose_name = _("Tài khoản và hệ thống")


class DeskConfig(apps.AdminConfig):
    """Django's admin, with our own first page."""

    default = False  # not the config of this app
    default_site = "portal.home.Site"
