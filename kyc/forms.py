"""What the pages here ask for: shape alone; what it means is the steps' business."""

from typing import Any

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.utils.translation import gettext_lazy as _

from enrollment import corrections
from enrollment.models import Application
from kyc.models import Check, Evidence, Policy
from kyc.steps import flags, policing
from kyc.steps.review import law
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import VERBS
from portal import writing
from portal.forms import CodeField
from portal.models import User


class PhotoForm(forms.Form):
    photo = forms.FileField(label=_("Ảnh"), max_length=None)


class PieceForm(forms.Form):
    """What comes beside a piece, in the address: numbers and names of ours."""

    of = forms.IntegerField(min_value=1, max_value=20_000_000)
    at = forms.IntegerField(min_value=0, max_value=20_000_000, required=False)
    way = forms.ChoiceField(choices=Evidence.Way.choices)
    insist = forms.BooleanField(required=False)
    challenge = forms.UUIDField(required=False)


class PairForm(forms.Form):
    code = CodeField(label=_("Mã đang hiện trên điện thoại"), help_text=_("Gồm 6 chữ số"))


class PromiseForm(forms.Form):
    challenge = forms.UUIDField()
    digest = forms.RegexField(r"^[0-9a-f]{64}\Z")


class ObjectionForm(forms.Form):
    words = forms.CharField(
        label=_("Vì sao Quý khách không đồng ý?"),
        min_length=10,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Không cần ghi lại số giấy tờ. Một người khác sẽ xem lại hồ sơ."),
    )


class AnswerForm(forms.Form):
    words = forms.CharField(
        label=_("Câu trả lời của Quý khách"),
        min_length=2,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Không cần ghi số giấy tờ, mật khẩu hay mã PIN."),
    )


# ── Staff ──


class ActForm(forms.Form):
    """One decision: what, of which file as it was shown, and what belongs to it."""

    verb = forms.ChoiceField(choices=[(verb, verb) for verb in VERBS])
    turns = forms.IntegerField(min_value=0)
    file_hash = forms.RegexField(r"^[0-9a-f]{64}\Z", required=False)
    reason = forms.CharField(max_length=20, required=False)
    until = forms.DateField(required=False, input_formats=["%d/%m/%Y", "%Y-%m-%d"])
    note = forms.CharField(max_length=1000, required=False)
    words = forms.CharField(max_length=1000, required=False)
    to = forms.ModelChoiceField(User.objects.filter(is_active=True, is_staff=True), required=False)

    def choice(self) -> Choice:
        chosen: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ("turns", "file_hash", "reason", "until", "to")
        }
        said: dict[str, Any] = {name: writing.line(self.cleaned_data[name]) for name in ("note", "words")}
        return Choice(**chosen, items=self.items(self.data), answers=self.answers(self.data), **said)

    @staticmethod
    def items(posted: Any) -> dict[str, str]:
        """Each item with the reason chosen for it; what fits no table is left out and refused by the step."""
        chosen = {item: posted.get(f"item-{item}", "") for item in corrections.NAMES}
        return {item: why for item, why in chosen.items() if corrections.fits(item, why)}

    @staticmethod
    def answers(posted: Any) -> dict[str, str]:
        """What was written to each flag."""
        written = {name: writing.line(posted.get(f"flag-{name}", ""))[:300] for name in flags.NAMES}
        return {name: words for name, words in written.items() if words}


def item_choices(application: Application) -> list[tuple[str, Any, list[tuple[str, Any]]]]:
    """What may be sent back of this application, and why."""
    return [(item, corrections.NAMES[item], corrections.reasons_for(item)) for item in law.may_send_back(application)]


class PolicyForm(forms.ModelForm[Policy]):
    checks = forms.MultipleChoiceField(
        label=_("Kiểm tra phải đạt"),
        choices=list(Check.NAMES.items()),  # those that a file has nothing to show for are not asked of it
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Luôn bắt buộc: giấy tờ thật, người thật, khuôn mặt khớp, khai báo khớp, cùng thẻ, còn hạn, ảnh chưa dùng. "
            "Với hồ sơ từ VNeID, thay cho kiểm tra ảnh giấy tờ: VNeID đã so khuôn mặt và thấy khớp."
        ),
    )  # fmt: skip

    class Meta:
        model = Policy
        fields = ("name", "plan", "channel", "machine_appraises", "checks", "spares_face", "sampled")

    def clean_checks(self) -> list[str]:
        return sorted({*self.cleaned_data["checks"], *policing.ALWAYS})

    def clean_sampled(self) -> int:
        sampled: int = self.cleaned_data["sampled"]
        if sampled > 100:
            raise forms.ValidationError(_("Tỷ lệ từ 0 đến 100."))
        return sampled


class WithWhy(ActionForm):
    """Beside the choice of what to do with the chosen policies."""

    why = forms.CharField(label=_("Lý do"), max_length=200, required=False)
