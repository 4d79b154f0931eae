from django.utils.translation import gettext_lazy as _

from portal import parts


class KycConfig(parts.PartConfig):
    name = "kyc"
    verbose_name = _("Thẩm định")
