from django.utils.translation import gettext_lazy as _

from portal import parts


class AuthorityConfig(parts.PartConfig):
    name = "signing.authority"
    label = "authority"
    verbose_name = _("Tổ chức chứng thực")
