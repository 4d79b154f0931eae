from django.utils.translation import gettext_lazy as _

from portal import parts


class SigningConfig(parts.PartConfig):
    name = "signing"
    verbose_name = _("Ký số")
