"""Whose budget a code of activation draws on, and how far one application, phone or mailbox reaches."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from enrollment.standins.bank import Bank
from enrollment.steps import budgets
from portal.accounts.signing_in import network_of
from portal.models import Allowance, Message, User
from tests.enrollment.conftest import PAID, Customer, at_payment, deliver, messages_of, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def spent() -> int:
    """Of the network that the test's browsers are in, and the test's gateway too."""
    budget = Allowance.objects.filter(purpose="codes from network", holder=network_of("127.0.0.1"))
    return budget.values_list("spent", flat=True).first() or 0


def test_a_code_for_which_nothing_was_paid_draws_on_the_networks_budget(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    before = spent()
    walker.pays_nothing()
    assert messages_of("activation_code") == 1
    assert spent() == before + 1


def test_who_paid_gets_a_code_at_nobodys_cost(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    before = spent()
    deliver(notice)
    assert messages_of("activation_code") == 1
    assert spent() == before


def test_one_application_sends_no_codes_to_ever_other_phones(customer: Customers) -> None:
    """Forty strangers got forty messages by way of the page on which a mistyped phone is corrected."""
    walker = customer().opens().chooses().declares().pays_nothing()
    answers = [
        walker.post("/activate/contact/", {"phone": f"09881000{place:02}", "email": f"la{place}@example.vn"})
        for place in range(40)
    ]
    assert messages_of("activation_code") == 1 + 3
    assert "nhiều lần" in answers[-1].content.decode()
    declared = walker.application.declaration
    assert declared
    assert declared.phone == "0988100002"  # what was refused changed nothing


def test_an_application_has_ten_codes_a_day_whatever_its_phone(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    for place in range(15):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * place + 2)):
            if place < 2:
                walker.post("/activate/contact/", {"phone": f"09881000{place:02}", "email": "la@example.vn"})
            walker.post("/activate/resend/")
    assert messages_of("activation_code") == 10


def test_forty_applications_fill_nobodys_mailbox(customer: Customers) -> None:
    """By whichever of its addresses."""
    for place in range(8):
        customer(email=f"hop.thu+{place}@gmail.com").opens().chooses().declares().pays_nothing()
    sent = Message.objects.filter(template="enrollment/messages/activation_code", channel="email")
    assert sent.count() == budgets.NUMBERS.times


def test_one_phone_opens_no_accounts_for_ever_other_numbers(customer: Customers) -> None:
    """It opened twenty for foreign numbers in half a minute; a family may share one."""
    said = []
    for day in range(4):
        with time_machine.travel(timezone.now() + timedelta(days=day)):
            walker = customer(phone="0988123456").opens().chooses().declares().pays_nothing()
            said.append(walker.activates().content.decode())
    assert User.objects.count() == budgets.ACCOUNTS.times
    assert "nhiều số giấy tờ khác" in said[-1]


def test_the_number_asked_for_again_is_no_other_number(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    for again in range(7):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * again + 2)):
            walker.post("/activate/resend/")
    assert messages_of("activation_code") == 8


def test_a_phone_is_asked_to_confirm_within_the_same_budget(customer: Customers) -> None:
    for _number in range(8):
        walker = customer(phone="0988123456").opens().chooses(PAID).declares()
        walker.post("/register/payment/phone/")
    assert messages_of("phone_code") == budgets.NUMBERS.times
