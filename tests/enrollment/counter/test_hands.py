"""Whose hands are at a page: nobody of staff does what is the customer's, by any address."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from enrollment import journey
from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from tests.conftest import PASSWORD, People
from tests.enrollment.conftest import BOTH
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_screen import OVER, pages

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FOR_ANYBODY = {
    *("enrollment:home", "enrollment:terms", "enrollment:privacy", "enrollment:wards"),
    *("signing:practice", "signing:verify", "signing:verified", "signing:status"),
}
IN_HAND = {  # what an agent does on the customer's pages, with an application in hand
    *("enrollment:declaration", "enrollment:draft", "enrollment:card", "enrollment:old_address", "enrollment:check"),
    *("enrollment:back", "enrollment:plan", "enrollment:payment", "enrollment:transfer", "enrollment:transfer_qr"),
    *("enrollment:paid", "enrollment:status", "kyc:capture", "kyc:rehearsal", "kyc:item", "kyc:piece", "kyc:photo"),
    *("kyc:begin_face", "kyc:promise_face", "kyc:done", "kyc:again", "kyc:phone", "kyc:phone_qr", "kyc:phone_standing"),
}
SECRET = (Step.CONSENT, Step.ACTIVATION, Step.CONTRACT, Step.PIN, Step.ACCEPTANCE)
FIELDS = {**BOTH, "number": "079190100000", "code": "000000", "password1": PASSWORD, "password2": PASSWORD, "t": "x"}


def customers() -> dict[str, str]:
    return {address: name for address, name in pages().items() if is_customers(name) and name not in FOR_ANYBODY}


def is_customers(name: str) -> bool:
    return name.rpartition(":")[0] in ("enrollment", "kyc", "signing")


@pytest.fixture
def waiting(desk: Desk) -> Application:
    """For the customer to read the contract, at the counter of all these."""
    return desk.opens().declares().lets_in().agrees().hands_over().activates().application


@pytest.fixture(params=["agent", "lead", "reviewer"])
def worker(
    request: pytest.FixtureRequest, desk: Desk, staff: People, signed_in: Callable[[User], Client]
) -> tuple[str, Client]:
    """The very agent who opened it; the head of the same counter; somebody who reviews."""
    return request.param, desk.client if request.param == "agent" else signed_in(staff(request.param))


def at_each_secret_step(application: Application) -> Iterator[dict[str, str]]:
    """Every page while the contract is read; then the page of each step at which something is secret, agreed to or signed."""
    every = customers()
    assert len(every) >= 69
    yield every
    for step in SECRET:
        Application.objects.filter(pk=application.pk).update(step=step, reached=step)
        page = journey.TURNS[step].page
        yield {address: name for address, name in every.items() if name == page}
        as_before = Application.objects.get(pk=application.pk)
        assert (as_before.step, as_before.moves) == (step, application.moves)


def test_no_page_of_a_customers_is_open_to_staff(worker: tuple[str, Client], waiting: Application) -> None:
    _role, client = worker
    for every in at_each_secret_step(waiting):
        assert every
        for address in every:
            assert client.get(address).status_code == 403, address
            assert client.post(address, FIELDS).status_code == 403, address


def test_nor_with_the_application_in_hand(worker: tuple[str, Client], waiting: Application) -> None:
    """There an agent has the agent's pages alone, and others of staff have none."""
    role, client = worker
    prefix = f"/counter/at/{waiting.reference}"
    for every in at_each_secret_step(waiting):
        for address, name in every.items():
            seen, sent = client.get(f"{prefix}{address}"), client.post(f"{prefix}{address}", FIELDS)
            if role != "agent":
                assert (seen.status_code, sent.status_code) == (404, 404), address
            elif name in IN_HAND:
                assert name == "enrollment:status" or min(seen.status_code, sent.status_code) >= 300, address
            else:
                assert (seen["Location"], sent.status_code) == (f"/counter/{waiting.reference}/", 404), address


@pytest.mark.parametrize("planted", [False, True])
def test_nor_at_the_second_screen(worker: tuple[str, Client], waiting: Application, planted: bool) -> None:
    """Where their own session is not seen; put into its jar, it ends there."""
    _role, client = worker
    own = client.cookies["sessionid"].value
    for address, name in pages().items():
        if planted:
            client.cookies["screen-sessionid"] = own
        for answer in (client.get(f"/screen{address}"), client.post(f"/screen{address}", FIELDS)):
            assert not answer.wsgi_request.user.is_authenticated or answer.status_code == 404, address
            if is_customers(name) and answer.status_code != 404:
                is_public = name in (*FOR_ANYBODY, "enrollment:invited", "enrollment:invited_code")
                assert is_public or answer["Location"] == OVER, address
