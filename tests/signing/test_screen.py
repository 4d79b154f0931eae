"""What the customer's pages lead to on the second screen: nowhere but to pages that are open there; and no paper stays."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.journey import Step
from portal.models import User
from signing.models import Paper
from signing.steps import contract
from tests.conftest import People
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_screen import closed_links
from tests.signing.conftest import again, onward

pytestmark = pytest.mark.django_db
PAGES = {
    Step.CONTRACT: ("contract", "contract/signature", "consents"),
    Step.PIN: ("pin", "receipt"),
    Step.REVIEW: ("waiting",),
    Step.ISSUANCE: ("issuing",),
    Step.ACCEPTANCE: ("acceptance",),
}


@pytest.fixture
def desk(staff: People, signed_in: Callable[[User], Client]) -> Desk:
    """With a customer who activated the account at the second screen."""
    agent = staff("agent")
    walked = Desk(signed_in(agent), agent).opens().declares().at_screen().lets_in().agrees()
    return walked.hands_over().activates()


def leads_to(browser: Client, page: str) -> set[str]:
    answer = browser.get(page)
    assert answer.status_code == 200, page
    return closed_links(answer)


def test_every_page_of_the_way_leads_to_open_pages_alone(desk: Desk, deciders: tuple[User, User]) -> None:
    application, closed = again(desk.application), {}
    contract.begin(application, place="", device="")
    for step, pages in PAGES.items():
        application = onward(application, step, deciders)
        for page in pages:
            closed[page] = leads_to(desk.client, f"/screen/application/{page}/")
    onward(application, Step.COMPLETE, deciders)
    closed["certificate"] = leads_to(desk.client, "/screen/certificate/")
    for page in ("terms", "privacy"):
        closed[page] = leads_to(desk.client, f"/screen/{page}/")
    assert {page: leads for page, leads in closed.items() if leads} == {}


def test_a_paper_is_shown_within_a_page_and_in_no_window_of_its_own(desk: Desk, deciders: tuple[User, User]) -> None:
    """Which nothing would take from the screen when its session ends."""
    onward(again(desk.application), Step.ACCEPTANCE, deciders)
    desk.client.get("/screen/application/acceptance/")
    assert Paper.of(desk.application, Paper.Kind.MINUTES)
    within = desk.client.get("/screen/application/paper.pdf", headers={"Sec-Fetch-Dest": "iframe"})
    assert within.headers["Content-Type"] == "application/pdf"
    assert within.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in within.headers["Content-Security-Policy"]
    alone = desk.client.get("/screen/application/paper.pdf", headers={"Sec-Fetch-Dest": "document"})
    assert alone.headers["Location"] == "/screen/application/landing/"
    page = desk.client.get("/screen/application/acceptance/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_pin_is_made_there_without_biometrics(desk: Desk, deciders: tuple[User, User]) -> None:
    """The finger that opens this computer is the agent's."""
    onward(again(desk.application), Step.PIN, deciders)
    assert "data-with-passkey" not in desk.client.get("/screen/application/pin/").content.decode()
