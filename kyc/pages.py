"""What the pages here know of an application: how far capture has come, and how the review stands."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enrollment import corrections
from enrollment.identity import Document
from enrollment.journey import Step
from enrollment.models import Application, Pairing
from enrollment.pages import Page, at, at_counter, mine
from enrollment.steps.notifying import contact_of
from kyc import forms, hours
from kyc.models import Case, Evidence, Mark, Upload
from kyc.steps import capture, facing
from kyc.steps.review import acts, asking, objections, queues, turns
from kyc.steps.sparing import needed
from portal import sealing
from portal.errors import wants_json

DEVICE = "capture-device"  # a cookie with a random number: the same phone for many people is worth a look
YEAR = 365 * 24 * 3600


class Asked(NamedTuple):
    """What an item asks for: its drawing, the words beside it, and the title of the page that takes it."""

    drawing: str
    how: Any
    title: Any
    place: Any  # where to put it, as the camera's page says


ASKED = {
    "card-front": Asked(
        "card-front",
        _("Mặt có ảnh chân dung"),
        _("Chụp mặt trước"),
        _("Đặt mặt có ảnh chân dung trọn trong khung; khi ảnh rõ, máy tự chụp."),
    ),
    "card-back": Asked(
        "card-back",
        _("Mặt có ba dòng chữ in máy"),
        _("Chụp mặt sau"),
        _("Đặt mặt có ba dòng chữ in máy trọn trong khung; khi ảnh rõ, máy tự chụp."),
    ),
    "face": Asked(
        "face-far",
        _("Theo khung xa – gần, khoảng 10 giây"),
        _("Xác thực khuôn mặt xa – gần"),
        _("Một mình, ở nơi sáng, đưa khuôn mặt theo khung khoảng 10 giây; làm lại được."),
    ),
    "passport": Asked(
        "passport",
        _("Trang hộ chiếu có ảnh chân dung"),
        _("Chụp trang có ảnh"),
        _("Đặt trang có ảnh và hai dòng chữ in máy trọn trong khung; khi ảnh rõ, máy tự chụp."),
    ),
}


def asked(application: Application, item: str) -> Asked:
    declaration = application.declaration
    is_passport = declaration is not None and declaration.document == Document.PASSPORT
    return ASKED["passport" if is_passport and item == "card-front" else item]


def progress(application: Application) -> dict[str, Any]:
    given, left = Evidence.of(application), facing.tries_left(application)
    missing = capture.missing(application, given)
    items = [
        {
            "item": item,
            "name": corrections.NAMES[item],
            "asked": asked(application, item),
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
        "asks_card": any(entry["item"] != "face" for entry in items),
    }


def shooting(application: Application, item: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """For the page that takes one item: what it is, why it is asked for again, and where it goes from here."""
    return {
        "item": item,
        "asked": asked(application, item),
        "following": next((other for other in known["missing"] if other != item), ""),
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
    """The one that an agent has in hand; else the one whose desk handed its capture to this phone; else one's own."""
    phone = None if at_counter(request) else phone_of(request)
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
    """A counter's own machine tells nothing of its customers."""
    if at_counter(request):
        return
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
        return {"now": "", "queue": "", "said": "", "case": None}
    now, looks_at = timezone.now(), hours.next_look(timezone.now())
    last = case.decisions.filter(act="reject").order_by("-pk").first() if case.queue == Case.Queue.REJECTED else None
    return {
        "case": case,
        "queue": case.queue,
        "now": f"{case.queue} {case.asking}",
        "question": question_of(case),
        "answer": forms.AnswerForm(),
        "answered": case.asking == Case.Asking.ANSWERED,
        "line": line_of(case),
        "due": hours.in_words(turns.due(case)),
        "late": case.is_running and case.asking != Case.Asking.ASKED and case.due_at < now,
        "looks_at": hours.in_words(looks_at) if looks_at > now else "",
        "office": hours.office(),
        "contact": contact_of(application),
        "why": acts.REJECTIONS[last.reason][1] if last and last.reason in acts.REJECTIONS else "",
        "last_day": timezone.localdate(case.due_at) + timedelta(days=objections.OBJECTION_DAYS),
        "said": place_in_queue(queues.ahead_of(case)) if case.is_running else "",
    }


def question_of(case: Case) -> dict[str, Any] | None:
    question = asking.open_question(case)
    if question is None:
        return None
    asked = asking.TOPICS[question.topic][1]
    return {"asked": asked, "words": question.words, "last_day": asking.last_day(question)}


def line_of(case: Case) -> list[tuple[str, Any, Any]]:
    """Where the file is: what was done, what is now, what comes."""
    first = _("người thứ nhất xem giấy tờ, khuôn mặt, khai báo")
    if case.decisions.filter(act="machine-pass").exists():
        first = _("máy đối chiếu theo quy tắc đã duyệt")
    steps = (
        (_("VNPT đã nhận hồ sơ"), hours.in_words(case.received_at)),
        (_("Thẩm định"), first),
        (_("Duyệt"), _("người thứ hai xem lại, độc lập")),
        (_("Cấp chứng thư số"), _("rồi Quý khách ký biên bản nghiệm thu")),
    )
    return in_line(steps, 2 if case.queue == Case.Queue.APPROVAL else 1)


def in_line(steps: Iterable[tuple[Any, Any]], at: int) -> list[tuple[str, Any, Any]]:
    """Each step of a line with how it stands when that one is now."""
    return [
        ("done" if place < at else "now" if place == at else "", name, note) for place, (name, note) in enumerate(steps)
    ]


PAIRING = (
    (_("Quét mã QR bằng điện thoại"), ""),
    (_("Nhập 6 chữ số trên máy tính"), ""),
    (_("Chụp trên điện thoại"), ""),
)
PAIRED: dict[str, int] = {"offered": 0, "scanned": 1, "confirmed": 2}


def place_in_queue(ahead: int) -> str:
    if not ahead:
        return str(_("Hồ sơ của Quý khách là tiếp theo, hoặc đang được xem"))
    return ngettext("Trước Quý khách còn %(n)d hồ sơ", "Trước Quý khách còn %(n)d hồ sơ", ahead) % {"n": ahead}
