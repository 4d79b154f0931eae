"""What is typed at a counter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.counter.steps.attesting import WORDS
from portal import writing


class FindForm(forms.Form):
    term = forms.CharField(
        label=_("Mã hồ sơ, số giấy tờ hoặc số điện thoại"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def clean_term(self) -> str:
        return writing.line(self.cleaned_data["term"])


class AttestForm(forms.Form):
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in WORDS.items():
            self.fields[name] = forms.BooleanField(label=words, required=False)

    @property
    def said(self) -> set[str]:
        return {name for name in WORDS if self.cleaned_data.get(name)}


class RecheckForm(forms.Form):
    words = forms.CharField(
        label=_("Nhân viên trả lời thế nào"),
        help_text=_("Hỏi nhân viên: khách đến lúc nào, giấy tờ gì, có ai đi cùng. Không ghi tên hay số của khách."),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
