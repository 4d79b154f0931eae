"""Opening: consents by purpose, and the person who is known already."""

from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client

from enrollment import consents, dossier
from enrollment.journey import Channel, Step
from enrollment.models import Application, Consent
from enrollment.steps import opening
from portal.models import User
from tests.conftest import People
from tests.enrollment.conftest import BOTH, Customer

pytestmark = pytest.mark.django_db


def test_no_box_is_ticked_before(client: Client) -> None:
    """Promise P19, as far as never pre-ticked."""
    page = client.get("/register/").content.decode()
    assert page.count('type="checkbox"') == 3
    assert "checked" not in page


def test_the_required_ones_are_required_each_by_itself(client: Client) -> None:
    for given in ({}, {"terms": "on"}, {"personal-data": "on", "offers": "on"}):
        assert client.post("/register/", given).status_code == 200
    assert not Application.objects.exists()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_consent_is_kept_with_its_text_and_printed_as_it_was_read(client: Client, language: str) -> None:
    """Promise P19, as far as provable and printable."""
    client.cookies["django_language"] = language
    client.post("/register/", BOTH)
    given = {consent.purpose: consent for consent in Consent.objects.all()}
    assert set(given) == {"terms", "personal-data"}
    for consent in given.values():
        text = consents.text(consent.purpose, consent.version, language)
        assert (consent.text_hash, consent.language, consent.channel) == (text.hash, language, Channel.BROWSER)
    page = unescape(client.get("/application/consents/").content.decode())
    assert given["terms"].text_hash in page
    assert consents.text("terms", given["terms"].version, language).paragraphs[0] in page


def test_withdrawing_leave_to_process_stops_at_once(customer: Callable[..., Customer]) -> None:
    """Promise P19, as far as withdrawable."""
    walker = customer().opens().chooses().declares()
    walker.post("/application/consents/", {"purpose": "personal-data"})
    application = walker.application
    assert (application.step, application.reason) == (Step.STOPPED, "consent-withdrawn")
    assert "đã rút lại đồng ý" in walker.client.get("/application/").content.decode()


def test_withdrawing_an_offer_stops_nothing(client: Client) -> None:
    client.post("/register/", {**BOTH, "offers": "on"})
    client.post("/application/consents/", {"purpose": "offers"})
    assert Consent.objects.get(purpose="offers").withdrawn_at
    assert Application.objects.get().step == Step.PLAN


def test_a_text_that_was_shown_never_changes() -> None:
    """Change a text by a new version; the old file stays."""
    known = {
        ("terms", "vi"): "9d1c10f22345ed86",
        ("personal-data", "vi"): "f50800a18f2b8bfa",
    }
    for (purpose, language), start in known.items():
        assert consents.text(purpose, "2026-11", language).hash.startswith(start)


def test_whoever_comes_back_may_go_on_or_begin_anew(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses()
    old = walker.application
    page = walker.client.get("/register/").content.decode()
    assert old.reference in page
    walker.post("/application/cancel/", {"anew": "1"})
    walker.opens()
    old.refresh_from_db()
    assert (old.step, old.reason) == (Step.STOPPED, "anew")
    assert walker.application.pk != old.pk


def test_with_an_account_it_is_another_certificate_without_activation(
    person: People, signed_in: Callable[[User], Client], customer: Callable[..., Customer]
) -> None:
    user = person(number="079190777777", phone="0912777777")
    walker = customer(signed_in(user), number="079190777777", phone="0912777777").opens().chooses().declares()
    walker.pays_nothing()
    application = Application.objects.get(user=user)
    assert (application.channel, application.step) == (Channel.ANOTHER, Step.CAPTURE)


def test_another_certificate_is_for_the_same_person_only(
    person: People, signed_in: Callable[[User], Client], customer: Callable[..., Customer]
) -> None:
    user = person()
    customer(signed_in(user)).opens().chooses().declares()
    assert Application.objects.get(user=user).step == Step.DECLARATION


def test_the_applications_of_others_are_out_of_reach(customer: Callable[..., Customer]) -> None:
    """Promise P13, as far as applications: no address names one, the session does."""
    walker, stranger = customer().opens().chooses(), customer()
    for path in ("/application/", "/application/consents/", "/register/plan/", "/application/other-device/"):
        own = path.startswith("/application/")  # whoever asks for one's own is signed out, and does not begin anew
        there = f"/sign-in/?next={quote(path, safe='')}" if own else "/register/"
        assert stranger.client.get(path).headers["Location"] == there
    assert stranger.client.get("/application/receipt/").status_code == 404
    assert stranger.client.get("/application/status/").status_code == 404
    assert walker.application.step == Step.DECLARATION


def test_an_agent_who_opens_it_is_in_the_file_and_so_can_not_decide(person: People) -> None:
    agent = person("agent")
    application = opening.open_application({"terms", "personal-data"}, branch=agent.branch, agent=agent)
    assert (application.branch, application.agent) == (agent.branch, agent)
    assert agent.pk in dossier.hands_of(application)
