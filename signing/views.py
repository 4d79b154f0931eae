"""The customer's pages of contract, PIN, acceptance and certificate, and the public ones: each finds, asks, answers."""

from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import at, mine, network, onward, place, refusals_on, show
from portal import audit, writing
from portal.allowances import Limit
from portal.errors import PAGES
from portal.models import SealedFile, User
from portal.refusals import Refusal
from signing import findings, forms, pages, steps
from signing.answers import DIFFERENT, PIN_FAULTS, PIN_RULES
from signing.authority import lists, profile
from signing.authority.models import Authority, exchange_key
from signing.models import Act, Certificate, Examination, Paper
from signing.steps.issuance import der_of

CHECKS = Limit("pdf checks", 300, timedelta(hours=1))  # from one network, behind which there may be many
SIGNED = _("Hoàn thành ký điện tử. Hợp đồng có dấu của VNPT được báo qua email.")
DONE = {
    Act.Kind.PIN: _("Đã tạo mã PIN. Quý khách nhớ mã này: VNPT không lưu và không lấy lại được."),
    Act.Kind.ACCEPT: _("Ký biên bản nghiệm thu thành công. Chứng thư số đang hoạt động."),
}
ASKED = {Step.PIN: steps.pin.ask, Step.ACCEPTANCE: steps.acceptance.ask}  # where the signer is asked for something

# ── The e-contract ──


@at(Step.CONTRACT)
def contract(request: HttpRequest, application: Application) -> HttpResponse:
    """Read first; begun by two ticks and a press."""
    form = forms.AgreementForm(request.POST or None)
    if form.is_valid():
        steps.contract.begin(application, place=place(), device=request.headers.get("User-Agent", ""))
        return redirect("signing:signature")
    return show(request, "signing/contract", application, form=form, **pages.contract_page(application))


def begun(request: HttpRequest, application: Application) -> Paper | None:
    """The contract being signed; whoever has none reads first, and is told why if there was one."""
    paper = Paper.of(application, Paper.Kind.CONTRACT)
    if paper is None or paper.state != Paper.State.OPEN:
        return None
    try:
        steps.contract.check_running(paper)
    except Refusal as no:
        messages.warning(request, no.message)
        return None
    return paper


@at(Step.CONTRACT)
def signature(request: HttpRequest, application: Application) -> HttpResponse:
    paper = begun(request, application)
    if paper is None:
        return redirect("signing:contract")
    typing = forms.TypingForm(request.POST if "typed" in request.POST else None)
    form = typing if typing.is_bound else forms.DrawingForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "typed" if form is typing else None):
            steps.contract.sign_with(application, **form.cleaned_data)
            return redirect("signing:code")
    return show(
        request,
        "signing/signature",
        application,
        form=form,
        typing=typing,
        declared=application.declaration,
        **pages.signing_page(paper),
    )


@at(Step.CONTRACT)
def code(request: HttpRequest, application: Application) -> HttpResponse:
    """The document as it will be, its hash in short, and the code that came for it."""
    paper = begun(request, application)
    if paper is None or not paper.shown_hash:
        return redirect("signing:signature" if paper else "signing:contract")
    form = forms.ContractCodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and not form.is_bound:
        try:
            steps.contract.send_code(application, network())
        except Refusal as no:
            messages.warning(request, no.message)
        return redirect("signing:code")
    if form.is_valid():
        with refusals_on(form, "code"):
            steps.contract.agree(application, form.cleaned_data["code"])
            messages.success(request, SIGNED)
            return onward(application)
    return show(
        request, "signing/code", application, form=form, declared=application.declaration,
        sent="code_sent" in paper.evidence, **pages.signing_page(paper),
    )  # fmt: skip


@require_POST
@at(Step.CONTRACT)
def extend(request: HttpRequest, application: Application) -> HttpResponse:
    paper = begun(request, application)
    if paper is None:
        return redirect("signing:contract")
    steps.contract.extend(application)
    messages.success(request, _("Quý khách có thêm 30 phút."))
    return redirect("signing:code" if paper.shown_hash else "signing:signature")


@never_cache
@at(Step.CONTRACT, Step.ACCEPTANCE)
def shown(request: HttpRequest, application: Application) -> HttpResponse:
    """The very bytes that are about to be signed."""
    kind = Paper.Kind.CONTRACT if application.step == Step.CONTRACT else Paper.Kind.MINUTES
    paper = Paper.of(application, kind)
    if paper is None or paper.shown is None:
        raise Http404
    return pdf_of(paper.shown, paper.number)


def pdf_of(file: SealedFile, name: str, *, keep: bool = False) -> HttpResponse:
    answer = HttpResponse(file.read(), content_type="application/pdf")
    answer["Content-Disposition"] = writing.disposition(f"{name}.pdf", keep=keep)
    answer["Cache-Control"] = "private, no-store"
    return answer


# ── Acts for the signer ──


@at(Step.PIN)
def pin(request: HttpRequest, application: Application) -> HttpResponse:
    faults = {**PIN_FAULTS, DIFFERENT: _("Hai lần nhập mã PIN chưa giống nhau.")}
    return show(
        request, "signing/pin", application, declared=application.declaration, faults=faults, rules=PIN_RULES
    )  # fmt: skip


@require_POST
@at(*ASKED)
def ask(request: HttpRequest, application: Application) -> HttpResponse:
    """What is to be confirmed, and for how long; the browser encloses its answer for the signer."""
    act = ASKED[Step(application.step)](application, place())
    until = round(act.ends_at.timestamp() * 1000)
    return JsonResponse({"act": act.nonce, "batch": act.batch, "until": until, "key": exchange_key()})


@never_cache
def act(request: HttpRequest, nonce: str) -> HttpResponse:
    """Given by POST, once; asked after by GET, also when the step is over. By its owner, whatever else is under way."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    if request.method == "POST":
        form = forms.EnvelopeForm(request.POST)
        if not form.is_valid():
            raise Refusal("odd-request", PAGES[400][2], status=400)
        steps.acts.give(user, nonce, form.cleaned_data["envelope"])
    answer = steps.acts.answer_of(user, nonce)
    if answer["state"] == Act.State.DONE:  # the page goes on at once: the next one says it
        messages.success(request, DONE[answer["kind"]])
    return JsonResponse(answer)


@at(Step.ISSUANCE)
def issuance(request: HttpRequest, application: Application) -> HttpResponse:
    return show(request, "signing/issuance", application)


@at(Step.ACCEPTANCE)
def acceptance(request: HttpRequest, application: Application) -> HttpResponse:
    paper = steps.acceptance.prepare(application)
    return show(request, "signing/acceptance", application, **pages.minutes_page(application, paper))


# ── My SmartCA ──


def own(request: HttpRequest) -> list[Certificate]:
    certificates = Certificate.issued().filter(application__user__pk=request.user.pk or 0)
    return list(certificates.select_related("key", "application__data_key").order_by("-pk"))


@login_required
def certificate(request: HttpRequest) -> HttpResponse:
    application = mine(request)
    if application is None:
        return redirect("enrollment:opening")
    cards = pages.cards(request.user)
    return show(
        request, "signing/certificate", application, cards=cards, lives=any(card["counts"] for card in cards),
        open_application=None if application.is_ended else application, documents=pages.documents(application),
        stopped=pages.stopped_since(application),
    )  # fmt: skip


@login_required
def documents(request: HttpRequest) -> HttpResponse:
    """Where the mail's link leads."""
    application = mine(request)
    if application is None:
        return redirect("enrollment:opening")
    return show(request, "signing/documents", application, documents=pages.documents(application))


@login_required
def document(request: HttpRequest, pk: int) -> HttpResponse:
    paper = get_object_or_404(
        Paper.objects.select_related("file__data_key"),
        pk=pk, state=Paper.State.SEALED, application__user=request.user,
    )  # fmt: skip
    assert paper.file
    audit.record("paper looked at", paper)
    return pdf_of(paper.file, paper.number, keep="keep" in request.GET)


@login_required
def file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The certificate by itself, or with those above it."""
    certificate = next((each for each in own(request) if each.pk == pk), None)
    if certificate is None or certificate.issuer is None:
        raise Http404
    if kind == "cer":
        return download(der_of(certificate), "application/pkix-cert", f"{certificate.serial}.cer")
    chain = [der_of(certificate), *certificate.issuer.chain]
    text = b"".join(profile.read(link).public_bytes(Encoding.PEM) for link in chain)
    return download(text, "application/x-pem-file", f"{certificate.serial}-chain.pem")


def download(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = writing.disposition(name)
    return answer


# ── For anybody ──


def status(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the QR: whether the certificate is in force, and no more of its holder than the QR's owner shows."""
    certificate = get_object_or_404(Certificate.issued().select_related("application__data_key"), status=token)
    answer = show(request, "signing/status", None, **pages.card(certificate))
    answer["X-Robots-Tag"] = "noindex"
    return answer


def practice(request: HttpRequest) -> HttpResponse:
    """How certificates are issued, in short, and what anybody may fetch to check them by."""
    above = Authority.objects.filter(role__in=(Authority.Role.ROOT, Authority.Role.ISSUING), live=True)
    facts = {
        "months": profile.MOST_MONTHS,
        "list_minutes": lists.EVERY.seconds // 60,
        "policy": settings.CERTIFICATE_POLICY,
    }
    return show(request, "signing/practice", None, authorities=above.order_by("-role"), **facts)


def verify(request: HttpRequest) -> HttpResponse:
    """Any signed PDF, ours or not: handed in here, examined when it is its turn."""
    form = forms.CheckForm(request.POST, request.FILES) if request.method == "POST" else forms.CheckForm()
    if form.is_valid():
        CHECKS.require(network(), _("Đã kiểm tra nhiều tệp từ mạng này. Quý khách vui lòng thử lại sau một giờ."))
        file = form.cleaned_data["file"]
        with refusals_on(form, "file"):
            return redirect("signing:verified", steps.verifying.hand_in(file, file.name).token)
    return show(request, "signing/verify", None, form=form)


@never_cache
def verified(request: HttpRequest, token: str) -> HttpResponse:
    """What its signatures are worth; before that a page that waits and looks again by itself."""
    examination = Examination.objects.select_related("data_key").filter(token=token).first()
    if examination is None:
        messages.info(request, _("Kết quả kiểm tra chỉ giữ trong 10 phút. Quý khách hãy gửi lại tệp."))
        return redirect("signing:verify")
    if examination.facts is None:
        ahead = steps.verifying.ahead_of(examination)
        return show(request, "signing/verifying", None, ahead=ahead, name=examination.name)
    at = examination.ends_at - steps.verifying.LASTS
    result = findings.findings(examination.facts) | {"name": examination.name, "at": at}
    return show(request, "signing/verify", None, form=forms.CheckForm(), result=result)
