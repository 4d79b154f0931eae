"""Plans, provinces and wards, ready before the first customer."""

import json
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from enrollment.consents import PURPOSES
from enrollment.identity import Declaration, Document, born_per_number
from enrollment.journey import Step
from enrollment.models import Application, Plan, Province, Ward
from enrollment.parts import all_parts
from enrollment.steps import activation, declaration, opening, payment, plan
from portal.demo.people import DEMO_PASSWORD

PLACES = Path(__file__).parent / "data" / "places.json"
FROM = date(2026, 1, 1)
# Names from the public guides; prices are made up for demonstration, no price list of the plans is public.
PLANS = (
    {
        "code": "theo-luot-12",
        "name": "Chứng thư số cá nhân trên các ứng dụng",
        "name_en": "Personal certificate for all applications",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký trên các ứng dụng; lượt ký mua thêm khi cần",
        "use_en": "Sign in any application; buy signings as you need them",
    },
    {
        "code": "ps0-cong-dan",
        "name": "SmartCA cá nhân PS0 (công dân)",
        "name_en": "SmartCA personal PS0 (citizen)",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký miễn phí trên Cổng Dịch vụ công; nơi khác mua thêm lượt ký",
        "use_en": "Free signing on public service portals; buy signings for elsewhere",
    },
    *(
        {
            "code": f"khong-gioi-han-{months}",
            "name": f"SmartCA không giới hạn {months} tháng",
            "name_en": f"SmartCA unlimited, {months} months",
            "kind": Plan.Kind.UNLIMITED,
            "months": months,
            "price": price,
            "use": "Ký không giới hạn lượt trên mọi ứng dụng",
            "use_en": "Unlimited signing in every application",
        }
        for months, price in ((12, 220_000), (24, 385_000), (36, 495_000))
    ),
)


# Synthetic people of the demo, one application at each step: the number's structure is valid, its holder does not exist.
DEMO = (
    ("Nguyễn Văn Mẫu Phúc", "051092000101", "0900000101", "", Step.PLAN),
    ("Trần Thị Mẫu Quyên", "038193000102", "0900000102", "theo-luot-12", Step.DECLARATION),
    ("Lê Thị Mẫu Sen", "001194000103", "0900000103", "khong-gioi-han-12", Step.PAYMENT),
    ("Phạm Văn Mẫu Tâm", "048095000104", "0900000104", "ps0-cong-dan", Step.ACTIVATION),
    ("Võ Thị Mẫu Uyên", "079196000105", "0900000105", "theo-luot-12", Step.CAPTURE),
)


def seed() -> None:
    seed_plans()
    seed_places()
    if settings.DEMO and not Application.objects.filter(is_demo=True).exists():
        for person in DEMO:
            seed_application(*person)


def seed_plans() -> None:
    """Plans are seeded once: what staff changed since then stays as they left it."""
    for rank, one in enumerate(PLANS):
        Plan.objects.get_or_create(code=one["code"], defaults={**one, "rank": rank, "sold_from": FROM})


def seed_places() -> None:
    places = json.loads(PLACES.read_text())
    if Ward.objects.count() == sum(len(place["wards"]) for place in places.values()):
        return
    provinces = [Province(code=code, name=place["name"]) for code, place in places.items()]
    wards = [
        Ward(code=ward, name=name, province_id=code)
        for code, place in places.items()
        for ward, name in place["wards"].items()
    ]
    Province.objects.bulk_create(provinces, update_conflicts=True, update_fields=["name"], unique_fields=["code"])
    Ward.objects.bulk_create(
        wards, 1000, update_conflicts=True, update_fields=["name", "province"], unique_fields=["code"]
    )


def told_by(full_name: str, number: str, phone: str) -> Declaration:
    """A declaration of somebody who does not exist, with what follows from the number."""
    sex, year = born_per_number(number)
    return Declaration(
        full_name=full_name,
        number=number,
        document=Document.CITIZEN,
        nationality="Việt Nam",
        birth_date=date(year, 5, 17),
        sex=sex,
        issued_on=date(2022, 3, 28),
        issued_by="Cục CS QLHC về TTXH",
        expires_on=None,
        email=f"mau.{number[-3:]}@example.vn",
        phone=phone,
        province="51",
        ward="21421",
        address="Thôn 6",
    )


def walk(application: Application, until: Step) -> Application:
    """The demo's people do the steps of the apps above, each as its app's part says (`walks`)."""
    known = {step: walk for part in all_parts() for step, walk in part.walks.items()}
    while application.step != until and application.step in known:
        before = application.moves
        known[Step(application.step)](application)
        application = Application.objects.select_related("data_key", "plan", "user").get(pk=application.pk)
        if application.moves == before:
            raise RuntimeError(f"{application} does not get past {application.step}")
    return application


@transaction.atomic
def seed_application(full_name: str, number: str, phone: str, code: str, until: Step) -> None:
    """By the same verbs as a customer's browser."""
    application = opening.open_application(PURPOSES)
    Application.objects.filter(pk=application.pk).update(is_demo=True)
    application.is_demo = True
    told = told_by(full_name, number, phone)
    if until != Step.PLAN:
        plan.choose(application, code)
    if until == Step.DECLARATION:
        declaration.keep_draft(application, {"full_name": full_name, "phone": phone, "document": Document.CITIZEN})
    if until in (Step.PAYMENT, Step.ACTIVATION, Step.CAPTURE):
        declaration.declare(application, told)
    if until in (Step.ACTIVATION, Step.CAPTURE):
        payment.settle_free(application)
    if until == Step.CAPTURE:
        activation.activate(application, DEMO_PASSWORD)
