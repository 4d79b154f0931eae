"""The demo's files: one at each state of the desk, with specimens for evidence, by the verbs that people use."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrollment import dossier
from enrollment.demo.people import declaration_of_nobody, home_of, seed_application, walk
from enrollment.journey import Channel, Step
from enrollment.models import Application
from kyc.demo.drawing import Card, Face, Shot
from kyc.demo.evidence import drawn
from kyc.models import Case
from kyc.steps import capture, checking, flags
from kyc.steps.review import deciding, objections
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import VERBS
from portal.allowances import Limit
from portal.models import User

# Synthetic people; how far their file came, and what is wrong with it.
DEMO = (
    ("Đinh Văn Mẫu Vinh", "051088000111", "0900000111", "contract", ""),
    ("Hồ Thị Mẫu Xuân", "038190000112", "0900000112", "new", ""),
    ("Mai Văn Mẫu Yên", "001091000113", "0900000113", "new", "other-name"),
    ("Lý Thị Mẫu Ái", "048195000114", "0900000114", "new", "gallery"),
    ("Cao Văn Mẫu Bảo", "079089000115", "0900000115", "new", "other-card"),
    ("Đoàn Thị Mẫu Cúc", "051193000116", "0900000116", "mine", ""),
    ("Phan Văn Mẫu Đạt", "038087000117", "0900000117", "approval", ""),
    ("Tô Thị Mẫu Em", "001196000118", "0900000118", "approval", ""),
    ("Vũ Văn Mẫu Gia", "048090000119", "0900000119", "second", ""),
    ("Dương Thị Mẫu Hoa", "079194000120", "0900000120", "waiting", ""),
    ("Trương Văn Mẫu Kiên", "051089000121", "0900000121", "hold", ""),
    ("Lâm Thị Mẫu Liên", "038192000122", "0900000122", "rejected", ""),
    ("Kiều Văn Mẫu Mạnh", "001088000123", "0900000123", "objection", ""),
    ("Quách Thị Mẫu Ngọc", "048191000124", "0900000124", "approved", ""),
    ("Tạ Văn Mẫu Oanh", "051090000125", "0900000125", "pin", ""),
    ("Thái Thị Mẫu Phượng", "079192000126", "0900000126", "complete", ""),
)
SAME_FACE = 10  # the place above of whose face is met twice
# How far those come who do not stop at the desk.
STOPS = {"contract": Step.CONTRACT, "pin": Step.PIN}
# Who follows where a visitor led the last one onward: the state above, or before it the plan; and how they are called.
FOLLOWS: dict[Step, str] = {
    Step.PIN: "pin",
    Step.ACCEPTANCE: "approved",
    Step.CONTRACT: "contract",
    Step.CAPTURE: "theo-luot-12",
    Step.ACTIVATION: "ps0-cong-dan",
    Step.PAYMENT: "khong-gioi-han-12",
    Step.DECLARATION: "theo-luot-12",
    Step.PLAN: "",
}
NAMES = ("Hà Văn Mẫu Thắng", "Lưu Thị Mẫu Sương", "Châu Văn Mẫu Việt", "Tống Thị Mẫu Uyển")
ENDS = {"approved": Step.ACCEPTANCE, "complete": Step.COMPLETE}


Told = tuple[str, str, dict[str, Any]]  # verb, by whom, what belongs to it


ONE_AT_A_TIME = Limit("demo seeding", 1, timedelta(minutes=2))


def seed_files() -> None:
    """In the background, for drawing them takes half a minute: the first visitor does not wait for that."""
    known = set(Application.objects.filter(is_demo=True).values_list("person_index", flat=True))
    missing = [(place, person) for place, person in enumerate(DEMO) if User.username_for(person[1]) not in known]
    follower = next_follower()
    if settings.DEMO and (missing or follower) and ONE_AT_A_TIME.spend("") is not None:
        for place, person in missing:
            seed_file(place, *person)
        if follower and not missing:
            follow(follower)


def next_follower() -> Step | None:
    """The step at which nobody stands any more: each has somebody, however often the tour was walked."""
    standing = set(
        Application.objects.filter(is_demo=True, channel=Channel.BROWSER, redo=[]).values_list("step", flat=True)
    )
    return next((step for step in FOLLOWS if step not in standing), None)


def follow(step: Step) -> None:
    serial = Application.objects.filter(is_demo=True).count()
    name = NAMES[serial % len(NAMES)]
    person = (name, f"051{serial % 2}90{500_000 + serial}", f"09{10_000_000 + serial}")
    if step in (*STOPS.values(), Step.ACCEPTANCE):
        seed_file(serial, *person, FOLLOWS[step])
    else:
        seed_application(*person, FOLLOWS[step], step)


def seed_file(place: int, full_name: str, number: str, phone: str, state: str, fault: str = "") -> None:
    """Drawn first, for drawing takes seconds and a database has other writers."""
    # Whoever chose pictures from a gallery chose somebody else's face, too.
    face = Face(1000 + (SAME_FACE if fault == "gallery" else place) * 17)
    declaration = declaration_of_nobody(full_name, number, phone, home_of(number))
    printed = replace(declaration, full_name="Mai Văn Mẫu Yến") if fault == "other-name" else declaration
    fake = {"number": "079089000999"} if fault == "other-card" else {}
    shot = Shot(seed=place + 1, turn=(place % 5 - 2) * 0.8, tilt=0.006, fill=0.9, blur=0.6 if place % 3 == 0 else 0)
    given = drawn(Card(printed, face, year=2021 + 3 * (place % 2), fake=fake), face, shot)
    with transaction.atomic():
        seed_application(full_name, number, phone, "theo-luot-12", Step.CAPTURE)
        application = Application.objects.select_related("data_key").get(person_index=User.username_for(number))
        capture.give(application, given, way="gallery" if fault == "gallery" else "camera")
        capture.finish(application)
    # The contract and the PIN are the app's beside this one.
    application = walk(application, STOPS.get(state, Step.REVIEW))
    if state in STOPS:
        return
    checking.check(application)
    waited = timedelta(minutes=3 * (len(DEMO) - place))
    Case.objects.filter(application=application).update(checked=True, received_at=timezone.now() - waited)
    decide(Case.objects.get(application=application), state)
    if state in ENDS:
        walk(Application.objects.get(pk=application.pk), ENDS[state])


def decide(case: Case, state: str) -> None:
    """By the demo's own people."""
    first, other = User.objects.filter(is_demo=True, groups__name="reviewer").order_by("pk")[:2]
    approver = User.objects.get(is_demo=True, groups__name="approver")
    for verb, by, more in STORIES[state]:
        user = {"first": first, "other": other, "approver": approver}.get(by)
        if user is None:
            objections.object_to(case.application, "Tôi là chủ giấy tờ, ảnh chụp rõ, đề nghị xem lại.")
            continue
        case.refresh_from_db()
        until = timezone.localdate() + timedelta(days=2) if verb == "hold" else None
        answers = answers_to(case.application) if VERBS[verb].answers else {}
        seen = dossier.digest(case.application)
        choice = Choice(turns=case.turns, file_hash=seen, until=until, **{"answers": answers, **more})
        deciding.decide(case, verb, user, choice)


def answers_to(application: Application) -> dict[str, str]:
    """What the demo's staff write to each flag."""
    return {
        flag.name: "Đã đối chiếu với giấy tờ, không có gì lạ"
        for flag in flags.of(application, checking.findings(application))
    }


_TAKE: Told = ("take", "first", {})
_PASS: tuple[Told, ...] = (_TAKE, ("pass", "first", {}))
_APPROVED: tuple[Told, ...] = (*_PASS, ("take", "approver", {}), ("approve", "approver", {}))
STORIES: dict[str, tuple[Told, ...]] = {
    "new": (),
    "mine": (
        _TAKE,
        ("note", "first", {"words": "Địa chỉ trùng với vài hồ sơ khác trong tuần này"}),
        ("question", "first", {"reason": "address"}),
    ),
    "approval": _PASS,
    "second": (_TAKE, ("ask", "first", {})),
    "waiting": (_TAKE, ("send-back", "first", {"items": {"card-front": "glare", "face": "covered"}})),
    "hold": (_TAKE, ("hold", "first", {"reason": "asking-elsewhere"})),
    "rejected": (_TAKE, ("reject", "first", {"reason": "not-the-person"})),
    "objection": (_TAKE, ("reject", "first", {"reason": "forged"}), ("object", "customer", {})),
    "approved": _APPROVED,
    "complete": _APPROVED,
}
