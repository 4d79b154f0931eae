"""A walk-in in Chromium, from "Khách mới" to an active certificate: two browsers, a fake camera, two reviewers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Playwright
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import CashReceipt, Payment
from enrollment.standins.bank import Bank
from kyc.models import Case, Evidence
from kyc.steps import checking
from signing.steps import issuance, performing, sealing
from tests.browser import timing
from tests.browser.counters import SHOTS, Agent, Customer, Desk, phone_of
from tests.browser.hands import Mouse, at_work, enter
from tests.browser.test_pages import speak
from tests.browser.timing import Clock, Counted
from tests.conftest import People
from tests.enrollment.conftest import FREE, PAID, a_declaration, deliver, notice_of
from tests.kyc.conftest import act, to_approval
from tests.signing.conftest import lay_keys

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
Counter = tuple[Agent, Customer, Desk]


@pytest.fixture
def _at_work(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A signer that looks for its work as its queue would tell it to."""
    monkeypatch.setattr(settings, "SIGNER", True)
    lay_keys()
    with at_work(performing.perform_due, sealing.seal_due, issuance.issue_due, every=0.1):
        yield


@pytest.fixture
def counter(
    playwright: Playwright, chromium: Browser, live_server: LiveServer, staff: People, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[int, str, str], Counter]]:  # fmt: skip
    """An agent signed in at a screen this wide, in this language; beside it a customer with a phone in that one."""
    address = live_server.url.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(settings, "SITE_URL", address)
    open_now: list[Counter] = []

    def opened(width: int, language: str, customers: str) -> Counter:
        desk = Desk(playwright, tmp_path, address, width)
        page = desk.context.pages[0]
        enter(page, staff("agent"))
        speak(page, language)
        customer = phone_of(chromium, address, a_declaration(phone="0987654321"), customers)
        open_now.append((Agent(page, language, "agent", Mouse()), customer, desk))
        return open_now[-1]

    yield opened
    for agent, customer, desk in open_now:
        for seat in (agent, customer):
            if SHOTS and not seat.page.is_closed():  # where it stood when something was amiss
                seat.page.screenshot(path=f"{SHOTS}/last-{seat.who}.png")
        customer.page.context.close()
        desk.context.close()


@pytest.fixture
def bank() -> Iterator[Bank]:
    gateways.cache_clear()
    yield Bank()
    gateways.cache_clear()


def approved(application: Application, staff: People) -> None:
    """By two at the desk, neither of whom served at the counter."""
    reviewer, approver = staff("reviewer"), staff("approver")
    checking.check_due()
    case = Case.objects.select_related("application", "application__data_key").get(application=application)
    to_approval(case, reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    until(lambda: Application.objects.get(pk=application.pk).step == Step.ACCEPTANCE)


def until(condition: Callable[[], bool], seconds: int = 30) -> None:
    for _tenth in range(seconds * 10):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def to_the_money(agent: Agent, customer: Customer, plan: str, *, by_reader: bool = True) -> None:
    agent.opens()
    if by_reader:
        agent.scans(customer.declaration)
    else:
        agent.types(customer.declaration)
    agent.declares()
    customer.comes_in(agent.invites())
    customer.agrees()
    agent.chooses(plan)


def finishes(agent: Agent, customer: Customer, staff: People) -> None:
    agent.photographs()
    agent.attests()
    agent.looks()
    customer.activates()
    customer.signs()
    customer.makes_pin()
    approved(agent.application, staff)
    customer.accepts()
    assert agent.application.step == Step.COMPLETE


@pytest.mark.usefixtures("_at_work")
def test_a_free_walk_in_from_the_card_to_the_certificate(
    counter: Callable[[int, str, str], Counter], staff: People
) -> None:
    """Promise P27: of all that the portal answered to the agent, and all that the agent's browser keeps, nothing is the
    customer's secret, and no picture came back."""
    agent, customer, desk = counter(1440, "vi", "vi")
    to_the_money(agent, customer, FREE, by_reader=False)
    agent.settles()
    finishes(agent, customer, staff)
    customer.page.context.close()
    desk.context.close()
    nothing_secret(desk, customer, agent.application)


@pytest.mark.usefixtures("_at_work")
def test_a_transfer_turns_the_agents_page_by_itself(
    counter: Callable[[int, str, str], Counter], bank: Bank, staff: People
) -> None:
    """In English, on a narrow screen; the customer pays with an app of their own."""
    agent, customer, _desk = counter(1024, "en", "en")
    to_the_money(agent, customer, PAID)
    agent.shows_transfer()
    deliver(notice_of(bank, Payment.objects.get()))
    agent.page.wait_for_url("**/application/capture/")
    finishes(agent, customer, staff)


@pytest.mark.usefixtures("_at_work")
def test_cash_is_taken_and_the_walk_goes_on_from_its_receipt(
    counter: Callable[[int, str, str], Counter], staff: People
) -> None:
    agent, customer, _desk = counter(1440, "vi", "vi")
    agent.opens_drawer()
    to_the_money(agent, customer, PAID)
    agent.takes_cash("500000")
    finishes(agent, customer, staff)
    receipt = CashReceipt.objects.get()
    assert (receipt.amount, receipt.tendered - receipt.change) == (220_000, 220_000)


def test_a_walk_in_takes_less_than_four_minutes(counter: Callable[[int, str, str], Counter]) -> None:
    """From the button to the hand-over, with a QR reader and in cash, as tests/browser/timing.py counts it."""
    agent, customer, _desk = counter(1440, "vi", "vi")
    agent.opens_drawer()
    agent.page.goto("/counter/")
    clock = Clock()
    agent.hands, customer.hands = Counted(clock), Counted(clock, thumb=True)
    clock.begins("declaration")
    agent.opens()
    clock.takes(timing.CARD_READ)
    agent.scans(customer.declaration)
    agent.declares()
    clock.begins("the customer's phone")
    clock.takes(timing.AIMED + timing.SMS + timing.CODE_READ)
    customer.comes_in(agent.invites())
    customer.agrees()
    clock.begins("plan")
    agent.chooses(PAID)
    clock.begins("cash")
    clock.takes(timing.CHANGE_GIVEN)
    agent.takes_cash("500000")
    clock.begins("card and face")
    clock.takes(2 * timing.SIDE_LAID + timing.SEATED)
    agent.photographs()
    clock.begins("attestation")
    agent.attests()
    clock.ends()
    print(f"\n{clock}")
    assert agent.application.step == Step.ACTIVATION
    assert clock.whole < 240


def nothing_secret(desk: Desk, customer: Customer, application: Application) -> None:
    """As digits and letters, and of pictures any run of bytes that the browser sent or the portal keeps."""
    assert len(customer.secrets) >= 5  # password, PIN, and the codes of phone, activation and contract
    kept = [evidence.file.read() for evidence in Evidence.of(application).values() if evidence.file]
    pieces = [picture[at : at + 48] for picture in (*desk.pictures, *kept) for at in range(1000, len(picture), 5000)]
    assert len(pieces) > 20
    answers = list(desk.answers())
    assert len(answers) > 30
    for address, kind, body in answers:
        assert not (kind.startswith("image/") and "svg" not in kind), address
        assert secrets_in(body, customer.secrets, pieces) == [], address
    for path, content in desk.files():
        assert secrets_in(content, customer.secrets, pieces) == [], path


def secrets_in(body: bytes, secrets: set[str], pieces: list[bytes]) -> list[str]:
    alone = [secret for secret in secrets if stands_alone(secret, body)]
    return alone + ["picture" for piece in pieces if piece in body]


def stands_alone(secret: str, body: bytes) -> bool:
    """Six digits stand in longer numbers by chance, and mean nothing there."""
    at = body.find(secret.encode())
    while at >= 0:
        around = body[max(0, at - 1) : at] + body[at + len(secret) : at + len(secret) + 1]
        if not any(chr(byte).isalnum() for byte in around):
            return True
        at = body.find(secret.encode(), at + 1)
    return False
