"""What the pages here know of an application: how far capture has come, and how the review stands."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enrollment import corrections
from enrollment.journey import Step
from enrollment.models import Application, Pairing
from enrollment.pages import Page, at, mine
from kyc import forms, hours
from kyc.models import Case, Evidence, Mark, Upload, needed
from kyc.steps import capture, facing
from kyc.steps.review import acts, asking, objections, queues, turns
from portal import sealing
from portal.errors import wants_json

DEVICE = "capture-device"  # a cookie with a random number: the same phone for many people is worth a look
YEAR = 365 * 24 * 3600
# What each item asks for, in one line.
HOW: dict[str, Any] = {
    "card-front": _("Mặt có ảnh chân dung; đặt trọn trong khung, đủ sáng, không lóa."),
    "card-back": _("Mặt có ba dòng chữ in máy; đặt trọn trong khung."),
    "face": _("Nhìn thẳng, đưa khuôn mặt theo khung xa – gần, khoảng 10 giây."),
}


def progress(application: Application) -> dict[str, Any]:
    given, left = Evidence.of(application), facing.tries_left(application)
    missing = capture.missing(application, given)
    items = [
        {
            "item": item,
            "name": corrections.NAMES[item],
            "how": HOW[item],
            "done": item not in missing,
            "again": asked_again(application, item) if item in missing else "",
            "gallery": any(
                evidence.item == item and evidence.way == Evidence.Way.GALLERY for evidence in given.values()
            ),
        }
        for item in needed(application)
    ]
    following = next((item for item in missing if item != "face" or left), "")
    return {
        "items": items,
        "names": [entry["item"] for entry in items],
        "missing": missing,
        "next_item": following,
        "tries_left": left,
        "closed": not left and "face" in missing,
        "begun": bool(given),
        "percent": round(100 * (len(items) - len(missing)) / len(items)),
    }


def shooting(application: Application, item: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """For the page that takes one item: what it is, why it is asked for again, and where it goes from here."""
    following = next((other for other in known["missing"] if other != item), "")
    return {
        "item": item,
        "name": corrections.NAMES[item],
        "following": reverse("kyc:item", args=[following]) if following else reverse("kyc:capture"),
        "asked_again": next(entry["again"] for entry in known["items"] if entry["item"] == item),
        "may_insist": capture.may_insist(application, item),
        "ovals": facing.OVALS,
    }


def asked_again(application: Application, item: str) -> Any:
    why = application.items.get(item)
    return corrections.REASONS[why][2] if why and application.redo else ""


def answer_of(upload: Upload, application: Application) -> dict[str, Any]:
    """Told in the language of whoever reads it now."""
    refused = (upload.answer or {}).get("refused", "")
    answer: dict[str, Any] = {
        "received": upload.received,
        "done": upload.answer is not None,
        "refused": refused,
        "said": "",
    }
    if refused:
        answer["said"] = str(capture.SAID.get(refused, capture.SAID["not-a-photo"]))
        if upload.item == "face":
            answer["left"] = facing.tries_left(application)
        else:
            answer["may_insist"] = refused in capture.SOFT and capture.may_insist(application, upload.item)
    return answer


# ── A phone that takes the pictures for a desk ──

HOLDER, SHOWN = "capture phone", "capture code"  # in the phone's session


def hand_over(request: HttpRequest, holder: str, digits: str) -> None:
    request.session.cycle_key()
    request.session[HOLDER], request.session[SHOWN] = holder, digits


def phone_of(request: HttpRequest) -> Pairing | None:
    return capture.PHONE.held(request.session[HOLDER]) if HOLDER in request.session else None


def capturing(request: HttpRequest, **_address: Any) -> Application | None:
    """One's own application, or the one whose desk handed its capture to this phone."""
    phone = phone_of(request)
    return phone.application if phone and phone.confirmed_at else mine(request)


def at_capture(page: Page) -> Page:
    """At the desk as on the phone; a phone that may no longer is told so, and not led to begin an application of its own."""
    guarded = at(Step.CAPTURE, whose=capturing)(page)

    @wraps(page)
    def on_either(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if HOLDER in request.session and not request.user.is_authenticated and not wants_json(request):
            phone = phone_of(request)
            if phone is None or not phone.confirmed_at:
                return redirect("kyc:phone_done" if phone is None else "kyc:phone_code")
        return guarded(request, *args, **kwargs)

    return on_either


def remember_device(request: HttpRequest, application: Application) -> None:
    device = request.COOKIES.get(DEVICE, "")
    if len(device) == 32 and device.isalnum():
        Mark.objects.get_or_create(application=application, kind="device", value=sealing.blind_index("device", device))


def with_device(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    if DEVICE not in request.COOKIES:
        answer.set_cookie(
            DEVICE, uuid.uuid4().hex, max_age=YEAR, httponly=True, secure=request.is_secure(), samesite="Lax"
        )
    return answer


def standing(application: Application) -> dict[str, Any]:
    case = Case.objects.filter(application=application).first()
    if case is None:
        return {"queue": "", "ahead": 0, "said": "", "case": None, "asking": ""}
    now, ahead = timezone.now(), queues.ahead_of(case) if case.is_running else 0
    last = case.decisions.filter(act="reject").order_by("-pk").first() if case.queue == Case.Queue.REJECTED else None
    return {
        "case": case,
        "queue": case.queue,
        "question": question_of(case),
        "answer": forms.AnswerForm(),
        "answered": case.asking == Case.Asking.ANSWERED,
        "asking": case.asking,
        "ahead": ahead,
        "due": turns.due(case),
        "late": case.is_running and not case.asking and case.due_at < now,
        "open_now": hours.between(now, now + timedelta(minutes=1)).total_seconds() > 0,
        "why": acts.REJECTIONS[last.reason][1] if last and last.reason in acts.REJECTIONS else "",
        "last_day": timezone.localdate(case.due_at) + timedelta(days=objections.OBJECTION_DAYS),
        "said": place_in_queue(ahead) if case.is_running else "",
    }


def question_of(case: Case) -> dict[str, Any] | None:
    question = asking.open_question(case)
    if question is None:
        return None
    asked = asking.TOPICS[question.topic][1]
    return {"asked": asked, "words": question.words, "last_day": asking.last_day(question)}


def place_in_queue(ahead: int) -> str:
    if not ahead:
        return str(_("Hồ sơ của Quý khách là tiếp theo, hoặc đang được xem"))
    return ngettext("Trước Quý khách còn %(n)d hồ sơ", "Trước Quý khách còn %(n)d hồ sơ", ahead) % {"n": ahead}
