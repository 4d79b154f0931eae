"""Whose budget a code of activation draws on, when it goes out of itself."""

from collections.abc import Callable

import pytest

from enrollment.standins.bank import Bank
from portal.accounts.signing_in import network_of
from portal.models import Allowance
from tests.enrollment.conftest import Customer, at_payment, deliver, messages_of, notice_of

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
