"""One open application per person: who holds a number, and what another who declares it sees."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import activation
from portal.models import Allowance, Message
from tests.conftest import People, at_once
from tests.enrollment.conftest import FREE, PAID, Customer, messages_of, typed

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_a_second_application_looks_the_same_and_gets_no_code(customer: Customers) -> None:
    """Promise P14, as far as one open application per person. The holder is told, the stranger is not."""
    first = customer().opens().chooses().declares().pays_nothing()
    pages, codes = [], []
    for declaration in (first.declaration, customer().declaration):
        walker = customer(**{**declaration.__dict__, "phone": "0988123456"})
        walker.opens().chooses()
        declared = walker.post("/register/declaration/", typed(walker.declaration))
        checked = walker.post("/register/declaration/check/")
        paid = walker.post("/register/payment/")
        created = walker.client.get("/register/created/").content.decode()
        waits = walker.client.get("/activate/").content.decode()
        application = walker.application
        assert (declared.status_code, checked.status_code, paid.status_code) == (302, 302, 302)
        pages.append(comparable(created + waits, application))
        codes.append(
            Message.objects.filter(masked="09•••••456", template="enrollment/messages/activation_code").count()
        )
    assert pages[0] == pages[1]
    assert codes == [0, 1]
    assert messages_of("known_application") == 1


def comparable(page: str, application: Application) -> str:
    order = application.order
    assert order
    assert application.declaration
    for own in (application.reference, order.reference, application.declaration.number):
        page = page.replace(own, "…")
    return re.sub(r'value="[A-Za-z0-9]{64}"|data-ends="\d+">[^<]*|data-wait="\d+"', "…", page)


def test_whoever_has_an_account_is_told_by_message_only(customer: Customers, person: People) -> None:
    person(number="079190888888")
    walker = customer(number="079190888888").opens().chooses().declares().pays_nothing()
    assert walker.application.is_duplicate
    assert messages_of("activation_code") == 0
    assert messages_of("known_account") == 1


def test_a_duplicate_is_asked_for_no_money(customer: Customers) -> None:
    holder = customer().opens().chooses(PAID).declares().confirms_phone()
    duplicate = (
        customer(number=holder.declaration.number, phone="0988123456").opens().chooses(PAID).declares().confirms_phone()
    )
    assert (duplicate.application.step, duplicate.application.reason) == (Step.STOPPED, "known")
    assert not duplicate.application.orders.exclude(status="cancelled").exists()  # money that comes now goes back
    assert "không đăng ký mới được" in duplicate.client.get("/application/").content.decode()


def test_whoever_proves_a_phone_goes_before_a_holder_who_proved_nothing(customer: Customers) -> None:
    """Else anyone could keep a number from its owner by typing it."""
    squatter = customer().opens().chooses().declares()
    owner = (
        customer(number=squatter.declaration.number, phone="0988123456")
        .opens()
        .chooses(PAID)
        .declares()
        .confirms_phone()
    )
    assert (squatter.application.step, squatter.application.reason) == (Step.STOPPED, "displaced")
    assert not squatter.application.orders.exclude(status="cancelled").exists()
    assert (owner.application.step, owner.application.is_duplicate) == (Step.PAYMENT, False)
    assert messages_of("displaced") == 1


def test_one_that_waits_for_its_code_is_not_displaced(customer: Customers) -> None:
    waiting = customer().opens().chooses().declares().pays_nothing()
    other = (
        customer(number=waiting.declaration.number, phone="0988123456")
        .opens()
        .chooses(PAID)
        .declares()
        .confirms_phone()
    )
    assert waiting.application.step == Step.ACTIVATION
    assert other.application.reason == "known"


def test_a_proved_phone_counts_for_the_number_it_was_proved_with(customer: Customers) -> None:
    """Else a duplicate could come to pay."""
    holder = customer().opens().chooses().declares().pays_nothing()
    walker = customer().opens().chooses(PAID).declares().confirms_phone()
    walker.post("/register/back/", {"to": "declaration"})
    walker.declaration = replace(walker.declaration, number=holder.declaration.number)
    walker.declares()
    assert walker.application.is_duplicate
    assert walker.application.phone_confirmed_at is None
    assert walker.client.get("/register/payment/").headers["Location"] == "/register/payment/phone/"


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"])
def test_a_number_has_one_spelling_in_every_script(customer: Customers, digits: str) -> None:
    holder = customer().opens().chooses().declares().pays_nothing()
    other = holder.declaration.number.translate(str.maketrans("0123456789", digits))
    assert customer(number=other, phone="0988123456").opens().chooses().declares().application.is_duplicate


def test_a_number_that_becomes_free_can_be_claimed(customer: Customers) -> None:
    holder = customer().opens().chooses().declares()
    duplicate = customer(number=holder.declaration.number).opens().chooses().declares().pays_nothing()
    holder.post("/application/cancel/")
    Allowance.objects.all().delete()
    duplicate.post("/activate/resend/")
    assert duplicate.activates().status_code == 302
    assert Application.objects.get(person_index=holder.application.person_index, reason="").step == Step.CAPTURE


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_declarations_at_once_one_holds_the_number(customer: Customers) -> None:
    """Promise P14, as far as thirty parallel attempts with the same number however written."""
    declaration = customer().declaration
    spaced = f"{declaration.number[:3]} {declaration.number[3:6]}.{declaration.number[6:]}"
    wide = declaration.number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    walkers = [
        customer(**declaration.__dict__).opens().chooses(PAID if place % 3 == 2 else FREE) for place in range(30)
    ]
    for place, walker in enumerate(walkers):
        walker.post(
            "/register/declaration/", {**typed(declaration), "number": (declaration.number, spaced, wide)[place % 3]}
        )
    at_once(30, lambda place: walkers[place].post("/register/declaration/check/").status_code)
    assert Application.objects.filter(is_duplicate=False, step=Step.PAYMENT).count() == 1
    assert Application.objects.filter(is_duplicate=True, step=Step.PAYMENT).count() == 29


def test_the_countdown_of_a_duplicate_is_that_of_any_other(customer: Customers) -> None:
    holder = customer().opens().chooses().declares().pays_nothing()
    duplicate = (
        customer(number=holder.declaration.number, phone="0988123456").opens().chooses().declares().pays_nothing()
    )
    ends = [activation.ends(walker.application) for walker in (holder, duplicate)]
    assert ends[0]
    assert ends[1]
    assert abs(ends[0] - ends[1]) < timedelta(minutes=1)
