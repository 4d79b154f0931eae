"""The demo's people, who exist nowhere: what they declare, and how they walk to the step at which each is met."""

from datetime import date

from django.db import transaction

from enrollment.consents import PURPOSES
from enrollment.identity import Declaration, Document, born_per_number
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.parts import all_parts
from enrollment.steps import activation, declaration, opening, payment, plan
from portal.demo.people import DEMO_PASSWORD

# Synthetic, one at each step: the number's structure is valid, its holder does not exist.
PEOPLE = (
    ("Nguyễn Văn Mẫu Phúc", "051092000101", "0900000101", "", Step.PLAN),
    ("Trần Thị Mẫu Quyên", "038193000102", "0900000102", "theo-luot-12", Step.DECLARATION),
    ("Lê Thị Mẫu Sen", "001194000103", "0900000103", "khong-gioi-han-12", Step.PAYMENT),
    ("Phạm Văn Mẫu Tâm", "048095000104", "0900000104", "ps0-cong-dan", Step.ACTIVATION),
    ("Võ Thị Mẫu Uyên", "079196000105", "0900000105", "theo-luot-12", Step.CAPTURE),
)


def seed_people() -> None:
    if not Application.objects.filter(is_demo=True, channel=Channel.BROWSER).exists():
        for person in PEOPLE:
            seed_application(*person)


@transaction.atomic
def seed_application(full_name: str, number: str, phone: str, code: str, until: Step) -> None:
    """By the same verbs as a customer's browser."""
    application = opening.open_application(PURPOSES)
    Application.objects.filter(pk=application.pk).update(is_demo=True)
    application.is_demo = True
    if until != Step.PLAN:
        plan.choose(application, code)
    if until == Step.DECLARATION:
        declaration.keep_draft(application, {"full_name": full_name, "phone": phone, "document": Document.CITIZEN})
    if until in (Step.PAYMENT, Step.ACTIVATION, Step.CAPTURE):
        declaration.declare(application, declaration_of_nobody(full_name, number, phone, home_of(number)))
    if until in (Step.ACTIVATION, Step.CAPTURE):
        payment.settle_free(application)
    if until == Step.CAPTURE:
        activation.activate(application, DEMO_PASSWORD)


def home_of(number: str) -> str:
    """No two of them live together: that would be a warning to whoever reviews them."""
    return f"Số {int(number[-3:])}, thôn 6"


def declaration_of_nobody(full_name: str, number: str, phone: str, address: str = "Thôn 6") -> Declaration:
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
        address=address,
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
