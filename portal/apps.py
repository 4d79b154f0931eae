from django.utils.translation import gettext_lazy as _

from portal import parts


class PortalConfig(parts.PartConfig):
    name = "portal"
    verbose_name = _("Nền tảng")
