"""One open application per person: who holds a number, and what another who declares it sees."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from enrollment import tasks
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.models import Payment
from enrollment.steps import activation, holding, leaving
from portal import sealing, writing
from portal.models import Allowance, Message, User
from tests.conftest import People, at_once
from tests.enrollment.conftest import FREE, PAID, PASSWORD, Customer, code_sent, messages_of, typed
from tests.enrollment.test_activation import waiting
from tests.enrollment.test_leaving import later

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_a_second_application_looks_the_same_and_gets_its_code_too(customer: Customers) -> None:
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
    assert codes == [1, 2]  # to the own phone: whether a code comes tells nothing either
    assert messages_of("known_application") == 1


def comparable(page: str, application: Application) -> str:
    order = application.order
    assert order
    assert application.declaration
    for own in (application.reference, order.reference, application.declaration.number):
        page = page.replace(own, "…")
    return re.sub(r'value="[A-Za-z0-9]{64}"|data-ends="\d+">[^<]*|data-news="[^"]*"|data-wait="\d+"', "…", page)


def second(customer: Customers, holder: Customer, plan: str = FREE) -> Customer:
    """Somebody else, with a phone of the own, who declares the same number."""
    other = customer(number=holder.declaration.number, phone="0988123456").opens().chooses(plan).declares()
    return other.confirms_phone() if plan == PAID else other.pays_nothing()


def approved(walker: Customer) -> None:
    Application.objects.filter(user__isnull=False).update(step=Step.COMPLETE, reached=Step.COMPLETE)


def test_a_number_whose_card_was_seen_stays_and_its_owner_is_told(customer: Customers) -> None:
    holder = waiting(customer)
    holder.activates()
    approved(holder)
    other = second(customer, holder)
    assert other.application.is_duplicate
    assert messages_of("known_account") == 1
    page = other.activates().content.decode()
    assert "đã có tài khoản" in page
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        tasks.tidy()
    assert User.objects.get().check_password(PASSWORD)


def test_an_account_that_staff_opened_stays(customer: Customers, person: People) -> None:
    person(number="079190888888")
    other = customer(number="079190888888").opens().chooses().declares().pays_nothing()
    assert "đã có tài khoản" in other.activates().content.decode()


def test_no_money_is_taken_for_a_number_that_is_anothers(customer: Customers) -> None:
    holder = waiting(customer)
    holder.activates()
    approved(holder)
    other = second(customer, holder, PAID)
    assert (other.application.step, other.application.reason) == (Step.STOPPED, "known")
    assert not other.application.orders.exclude(status="cancelled").exists()  # money that comes now goes back
    assert "không đăng ký mới được" in other.client.get("/application/").content.decode()


def test_who_proved_a_phone_first_has_days_to_show_the_card_and_no_money_is_taken_meanwhile(
    customer: Customers,
) -> None:
    holder = customer().opens().chooses(PAID).declares().confirms_phone()
    other = second(customer, holder, PAID)
    assert (other.application.step, other.application.is_duplicate) == (Step.PAYMENT, True)
    assert messages_of("contested") == 1
    assert "chưa chứng minh bằng giấy tờ" in other.post("/register/payment/", {"gateway": "vnpay"}).content.decode()
    assert not Payment.objects.exists()
    Application.objects.update(proved_at=timezone.now() - holding.GRACE)
    other.post("/register/payment/", {"gateway": "vnpay"})
    assert Payment.objects.get().order.subject == other.application.pk
    assert (holder.application.step, holder.application.reason) == (Step.STOPPED, "displaced")


@pytest.mark.parametrize("plan", [FREE, PAID])
def test_who_has_proved_something_goes_before_who_typed_a_number(customer: Customers, plan: str) -> None:
    """Else anyone could keep a number from its owner by typing it. Nobody is stopped: the first is the second now."""
    squatter = customer().opens().chooses().declares()
    owner = second(customer, squatter, plan)
    if plan == FREE:
        assert owner.activates().status_code == 302
        assert User.objects.get().phone == "0988123456"
    assert not Application.objects.get(phone_index=sealing.blind_index("phone", "0988123456")).is_duplicate
    assert (squatter.application.step, squatter.application.is_duplicate) == (Step.PAYMENT, True)


def test_the_code_of_whoever_comes_second_opens_from_any_browser(customer: Customers) -> None:
    owner = second(customer, customer().opens().chooses().declares())
    elsewhere = customer()
    elsewhere.declaration = owner.declaration
    assert elsewhere.activates().status_code == 302


def squatted(customer: Customers) -> tuple[Customer, Customer]:
    """An account over a number whose owner comes later and enters the code that went to the own phone."""
    squatter = waiting(customer)
    squatter.activates()
    owner = second(customer, squatter)
    return squatter, owner


def test_an_account_whose_card_nobody_saw_goes_to_the_numbers_owner_after_days_of_grace(customer: Customers) -> None:
    """Both are told, each by the own ways; the owner gets another code of itself when the days are over."""
    squatter, owner = squatted(customer)
    page = owner.activates().content.decode()
    assert "Mã đúng" in page
    assert "chưa chứng minh bằng giấy tờ" in page
    warned = Message.objects.get(template="enrollment/messages/contested", channel="sms")
    assert warned.masked == writing.masked(squatter.declaration.phone)
    later(2.9)
    assert squatter.client.get("/account/").status_code == 200
    assert User.objects.get().is_active
    later(3.1)
    lost = User.objects.get()
    assert not lost.is_active
    assert squatter.client.get("/account/").status_code == 302
    assert (Application.objects.get(user=lost).step, messages_of("displaced")) == (Step.STOPPED, 1)
    assert messages_of("activation_code") == 3
    assert owner.activates().status_code == 302
    assert User.objects.with_number(owner.declaration.number) != lost


def test_who_shows_the_card_in_time_keeps_the_number_until_people_have_decided(customer: Customers) -> None:
    owner = squatted(customer)[1]
    owner.activates()
    Application.objects.filter(user__isnull=False).update(step=Step.REVIEW, reached=Step.REVIEW)
    later(3.1)
    assert User.objects.get().is_active
    shown = Application.objects.get(user__isnull=False)
    assert holding.is_contested(shown)
    assert [name for name, _said in holding.rows(shown)] == ["Tranh chấp"]
    leaving.leave(shown, "rejected")
    later(3.2)
    assert not User.objects.get().is_active
    assert owner.activates().status_code == 302


def test_a_number_held_by_an_account_that_leads_to_nothing_goes_over_at_once(customer: Customers) -> None:
    squatter, owner = squatted(customer)
    squatter.post("/application/cancel/")
    assert owner.activates().status_code == 302
    assert messages_of("displaced") == 1


def test_whoever_only_declares_takes_nothing_however_long_it_lasts(customer: Customers) -> None:
    squatted(customer)
    later(20)
    assert User.objects.get().is_active
    assert messages_of("contested") == 0


def test_a_contact_corrected_after_the_proof_is_proved_anew(customer: Customers) -> None:
    walker = customer().opens().chooses(PAID).declares().confirms_phone()
    assert walker.application.proved_at
    walker.post("/register/back/", {"to": "declaration"})
    walker.declaration = replace(walker.declaration, email="khac@example.vn")
    walker.declares()
    assert walker.application.proved_at is None


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_ten_owners_who_enter_their_codes_at_once_one_has_the_account(customer: Customers) -> None:
    number = customer().declaration.number
    walkers, codes = [], []
    for place in range(10):
        phone, email = f"098812340{place}", f"chu{place}@example.vn"
        walkers.append(customer(number=number, phone=phone, email=email).opens().chooses().declares().pays_nothing())
        codes.append(code_sent("activation_code"))
    answers = at_once(10, lambda place: walkers[place].activates(codes[place]).status_code)
    assert answers.count(302) == 1
    assert User.objects.count() == 1
    assert Application.open_ones().filter(is_duplicate=False).count() == 1


def test_a_proved_phone_counts_for_the_number_it_was_proved_with(customer: Customers) -> None:
    """Else a duplicate could come to pay."""
    holder = waiting(customer)
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
