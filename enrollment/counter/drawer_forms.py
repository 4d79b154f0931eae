"""What is typed about cash: amounts, notes counted, why."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models.cash import DENOMINATIONS
from portal import sheets, writing
from portal.forms import ReasonField
from portal.models import Branch


class AmountField(forms.CharField):
    """Dong, however typed: 500000, 500.000, 500 000 đ."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "class": "figures"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        digits = re.sub(r"[\s.,]|đ$", "", writing.ascii_digits(str(super().clean(value))).strip().lower())
        if not re.fullmatch(r"[0-9]{1,12}", digits):
            raise ValidationError(_("Nhập số tiền bằng chữ số, ví dụ 500.000."))
        return int(digits)


class OpenForm(forms.Form):
    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Quầy"), empty_label=None)
    amount = AmountField(
        label=_("Tiền đầu ngày (đồng)"), help_text=_("Đếm tiền trong ngăn trước khi nhập. Không có thì nhập 0.")
    )

    def __init__(self, *args: Any, branches: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["branch"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = branches
        if len(branches) == 1:
            choice.widget = choice.hidden_widget()
            choice.initial = branches[0]


class CountForm(forms.Form):
    """How many of each note; nothing is said of how much it must come to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for denomination in DENOMINATIONS:
            attrs = {"inputmode": "numeric", "autocomplete": "off", "class": "box figures", "placeholder": "0"}
            self.fields[f"of_{denomination}"] = forms.IntegerField(
                label=writing.money(denomination, get_language() or "vi"),
                min_value=0,
                max_value=100_000,
                required=False,
                widget=forms.TextInput(attrs),
            )

    @property
    def notes(self) -> dict[int, int]:
        return {each: self.cleaned_data[f"of_{each}"] or 0 for each in DENOMINATIONS}


class ExplainForm(forms.Form):
    words = forms.CharField(
        label=_("Giải trình chênh lệch"),
        help_text=_("Ít nhất ba từ. Không ghi tên hay số của khách."),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
    )


class TenderForm(forms.Form):
    tendered = AmountField(label=_("Khách đưa (đồng)"))


class GiveBackForm(forms.Form):
    refund = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField()


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class ExportForm(forms.Form):
    since, until = day_field(_("Từ ngày")), day_field(_("Đến ngày"))
    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Đơn vị"), required=False)
    kind = forms.ChoiceField(label=_("Loại tệp"), choices=((sheets.XLSX, "XLSX"), (sheets.CSV, "CSV")))

    def __init__(self, *args: Any, branches: Any, **kwargs: Any) -> None:
        today = timezone.localdate()
        super().__init__(*args, **kwargs)
        self.initial = {"since": today - timedelta(days=today.day - 1), "until": today}
        choice = self.fields["branch"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset, choice.empty_label = branches, _("Mọi đơn vị của tôi")
