from django.utils.translation import gettext_lazy as _

from portal import parts


class EnrollmentConfig(parts.PartConfig):
    name = "enrollment"
    verbose_name = _("Đăng ký")
