"""The desk: queues, one screen per file, pictures under the viewer's name, blind second looks, policies, figures."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.parts import all_parts
from kyc import board, desk, forms, queue, sifting, watermark
from kyc.models import Case, Evidence, Policy
from kyc.steps import facing, looking, policing, sampling
from kyc.steps.review import deciding, queues, turns
from kyc.steps.review.verbs import VERBS
from portal import audit, changes, sealing, writing
from portal.accounts.opening import known_by
from portal.admin import Desk, ReadOnly, SealedSearch
from portal.models import User
from portal.pages import opened_up
from portal.refusals import Refusal


def who(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def unless_erased(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except sealing.Erased as gone:
        raise Http404 from gone


@admin.register(Case)
class CaseAdmin(ReadOnly, SealedSearch):
    searched = "applications searched"

    def get_urls(self) -> list[URLPattern]:
        def own(address: str, view: Any, name: str, *, writes: bool = False) -> URLPattern:
            at: URLPattern = path(
                address, self.admin_site.admin_view(require_POST(view) if writes else view), name=name
            )
            return at

        return [
            own("next/", self.take_next, "case_next", writes=True),
            own("live/", self.live, "case_live"),
            own("filter/", self.keep_filter, "case_filter", writes=True),
            own("board/", self.board, "case_board"),
            own("face-again/", self.face_again, "case_face_again"),
            own("sample/<int:pk>/", self.sample, "case_sample"),
            own("picture/<int:pk>/", self.picture, "case_picture"),
            own("<int:pk>/open/", self.open_up, "case_open", writes=True),
            own("<int:pk>/live/", self.how_it_stands, "case_stands"),
            own("<int:pk>/act/", self.act, "case_act", writes=True),
            own("<int:pk>/sheet/<slug:name>/", self.sheet, "case_sheet"),
            own("<int:pk>/beside/<int:picture>/", self.beside, "case_beside"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, template: str, title: Any, **known: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return render(request, f"admin/kyc/{template}.html", {**frame, **known})

    def known_by(self, term: str) -> Q:
        person = known_by(term, "person_index")
        applications = Application.objects.filter(Q(reference=writing.document_number(term)) | person)
        return Q(application__in=applications.values("pk"))

    # ── Queues ──

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return super().changelist_view(request, extra_context)
        user = who(request)
        rows, _distinct = self.get_search_results(request, Case.objects.all(), request.GET.get("q", ""))
        return self.page(
            request, "queue", _("Bàn thẩm định"), **queue.page(user, request.GET, rows),
            undo=desk.undo_of(user),
            search_help_text=_("Mã hồ sơ, số giấy tờ đầy đủ, số điện thoại hoặc email chính xác"),
            may_help=bool({"agent", "lead", queues.SUPERVISOR} & set(user.roles)),
            sample=sampling.waiting_for(user).first() if queues.REVIEWER in user.roles else None,
        )  # fmt: skip

    def keep_filter(self, request: HttpRequest) -> HttpResponse:
        """One's own, by name; or away with it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user, tab = who(request), request.POST.get("tab", "")
        try:
            if request.POST.get("remove", "").isdecimal():
                sifting.remove(user, int(request.POST["remove"][:18]))
            else:
                sifting.save(user, request.POST.get("name", ""), request.POST)
        except Refusal as no:
            self.message_user(request, no.message, messages.ERROR)
        sifted = sifting.page(user, request.POST)["choice"]
        return redirect(f"{reverse('admin:kyc_case_changelist')}?{urlencode({'tab': tab, **sifted})}")

    def live(self, request: HttpRequest) -> HttpResponse:
        """The numbers of the tabs, for a page that stays open."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = who(request)
        return JsonResponse(queue.counts(user, sifting.rows(sifting.page(user, request.GET)["choice"])))

    def how_it_stands(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For a file that stays open: that something happened to it, and nothing of what is in it."""
        case = self.case_of(request, pk)
        return JsonResponse({"turns": case.turns, "said": turns.happened(case)})

    def take_next(self, request: HttpRequest) -> HttpResponse:
        self.check_works(request)
        case = deciding.next_for(who(request))
        if case is None:
            self.message_user(request, _("Không còn hồ sơ nào chờ trong hàng đợi của bạn."), messages.INFO)
            return redirect("admin:kyc_case_changelist")
        return redirect("admin:kyc_case_change", case.pk)

    def check_works(self, request: HttpRequest) -> None:
        if not request.user.has_perm("kyc.change_case"):
            raise PermissionDenied

    # ── One file ──

    def case_of(self, request: HttpRequest, pk: Any) -> Case:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Case.objects.select_related(
            "holder",
            "application",
            "application__data_key",
            "application__plan",
            "application__branch",
            "application__user",
        )
        return get_object_or_404(rows, pk=pk if str(pk).isdecimal() and len(str(pk)) < 19 else 0)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.file(request, self.case_of(request, object_id))

    def file(self, request: HttpRequest, case: Case, written: Mapping[str, str] | None = None) -> HttpResponse:
        user, title = who(request), case.application.reference
        return self.page(request, "file", title, **desk.file_page(case, user, written), undo=desk.undo_of(user))

    def open_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A supervisor looks at a file that another holds, or nobody, and says why."""
        case = self.case_of(request, pk)
        if not looking.may_open(case, who(request)):
            raise PermissionDenied
        return opened_up(request, case.application, redirect("admin:kyc_case_change", case.pk))

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A decision; afterwards the next file opens by itself."""
        self.check_works(request)
        case, user, form = self.case_of(request, pk), who(request), forms.ActForm(request.POST)
        if not form.is_valid():
            raise Refusal("incomplete", _("Quyết định chưa đủ thông tin. Hãy tải lại trang và chọn lại."), status=422)
        verb = VERBS[form.cleaned_data["verb"]]
        try:
            deciding.decide(case, verb.name, user, form.choice())
        except Refusal as no:
            self.message_user(request, no.message, messages.ERROR)
            if no.code == "unanswered":  # what was written already stays
                return self.file(request, self.case_of(request, pk), forms.ActForm.answers(request.POST))
            return redirect("admin:kyc_case_change", case.pk)
        if verb.name not in desk.UNDONE_BY:  # else the line that lets it be undone says it
            self.message_user(request, f"{case.application.reference}: {verb.label}", messages.SUCCESS)
        if verb.then == "file":
            return redirect("admin:kyc_case_change", case.pk)
        if verb.then == "queue" or "stay" in request.POST:
            return redirect("admin:kyc_case_changelist")
        return self.take_next(request)

    def picture(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One look at one picture, under the viewer's name and on the record."""
        if not request.user.has_perm("kyc.view_evidence"):
            raise PermissionDenied
        evidence, user = self.evidence_of(pk), who(request)
        looking.look(evidence, user)
        return self.marked(evidence, user)

    def beside(self, request: HttpRequest, pk: int, picture: int) -> HttpResponse:
        """One of another's file, much like one of the file in hand."""
        if not request.user.has_perm("kyc.view_evidence"):
            raise PermissionDenied
        case, evidence, user = self.case_of(request, pk), self.evidence_of(picture), who(request)
        looking.look_beside(case, evidence, user)
        return self.marked(evidence, user)

    def evidence_of(self, pk: int) -> Evidence:
        rows = Evidence.objects.select_related("application__data_key", "application__case", "file", "file__data_key")
        return get_object_or_404(rows, pk=pk)

    def marked(self, evidence: Evidence, user: User) -> HttpResponse:
        name = f"{user.full_name} · {timezone.localtime():%H:%M %d/%m/%Y}"
        if evidence.file is None:
            raise Http404
        pixels = unless_erased(evidence.file.read)
        return HttpResponse(watermark.marked(pixels, name), content_type="image/jpeg")

    def sheet(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """What lies beside the file, as its app gives it: in its own window, or as a picture on the page."""
        if not request.user.has_perm("kyc.view_evidence"):
            raise PermissionDenied
        case = self.case_of(request, pk)
        sheets = (sheet for part in all_parts() for sheet in part.sheets(case.application))
        sheet = next((sheet for sheet in sheets if sheet.name == name), None)
        if sheet is None:
            raise Http404
        looking.look_at_sheet(case, sheet, who(request))
        answer = HttpResponse(unless_erased(sheet.read), content_type=sheet.kind)
        answer["Content-Disposition"] = writing.disposition(f"{case.application.reference}-{name}", keep=False)
        return answer

    # ── Blind second looks, figures ──

    def sample(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.check_works(request)
        user = who(request)
        sample = get_object_or_404(sampling.waiting_for(user), pk=pk)
        if queues.REVIEWER not in user.roles:
            raise PermissionDenied
        if request.method == "POST":
            sampling.judge(sample, request.POST.get("verdict", ""), user)
            self.message_user(request, _("Đã ghi ý kiến. Cảm ơn bạn."), messages.SUCCESS)
            return redirect("admin:kyc_case_changelist")
        return self.page(request, "sample", _("Xem lại mù"), sample=sample, **desk.blind_page(sample.case, user))

    def board(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(
            request,
            "board",
            _("Số liệu thẩm định"),
            **board.figures(),
            is_supervisor=queues.SUPERVISOR in who(request).roles,
            openings=board.openings(),
        )

    def face_again(self, request: HttpRequest) -> HttpResponse:
        """At the counter: the person stands there with the card, and may try three times more."""
        user = who(request)
        if not {"agent", "lead", queues.SUPERVISOR} & set(user.roles):
            raise PermissionDenied
        if request.method == "POST":
            rows = Application.objects.filter(step=Step.CAPTURE)
            if queues.SUPERVISOR not in user.roles:
                rows = rows.filter(Q(branch=None) | Q(branch__in=user.branch_ids))
            application = rows.filter(reference=writing.document_number(request.POST.get("reference", ""))).first()
            if application is None or facing.tries_left(application):
                self.message_user(
                    request, _("Không có hồ sơ nào với mã này đang hết lần thử khuôn mặt."), messages.WARNING
                )
            else:
                facing.allow_again(application, user)
                self.message_user(request, _("Khách được thử thêm ba lần."), messages.SUCCESS)
            return redirect("admin:case_face_again")
        return self.page(request, "face_again", _("Cho thử lại khuôn mặt"))


@admin.register(Policy)
class PolicyAdmin(Desk):
    form = forms.PolicyForm
    list_display = ("name", "plan", "channel", "machine_appraises", "spares_face", "sampled", "status")
    list_filter = ("status",)
    list_select_related = ("plan",)
    actions = ("try_on_past", "go_live", "retire")
    action_form = forms.WithWhy
    ordering = ("-pk",)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        obj.made_by, obj.tried = sorted({*obj.made_by, who(request).pk}), None
        super().save_model(request, obj, form, change)
        audit.record("policy changed", obj, fields=sorted(form.changed_data))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == Policy.Status.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Chạy thử trên hồ sơ đã qua"), permissions=["change"])
    def try_on_past(self, request: HttpRequest, queryset: Any) -> None:
        for policy in queryset:
            trial = policing.try_on_past(policy)
            text = _(
                "%(name)s: %(files)d hồ sơ đã qua; máy sẽ thẩm định %(machine)d, trong đó người đã nói không %(no)d; "
                "không hỏi khuôn mặt %(spared)d."
            )
            known = {
                "name": policy,
                "files": trial["files"],
                "machine": trial["machine"],
                "no": trial["people_said_no"],
                "spared": trial["spared"],
            }
            self.message_user(request, text % known, messages.WARNING if trial["people_said_no"] else messages.SUCCESS)

    @admin.action(description=_("Đề nghị đưa vào áp dụng"), permissions=["change"])
    def go_live(self, request: HttpRequest, queryset: Any) -> None:
        self.propose(request, queryset, policing.going_live)

    @admin.action(description=_("Đề nghị thôi áp dụng"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: Any) -> None:
        self.propose(request, queryset, policing.retiring)

    def propose(self, request: HttpRequest, queryset: Any, wanted: Callable[[Policy], dict[str, Any]]) -> None:
        by, why = who(request), request.POST.get("why", "")
        for policy in queryset:
            try:
                changes.propose("policy", policing.about(policy), wanted(policy), by, reason=why)
            except Refusal as no:
                self.message_user(request, f"{policy}: {no.message}", messages.ERROR)
            else:
                self.message_user(request, f"{policy}: {_('Đã gửi cho người thứ hai xác nhận.')}", messages.SUCCESS)
