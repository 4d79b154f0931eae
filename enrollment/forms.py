"""What customers type: shape is checked here, meaning in the steps."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment import consents, identity
from enrollment.identity import Declaration, Document, Sex
from enrollment.models import Province, Ward
from enrollment.orders.models import Plan
from portal import names, writing
from portal.forms import CodeField, NumberField, PasswordTwice, clean_email, clean_phone, new_password

DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d%m%Y", "%Y-%m-%d")
REQUIRED = {"required": _("Quý khách vui lòng nhập mục này.")}


class Text(forms.CharField):
    """One line as a person means it: one Unicode form, single spaces, no control characters."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = kwargs.pop("attrs", {})
        widget = forms.TextInput()
        widget.input_type, widget.attrs = attrs.pop("type", "text"), attrs
        super().__init__(widget=widget, error_messages=REQUIRED, **kwargs)

    def to_python(self, value: Any) -> str:
        return writing.line(str(super().to_python(value) or ""))


class Day(forms.DateField):
    """A date as it stands on the card, day first."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "inputmode": "numeric",
            "autocomplete": kwargs.pop("autocomplete", "off"),
            "data-day": "",
            "maxlength": "10",
        }
        wrong = _("Ngày chưa đúng. Quý khách nhập ngày/tháng/năm, ví dụ 28/03/2021.")
        super().__init__(
            widget=forms.DateInput(attrs=attrs, format="%d/%m/%Y"),
            input_formats=DATES,
            error_messages={**REQUIRED, "invalid": wrong},
            **kwargs,
        )

    def to_python(self, value: Any) -> date | None:
        return super().to_python(
            unicodedata.normalize("NFKC", value).replace(" ", "") if isinstance(value, str) else value
        )


class Choice(forms.ChoiceField):
    def __init__(self, choices: Any, **kwargs: Any) -> None:
        wrong = {"required": _("Quý khách vui lòng chọn một mục."), "invalid_choice": _("Quý khách vui lòng chọn lại.")}
        super().__init__(choices=choices, error_messages=wrong, **kwargs)


class Tick(forms.BooleanField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages={"required": _("Quý khách cần đánh dấu vào ô này để tiếp tục.")}, **kwargs)


class ConsentForm(forms.Form):
    """One box per purpose, none of them ticked before. `texts`: where some were agreed to elsewhere, the rest."""

    def __init__(self, *args: Any, texts: Iterable[consents.Text] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for text in consents.current(get_language() or "vi") if texts is None else texts:
            self.fields[text.purpose] = Tick(label=text.ask, required=text.required)

    @property
    def agreed(self) -> set[str]:
        return {purpose for purpose, given in self.cleaned_data.items() if given}


class PlanForm(forms.Form):
    plan = Choice([], label=_("Gói chứng thư số"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, plans: Iterable[Plan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plans = list(plans)
        self.fields["plan"].choices = [(plan.code, plan.title) for plan in self.plans]  # type: ignore[attr-defined]


def a_lasting(typed: str) -> str:
    email = clean_email(typed)
    if identity.is_disposable(email):
        raise ValidationError(
            _("Đây là hộp thư dùng tạm. Hợp đồng và hóa đơn được gửi tới email này, Quý khách hãy dùng email lâu dài.")
        )
    return email


class EmailForm(forms.Form):
    email = Text(
        label=_("Email"),
        max_length=254,
        attrs={"type": "email", "autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )

    def clean_email(self) -> str:
        return a_lasting(self.cleaned_data["email"])


class ContactForm(EmailForm):
    """Where codes go. `later`: what is not asked yet."""

    phone = Text(
        label=_("Số điện thoại"), max_length=20, attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
    )

    def __init__(self, *args: Any, later: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in later:  # guide 5's word for the one that is left
            del self.fields["email"]
            self.fields["phone"].label = _("Số điện thoại liên hệ")

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])


HOLDER = ["full_name", "document", "number", "nationality", "birth_date", "sex", "issued_on", "expires_on", "issued_by"]
CONTACT = ["email", "phone"]
ADDRESS = ["province", "ward", "address", "referral"]
GROUPS = (
    (_("Thông tin người sở hữu chứng thư số"), "", HOLDER),
    (
        _("Thông tin liên hệ sử dụng chứng thư số"),
        _("Vui lòng kiểm tra kỹ số điện thoại, email chính xác để nhận thông tin kích hoạt dịch vụ."),
        CONTACT,
    ),
    (
        _("Địa chỉ liên hệ"),
        _(
            "Sử dụng địa chỉ thường trú hoặc nơi làm việc để nhận hóa đơn và được hỗ trợ nhanh nhất. Địa chỉ này sẽ hiển thị "
            "trên chứng thư số."
        ),
        ADDRESS,
    ),
)


class DeclarationForm(ContactForm):
    full_name = Text(
        label=_("Họ tên"),
        help_text=_("Đúng như trên giấy tờ"),
        max_length=64,
        attrs={"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"},
    )
    document = Choice(Document.choices, label=_("Loại giấy tờ chứng thực"))
    number = Text(
        label=_("Số CCCD/CMND/Hộ chiếu"),
        max_length=40,
        attrs={
            "autocomplete": "off",
            "spellcheck": "false",
            "autocapitalize": "characters",
            "data-digits-but": "passport",
        },
    )
    nationality = Text(label=_("Quốc tịch"), max_length=60, attrs={"autocomplete": "country-name"})
    birth_date = Day(label=_("Ngày sinh"), help_text=_("Ngày/tháng/năm, ví dụ 05/01/1993"), autocomplete="bday")
    sex = Choice(Sex.choices, label=_("Giới tính"), widget=forms.RadioSelect)
    issued_on = Day(label=_("Ngày cấp"), help_text=_("Ngày/tháng/năm, ví dụ 28/03/2021"))
    issued_by = Text(
        label=_("Nơi cấp"),
        help_text=_("Đúng như trên giấy tờ, ví dụ: Cục CS QLHC về TTXH, Bộ Công an"),
        max_length=120,
        attrs={"list": "issuers", "autocomplete": "off"},
    )
    expires_on = Day(label=_("Ngày hết hạn"), help_text=_("Chỉ nhập với hộ chiếu"), required=False)
    province = Choice(
        [], label=_("Tỉnh/Thành phố"), widget=forms.Select(attrs={"data-typeahead": "", "data-wards": "id_ward"})
    )
    ward = Choice([], label=_("Phường/Xã"), widget=forms.Select(attrs={"data-typeahead": ""}))
    address = Text(
        label=_("Địa chỉ chi tiết"),
        help_text=_("Số nhà, đường, thôn, tổ"),
        max_length=150,
        attrs={"autocomplete": "street-address"},
    )
    referral = Text(
        label=_("Mã người giới thiệu"),
        required=False,
        max_length=30,
        attrs={"autocomplete": "off", "placeholder": _("Nhập Mã người giới thiệu")},
    )

    field_order = (*HOLDER, *CONTACT, *ADDRESS)

    def __init__(self, *args: Any, locked: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """`locked`: what somebody else has said, and nobody types over."""
        self.locked = locked or {}
        kwargs["initial"] = {**(kwargs.get("initial") or {}), **self.as_shown(self.locked)}
        super().__init__(*args, **kwargs)
        for name in self.locked:
            self.fields[name].disabled = True  # whatever is posted for it is not looked at
        if locked:  # of a card no end is declared
            del self.fields["expires_on"]
        if not settings.ACCEPT_CMND:
            self._choices("document", [choice for choice in Document.choices if choice[0] != Document.OLD_CARD])
        self.fields["document"].help_text = _("Chứng minh nhân dân đã hết giá trị sử dụng từ ngày 01/01/2025")
        # A card's number has digits alone; the page follows the choice.
        if self["document"].value() != Document.PASSPORT:
            self.fields["number"].widget.attrs["inputmode"] = "numeric"
        province = writing.line(str(self["province"].value() or ""))
        self._choices("province", [("", _("Chọn tỉnh/thành phố")), *Province.objects.values_list("code", "name")])
        wards = Ward.objects.filter(province=province).order_by("name").values_list("code", "name")
        self._choices("ward", [("", _("Chọn phường/xã")), *wards])

    def _choices(self, field: str, choices: Any) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean_full_name(self) -> str:
        return names.spelled(self.cleaned_data["full_name"])

    def clean_number(self) -> str:
        return writing.document_number(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for field, message in identity.faults(identity.Partly(cleaned), timezone.localdate()):
            if field not in self.errors:  # also of a form with gaps: whatever is wrong is said at once
                self.add_error(field, message)
        return cleaned

    def declaration(self) -> Declaration:
        given = {name: self.cleaned_data[name] for name in self.field_order if name in self.fields}
        return Declaration(**{"email": "", "expires_on": None, **given})

    @classmethod
    def typed(cls, posted: Any) -> dict[str, str]:
        """What a draft keeps: our own fields as typed, and not a library of them."""
        return {name: writing.line(str(posted[name]))[:300] for name in cls.field_order if name in posted}

    @classmethod
    def showing(cls, declaration: Declaration) -> dict[str, Any]:
        shown = cls.as_shown({name: getattr(declaration, name) for name in declaration.as_json()})
        return {**shown, "expires_on": shown["expires_on"] or ""}

    @staticmethod
    def as_shown(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: f"{value:%d/%m/%Y}" if isinstance(value, date) else value for name, value in fields.items()}


class CheckForm(forms.Form):
    """What is unusual needs a tick; without doubts there is nothing to tick."""

    def __init__(self, *args: Any, doubts: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, message in doubts:
            self.fields[code] = Tick(label=_("Tôi đã kiểm tra, thông tin đúng."), help_text=message)

    @property
    def is_known(self) -> bool:
        """At a counter: whoever stands there is a customer already."""
        return self.has_error(NON_FIELD_ERRORS, "known-customer")


class OldAddressForm(forms.Form):
    query = Text(
        label=_("Phường/xã, quận/huyện, tỉnh cũ"),
        help_text=_("Ví dụ: Đức Chánh, Mộ Đức, Quảng Ngãi. Không cần gõ dấu."),
        max_length=150,
        attrs={"autocomplete": "off", "type": "search"},
    )


class CardForm(forms.Form):
    """A photograph; or, where a reader is at hand, what it typed."""

    photo = forms.FileField(label=_("Ảnh mã QR trên thẻ"), required=False)
    text = forms.CharField(max_length=1000, required=False)


class PhoneCodeForm(forms.Form):
    code = CodeField(label=_("Mã xác nhận"), help_text=_("Gồm 6 chữ số, vừa được gửi qua SMS"), error_messages=REQUIRED)


class JoiningForm(forms.Form):
    code = CodeField(label=_("Mã hiện trên máy kia"), help_text=_("Gồm 6 chữ số"), error_messages=REQUIRED)


class ConfirmationForm(PhoneCodeForm):
    """Guide 5, step 14."""

    code = CodeField(label=_("Mã OTP"), help_text=_("Gồm 6 chữ số, vừa được gửi qua SMS"), error_messages=REQUIRED)


class ActivationForm(forms.Form):
    """Guide 1, step 4: the words are the guide's. The code first. `by_phone`: in guide 5's words, for whoever is known."""

    number = NumberField()
    code = CodeField(
        label=_("Mã kích hoạt"),
        help_text=_("Gồm 6 chữ số trong SMS hoặc email"),
        placeholder=_("Nhập mã kích hoạt"),
        error_messages=REQUIRED,
    )

    def __init__(self, *args: Any, by_phone: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by_phone:
            self.fields = {"number": self.fields["number"], "code": ConfirmationForm().fields["code"]}
            self.fields["number"].widget = forms.HiddenInput()


class PasswordForm(PasswordTwice):
    """The same step's other half, which a right code opens."""

    password1 = new_password(_("Mật khẩu"), placeholder=_("Nhập mật khẩu"))
    password2 = new_password(_("Xác nhận mật khẩu"), placeholder=_("Nhập xác nhận mật khẩu"))
    terms = Tick(label=_("Tôi đồng ý với điều khoản sử dụng dịch vụ"))

    def __init__(self, *args: Any, later: Collection[str] = (), **kwargs: Any) -> None:
        """`later`: what the declaration left open is asked first."""
        super().__init__(*args, **kwargs)
        if "email" in later:
            self.fields = {"email": EmailForm().fields["email"], **self.fields}

    def clean_email(self) -> str:
        return a_lasting(self.cleaned_data["email"])


class ReferenceForm(forms.Form):
    reference = Text(
        label=_("Mã hồ sơ"),
        help_text=_("Gồm 8 chữ cái và chữ số, có trên trang đăng ký và trong tin nhắn"),
        max_length=20,
        attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )

    def clean_reference(self) -> str:
        reference = re.sub(r"[^A-Z0-9]", "", writing.document_number(self.cleaned_data["reference"]))
        if len(reference) != 8:
            raise ValidationError(_("Mã hồ sơ gồm 8 chữ cái và chữ số. Quý khách vui lòng xem lại."))
        return reference
