"""What a customer may buy and where they may live; applications come with the journey."""

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Plan(models.Model):
    """A plan as it is offered from one day to another."""

    class Kind(models.TextChoices):
        PER_SIGNING = "per-signing", _("Chứng thư số theo lượt ký")
        UNLIMITED = "unlimited", _("Chứng thư số không giới hạn lượt ký")

    code = models.SlugField(_("Mã gói"), unique=True)
    name = models.CharField(_("Tên gói"), max_length=100)
    name_en = models.CharField(_("Tên gói (tiếng Anh)"), max_length=100)
    kind = models.CharField(_("Loại"), max_length=12, choices=Kind)
    months = models.PositiveSmallIntegerField(_("Số tháng"))
    signings = models.PositiveIntegerField(_("Số lượt ký kèm theo"), default=0)
    price = models.PositiveIntegerField(_("Giá đã gồm VAT (đồng)"))
    use = models.CharField(_("Dùng để"), max_length=200)
    use_en = models.CharField(_("Dùng để (tiếng Anh)"), max_length=200)
    sold_from = models.DateField(_("Bán từ ngày"))
    sold_until = models.DateField(_("Bán đến ngày"), null=True, blank=True)
    rank = models.PositiveSmallIntegerField(_("Thứ tự"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("gói cước"), pgettext_lazy("nhiều", "gói cước")
        ordering = ("rank", "code")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def on_sale(cls) -> "QuerySet[Plan]":
        today = timezone.localdate()
        return cls.objects.filter(sold_from__lte=today).filter(Q(sold_until=None) | Q(sold_until__gte=today))


class Province(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class Ward(models.Model):
    code = models.CharField(max_length=5, primary_key=True)
    name = models.CharField(max_length=60)
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="wards")

    def __str__(self) -> str:
        return f"{self.name}, {self.province}"
