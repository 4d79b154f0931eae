"""What people type: shape is checked here, meaning in accounts/."""

from contextlib import suppress
from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.utils.translation import gettext_lazy as _

from portal import audit, looks, names, writing
from portal.accounts.roles import ROLES
from portal.accounts.second_factor import check_second_factor
from portal.accounts.signing_in import AccountAdapter, is_password_of, network_of
from portal.accounts.work import Task, task_for
from portal.models import Branch, User


class NumberField(forms.CharField):
    """An ID number, however typed: CCCD, CMND, passport, tax code."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "autocomplete": "username",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "placeholder": _("Nhập số CMND/CCCD/HC/Mã số thuế"),
        }
        super().__init__(
            label=_("Số định danh"),
            help_text=_("Tên đăng nhập: số CCCD/CMND/Hộ chiếu"),
            max_length=40,
            widget=forms.TextInput(attrs=attrs),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        return writing.document_number(super().clean(value))


class SignInForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = NumberField()
        self.fields["password"].label = _("Mật khẩu")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.order_fields(["login", "password"])

    @property
    def work(self) -> Task | None:
        """What the page's browser does while the person types, where the network had many wrong tries."""
        with suppress(OperationalError):  # the form itself needs no database
            return task_for(network_of(audit.actor.get().place))
        return None

    def clean_login(self) -> str:
        return User.username_for(self.cleaned_data["login"])


class ConfirmPasswordForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Mật khẩu")
        self.fields["password"].widget.attrs.pop("placeholder", None)


def new_password(label: Any, placeholder: Any = "") -> forms.CharField:
    attrs = {"autocomplete": "new-password", **({"placeholder": placeholder} if placeholder else {})}
    widget = forms.PasswordInput(attrs=attrs)
    return forms.CharField(label=label, widget=widget, strip=False, max_length=128)


class ChangePasswordForm(account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        old = self.fields["oldpassword"]
        old.label, old.help_text = _("Mật khẩu hiện tại"), ""
        old.widget.attrs.pop("placeholder", None)
        self.fields["password1"] = new_password(_("Mật khẩu mới"))
        self.fields["password2"] = new_password(_("Nhập lại mật khẩu mới"))

    def clean_oldpassword(self) -> str:
        assert isinstance(self.user, User)
        if not is_password_of(self.user, self.cleaned_data["oldpassword"]):
            raise ValidationError(AccountAdapter.error_messages["enter_current_password"])
        return str(self.cleaned_data["oldpassword"])

    def clean_password1(self) -> str:
        assert isinstance(self.user, User)
        validate_password(self.cleaned_data["password1"], self.user)
        return str(self.cleaned_data["password1"])

    def clean(self) -> None:
        same_twice(self, "password1", "password2")


def same_twice(form: forms.Form, first: str, second: str) -> None:
    given = form.cleaned_data.get(first), form.cleaned_data.get(second)
    if all(given) and given[0] != given[1]:
        form.add_error(second, _("Hai lần nhập mật khẩu chưa giống nhau."))


class CodeField(forms.CharField):
    """Digits from a message, however typed."""

    def __init__(self, placeholder: Any = "", **kwargs: Any) -> None:
        attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
        attrs |= {"placeholder": placeholder} if placeholder else {}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        return writing.document_number(super().clean(value))


class NumberForm(forms.Form):
    number = NumberField()


class PasswordTwice(forms.Form):
    """For somebody not signed in: what a stranger types must not be measured against somebody's name and number."""

    def clean_password1(self) -> str:
        validate_password(self.cleaned_data["password1"])
        return str(self.cleaned_data["password1"])

    def clean(self) -> None:
        same_twice(self, "password1", "password2")


class NewPasswordForm(PasswordTwice):
    code = CodeField(label=_("Mã xác nhận"), help_text=_("Gồm 6 chữ số, vừa được gửi qua SMS và email"))
    password1 = new_password(_("Mật khẩu mới"))
    password2 = new_password(_("Nhập lại mật khẩu mới"))

    def __init__(self, *args: Any, code_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not code_needed:
            del self.fields["code"]


# ── Second factor ──


def code_field(form: forms.BaseForm) -> None:
    """Any of the three code forms: our words, the phone's number pad."""
    field = form.fields["code"]
    field.label = _("Mã xác thực")
    field.widget.attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


class SecondFactorForm(mfa_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code_field(self)
        self.fields["code"].help_text = _("6 chữ số trong ứng dụng xác thực, hoặc một mã dự phòng")

    def clean_code(self) -> str:
        return check_second_factor(self.user, super().clean_code)


class ConfirmSecondFactorForm(SecondFactorForm, mfa_forms.ReauthenticateForm):
    """The same question to somebody already signed in."""

    save = mfa_forms.ReauthenticateForm.save


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code_field(self)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
        self.fields["code"].help_text = _("6 chữ số mà ứng dụng đang hiện")


# ── Who it is, and where codes go ──


def clean_name(typed: str) -> str:
    name = names.spelled(typed)
    if wrong := names.fault(name):
        raise ValidationError(wrong)
    return name


def clean_phone(typed: str) -> str:
    phone = writing.mobile(typed)
    if not phone:
        raise ValidationError(_("Số điện thoại di động Việt Nam gồm 10 chữ số, ví dụ 0912345678."))
    return phone


def clean_email(typed: str) -> str:
    email = writing.email(typed)
    if not email:
        raise ValidationError(_("Email chưa đúng dạng, ví dụ ten@example.vn."))
    return email


# ── Staff: what a second person confirms ──


class ReasonField(forms.CharField):
    """Why, in words that the second person reads; the record names no one."""

    def __init__(self, **kwargs: Any) -> None:
        note = _("Ít nhất ba từ, không ghi số giấy tờ, số điện thoại hay email")
        super().__init__(label=_("Lý do"), help_text=note, max_length=200, **kwargs)

    def clean(self, value: Any) -> str:
        reason = writing.line(super().clean(value))
        if not looks.says_something(reason):
            raise ValidationError(
                _("Cần viết rõ lý do trong ít nhất ba từ, không ghi số giấy tờ, số điện thoại hay email.")
            )
        return reason


# ── Staff: accounts, opened and changed ──


def phone_field(**more: Any) -> forms.CharField:
    return forms.CharField(label=more.pop("label", _("Số điện thoại")), max_length=20, **more)


def email_field(**more: Any) -> forms.CharField:
    return forms.CharField(label=more.pop("label", _("Email")), max_length=254, **more)


class AccountForm(forms.ModelForm[User]):
    """In the admin: who they are and what they may do. The password is theirs alone to set."""

    full_name = forms.CharField(label=_("Họ tên"), max_length=100)
    roles = forms.MultipleChoiceField(
        label=_("Vai trò"),
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [(name, role.label) for name, role in ROLES.items()],
    )
    branch = forms.ModelChoiceField(Branch.objects, label=_("Đơn vị"), required=False)
    further_branches = forms.ModelMultipleChoiceField(
        Branch.objects, label=_("Cũng làm ở"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = ReasonField()

    class Meta:
        model = User
        fields = ("full_name", "language", "branch")

    def clean_full_name(self) -> str:
        return clean_name(self.cleaned_data["full_name"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if any(ROLES[role].staff for role in cleaned.get("roles", [])) and not cleaned.get("branch"):
            self.add_error("branch", _("Nhân viên phải thuộc một đơn vị."))
        return cleaned

    def values(self, *names: str) -> dict[str, Any]:
        """As they are proposed to a second person."""
        typed = {name: self.cleaned_data[name] for name in names}
        branch = self.cleaned_data.get("branch")
        if branch and "branch" in typed:
            typed["branch"] = branch.pk
        if "further_branches" in typed:
            further = {place.pk for place in typed["further_branches"]}
            typed["further_branches"] = sorted(further - {branch.pk if branch else None})
        return typed | ({"roles": sorted(typed["roles"])} if "roles" in typed else {})


class OpenAccountForm(AccountForm):
    id_number = NumberField()
    phone, email = phone_field(), email_field()

    def clean_id_number(self) -> str:
        number: str = self.cleaned_data["id_number"]
        if not writing.is_document_number(number):
            raise ValidationError(_("Số giấy tờ gồm 9 hoặc 12 chữ số, hoặc là số hộ chiếu như C1234567."))
        if User.objects.with_number(number):
            raise ValidationError(_("Đã có tài khoản với số giấy tờ này."))
        return number

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])

    def clean_email(self) -> str:
        return clean_email(self.cleaned_data["email"])


class ChangeAccountForm(AccountForm):
    """What there is of phone and mailbox stands masked beside it; a new one is typed whole."""

    new_phone = phone_field(label=_("Số điện thoại mới"), required=False)
    new_email = email_field(label=_("Email mới"), required=False)
    is_active = forms.BooleanField(label=_("Đang hoạt động"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & {"full_name", "language", "roles", "branch", "further_branches", "is_active"}:
            # What changed is told by what this person saw, not by a row changed since.
            self.fields[name].show_hidden_initial = True
        user = self.instance
        self.initial.update(roles=user.held, is_active=user.is_active, further_branches=user.further)

    def clean_new_phone(self) -> str:
        return clean_phone(self.cleaned_data["new_phone"]) if self.cleaned_data["new_phone"] else ""

    def clean_new_email(self) -> str:
        return clean_email(self.cleaned_data["new_email"]) if self.cleaned_data["new_email"] else ""

    def changed(self) -> dict[str, Any]:
        shown = {"full_name", "language", "roles", "branch", "further_branches", "is_active"}
        contact = {name: self.cleaned_data[f"new_{name}"] for name in ("phone", "email")}
        changed = self.values(*(name for name in self.changed_data if name in shown))
        return changed | {name: value for name, value in contact.items() if value}

    def whole(self) -> dict[str, Any]:
        """For staff whose roles nobody confirmed: all that gives power, for the second person to see."""
        stands = User.objects.get(pk=self.instance.pk)
        typed = self.values("full_name", "language", "roles", "branch", "further_branches", "is_active")
        return {"phone": stands.phone, "email": stands.email, **typed, **self.changed()}
