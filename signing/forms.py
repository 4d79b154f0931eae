"""What customers type and send while they sign."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms import CodeField
from signing.steps.contract import AGREED

MOST_STROKES = 200_000  # letters of a drawn signature as JSON
MOST_FILE = 15_000_000


class AgreementForm(forms.Form):
    """Guide 1's two boxes; neither is ticked before."""

    content = forms.BooleanField(
        label=AGREED[0], error_messages={"required": _("Quý khách cần đồng ý để ký hợp đồng.")}
    )
    acts = forms.BooleanField(label=AGREED[1], error_messages={"required": _("Quý khách cần đồng ý để ký hợp đồng.")})


class DrawingForm(forms.Form):
    strokes = forms.CharField(required=False, max_length=MOST_STROKES, widget=forms.HiddenInput())

    def clean_strokes(self) -> Any:
        try:
            return json.loads(self.cleaned_data["strokes"] or "[]")
        except (ValueError, RecursionError):
            return None

    def clean(self) -> None:
        if self.cleaned_data.get("strokes") == []:
            raise forms.ValidationError(_("Quý khách chưa vẽ chữ ký."))


class TypingForm(forms.Form):
    typed = forms.CharField(
        max_length=64,
        label=_("Họ tên của Quý khách"),
        help_text=_("Dành cho người không vẽ được: gõ họ tên đúng như đã khai, dùng thay cho chữ ký."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )


class ContractCodeForm(forms.Form):
    code = CodeField(
        label=_("Mã xác nhận trong SMS"), error_messages={"required": _("Quý khách chưa nhập mã trong SMS.")}
    )


class EnvelopeForm(forms.Form):
    envelope = forms.CharField(max_length=12_000)


class CheckForm(forms.Form):
    """A PDF of anybody's, to be looked at and forgotten."""

    file = forms.FileField(
        label=_("Tệp PDF đã ký"),
        help_text=_("Kéo tệp thả vào khung, hoặc bấm để chọn."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={"required": _("Quý khách chưa chọn tệp."), "empty": _("Tệp này rỗng.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_FILE:
            raise forms.ValidationError(_("Tệp lớn hơn 15 MB. Quý khách hãy chọn tệp nhỏ hơn."))
        return file
