from django.utils.translation import gettext_lazy as _

from portal import parts


class CounterConfig(parts.PartConfig):
    name = "enrollment.counter"
    label = "counter"
    verbose_name = _("Quầy")
