"""The customer's pages of capture and of waiting: each finds, asks, answers. The rules are in the steps."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import at, at_counter, onward, show
from kyc import forms, pages, steps
from kyc.models import Case, Evidence, Upload
from kyc.pages import at_capture
from portal import writing
from portal.errors import PAGES
from portal.models import User
from portal.refusals import Refusal, out_of_step

# ── Capture ──


@at_capture
def capture(request: HttpRequest, application: Application) -> HttpResponse:
    """What is there, what is left, and the next thing to do."""
    phone = steps.capture.PHONE.standing(application)
    return show(request, "kyc/capture", application, phone=phone, **pages.progress(application))


@at_capture
def rehearsal(request: HttpRequest, application: Application) -> HttpResponse:
    return show(request, "kyc/rehearsal", application, **pages.progress(application))


@at_capture
def item(request: HttpRequest, application: Application, item: str) -> HttpResponse:
    known = pages.progress(application)
    if item not in known["names"]:
        raise Http404
    if item == "face" and not known["tries_left"]:
        return redirect("kyc:capture")
    pages.remember_device(request, application)
    page = "kyc/face" if item == "face" else "kyc/card"
    answer = show(request, page, application, **known, **pages.shooting(application, item, known))
    return pages.with_device(request, answer)


@at_capture
def piece(request: HttpRequest, application: Application, item: str, key: uuid.UUID) -> HttpResponse:
    """A piece of an upload; asked without one, how much has come."""
    form = forms.PieceForm(request.GET)
    if not form.is_valid() or item not in steps.capture.KINDS:
        raise Refusal("odd-request", PAGES[400][2], status=400)
    fields = form.cleaned_data
    if request.method != "POST":
        upload = Upload.objects.filter(application=application, item=item, key=key).first()
        return JsonResponse(pages.answer_of(upload, application) if upload else {"received": 0, "done": False})
    if fields["at"] and not Upload.objects.filter(key=key).exists():
        raise steps.capture.replaced()
    upload = steps.capture.begin(application, key, item, fields["of"], fields["way"])
    steps.capture.receive(upload, fields["at"] or 0, request.body)
    return JsonResponse(looked_at(upload, insist=fields["insist"], challenge=fields["challenge"]))


def looked_at(upload: Upload, *, insist: bool = False, challenge: uuid.UUID | None = None) -> dict[str, Any]:
    """What is to be answered now, after a look where it has come whole."""
    if steps.capture.claim(upload):
        look_at(upload, insist=insist, challenge=challenge)
    return pages.answer_of(Upload.objects.filter(pk=upload.pk).first() or upload, upload.application)


def look_at(upload: Upload, *, insist: bool, challenge: uuid.UUID | None) -> None:
    if upload.item != "face":
        steps.capture.take_card(upload, insist=insist)
    elif challenge:
        steps.facing.take_film(upload, challenge)
    else:
        steps.capture.refuse(upload, "wrong-film")


@require_POST
@at_capture
def photo(request: HttpRequest, application: Application, item: str) -> HttpResponse:
    """Without JavaScript: one photograph from a form."""
    form = forms.PhotoForm(request.POST, request.FILES)
    if not form.is_valid() or item == "face":
        messages.warning(request, _("Quý khách chưa chọn ảnh."))
        return redirect("kyc:item", item) if item in steps.capture.KINDS else redirect("kyc:capture")
    file = form.cleaned_data["photo"]
    upload = steps.capture.take_in(application, item, file, file.size, Evidence.Way.GALLERY)
    answer = looked_at(upload, insist="insist" in request.POST)
    if answer["said"]:
        messages.warning(request, answer["said"])
        return redirect("kyc:item", item)
    messages.success(request, _("Đã nhận ảnh."))
    return redirect("kyc:capture")


@require_POST
@at_capture
def begin_face(request: HttpRequest, application: Application) -> HttpResponse:
    challenge = steps.facing.begin(application, calm="calm" in request.POST)
    return JsonResponse({"challenge": str(challenge.key), "cues": challenge.cues})


@require_POST
@at_capture
def promise_face(request: HttpRequest, application: Application) -> HttpResponse:
    form = forms.PromiseForm(request.POST)
    if not form.is_valid():
        raise steps.capture.no("wrong-film")
    steps.facing.promise(application, form.cleaned_data["challenge"], form.cleaned_data["digest"])
    return JsonResponse({"promised": True})


@require_POST
@at_capture
def again(request: HttpRequest, application: Application) -> HttpResponse:
    """After three failed tries: the agent has the person before the eyes, and lets them try three times more."""
    if not at_counter(request) or not isinstance(request.user, User) or steps.facing.tries_left(application):
        raise out_of_step()
    steps.facing.allow_again(application, request.user)
    messages.success(request, _("Khách được thử thêm ba lần."))
    return redirect("kyc:capture")


@require_POST
@at_capture
def done(request: HttpRequest, application: Application) -> HttpResponse:
    is_phone = pages.phone_of(request) is not None
    try:
        steps.capture.finish(application)
    except Refusal as no:
        if no.code == "out-of-step":
            raise
        messages.warning(request, no.message)
        return redirect("kyc:capture")
    if is_phone:
        steps.capture.PHONE.end(application)
        return redirect("kyc:phone_done")
    return onward(application)


# ── Waiting ──


@at(Step.REVIEW)
def review(request: HttpRequest, application: Application) -> HttpResponse:
    """ "Chờ duyệt": the place in the queue and the time that is promised, as they are."""
    return show(request, "kyc/review", application, **pages.standing(application))


@at(Step.REVIEW)
def standing(request: HttpRequest, application: Application) -> HttpResponse:
    """For the page that waits."""
    known = pages.standing(application)
    return JsonResponse({name: known[name] for name in ("now", "said")})


@require_POST
@at(Step.REVIEW)
def answer(request: HttpRequest, application: Application) -> HttpResponse:
    """To what the reviewer asked."""
    form = forms.AnswerForm(request.POST)
    if not form.is_valid():
        return show(request, "kyc/review", application, **{**pages.standing(application), "answer": form})
    try:
        steps.review.asking.answer(application, writing.line(form.cleaned_data["words"]))
    except Refusal as no:
        messages.warning(request, no.message)
    else:
        messages.success(request, _("Đã gửi câu trả lời cho người thẩm định."))
    return redirect("kyc:review")


@at(Step.REVIEW)
def objection(request: HttpRequest, application: Application) -> HttpResponse:
    if not Case.objects.filter(application=application, queue=Case.Queue.REJECTED).exists():
        return redirect("kyc:review")
    form = forms.ObjectionForm(request.POST or None)
    if form.is_valid():
        steps.review.objections.object_to(application, form.cleaned_data["words"])
        messages.success(
            request, _("Đã nhận khiếu nại. Một người khác sẽ xem lại hồ sơ và báo kết quả qua SMS, email.")
        )
        return redirect("kyc:review")
    return show(request, "kyc/objection", application, form=form)


@at(Step.REVIEW)
def accept(request: HttpRequest, application: Application) -> HttpResponse:
    """Asked once more before it is done."""
    if not Case.objects.filter(application=application, queue=Case.Queue.REJECTED).exists():
        return redirect("kyc:review")
    if request.method == "POST":
        steps.review.objections.accept_rejection(application)
        messages.success(request, _("Hồ sơ %(reference)s đã kết thúc.") % {"reference": application.reference})
        return onward(application)
    return show(request, "kyc/accept", application)
