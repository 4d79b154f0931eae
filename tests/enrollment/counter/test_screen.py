"""The second screen: a session of its own in the agent's browser, for one application, that leaves nothing behind."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from enrollment.counter import screen
from enrollment.journey import Step
from enrollment.models import Application
from portal.demo.people import current_code
from portal.models import Event, User
from portal.sessions import name_of
from tests.conftest import PASSWORD, People
from tests.enrollment.conftest import FREE, Customer, a_declaration, code_sent
from tests.enrollment.counter.conftest import Desk

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
OVER = "/screen/over/"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """With a customer before the second screen, to whose phone the code of the invitation came."""
    return desk.opens().declares().at_screen().lets_in()


@pytest.fixture
def handed_over(desk: Desk) -> Desk:
    return desk.agrees().hands_over()


def names(browser: Client, prefix: str = "") -> set[str]:
    return {name for name, cookie in browser.cookies.items() if cookie.value and name.startswith(prefix)}


SAMPLES = {"int": "1", "slug": "x", "str": "x", "path": "1", "uuid": "00000000-0000-4000-8000-000000000000"}


def pages(resolver: URLResolver | None = None, within: str = "/", room: str = "") -> dict[str, str]:
    """Every page of the site by an address of it, and its name."""
    known: dict[str, str] = {}
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each.pattern, RegexPattern):
            continue  # the admin's own word for what it does not know
        address = within + re.sub(r"<(\w+):\w+>", lambda kind: SAMPLES[kind[1]], str(each.pattern))
        if isinstance(each, URLResolver):
            known |= pages(each, address, f"{room}{each.namespace}:" if each.namespace else room)
        else:
            known[address] = room + (each.name or "")
    return known


def token_of(browser: Client, page: str) -> str:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(page).content.decode())
    assert token
    return token.group(1)


def sign_in(browser: Client, agent: User) -> None:
    """By the form, with its token and the second factor."""
    for page, typed in (
        ("/sign-in/", {"login": agent.id_number, "password": PASSWORD}),
        ("/account/security/authenticate/", {"code": current_code(agent)}),
    ):
        browser.post(page, {"csrfmiddlewaretoken": token_of(browser, page)} | typed)


def closed_links(answer: Any) -> set[str]:
    """Whatever a page leads to or asks, its files aside, that is not open at the screen."""
    page = re.sub(r"<(link|script|img)\b[^>]*>", "", answer.content.decode())
    named = {
        html.unescape(address) for address in re.findall(r'(?:href|action|data-[a-z-]+)="((?:/|https?:)[^"#]+)', page)
    }
    return {address for address in named if not is_open(address.partition("?")[0])}


def is_open(address: str) -> bool:
    return address.startswith("/screen/") and screen.is_open(address.removeprefix("/screen"))


# ── The jar ──


def test_the_customer_signs_in_beside_the_agent(handed_over: Desk) -> None:
    browser = handed_over.client
    agent = names(browser) - names(browser, "screen-")
    assert handed_over.activates().application.step == Step.CONTRACT
    assert browser.get("/screen/application/").headers["Location"] == "/screen/application/contract/"
    assert browser.get("/screen/application/contract/").context["user"].roles == ["customer"]
    own = names(browser, "screen-")
    assert {"screen-sessionid", "screen-csrftoken"} <= own
    assert names(browser) - own == agent
    assert all(browser.cookies[name]["path"] == "/screen/" for name in own)
    assert browser.get("/account/").context["user"].roles == ["agent"]


def test_a_sign_in_at_the_screen_leaves_the_agents_open_form_as_it_is(handed_over: Desk) -> None:
    """Each side's CSRF secret turns by itself: at the sign-in, which comes between the form and its sending."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = handed_over.client.cookies
    before = token_of(browser, "/account/sessions/")
    enter = {"csrfmiddlewaretoken": token_of(browser, "/screen/activate/")}
    typed = {"number": handed_over.declaration.number, "code": code_sent("activation_code")}
    assert browser.post("/screen/activate/", typed | enter).status_code == 302
    chosen = {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"}
    assert browser.post("/screen/activate/password/", chosen | enter).status_code == 302
    assert browser.cookies["csrftoken"].value != browser.cookies["screen-csrftoken"].value
    assert browser.post("/account/sessions/end/", {"csrfmiddlewaretoken": before}).status_code == 302
    at_screen = token_of(browser, "/screen/application/contract/")
    browser.post("/sign-out/", {"csrfmiddlewaretoken": before})
    sign_in(browser, handed_over.user)
    assert browser.post("/screen/stay/", {"csrfmiddlewaretoken": at_screen}).status_code == 200


def test_what_is_set_lasts_no_longer_than_the_browser(handed_over: Desk) -> None:
    browser = handed_over.activates().client
    browser.post("/screen/language/", {"language": "en", "next": "/screen/terms/"})
    assert names(browser, "screen-") >= {"screen-django_language", "screen-signed-in-before"}
    for name in names(browser, "screen-"):
        assert (browser.cookies[name]["max-age"], browser.cookies[name]["expires"]) == ("", ""), name
    assert browser.get("/account/").headers["Content-Language"] == "vi"


# ── What is open ──


def test_every_page_of_the_site_is_closed_there_but_those_of_ones_own_application(client: Client) -> None:
    """A new page is closed until somebody thinks of it."""
    every = pages()
    assert len(every) > 240
    assert set(every.values()) >= screen.OPEN
    for address, name in every.items():
        for answer in (client.get(f"/screen{address}"), client.post(f"/screen{address}")):
            reached = answer.wsgi_request.resolver_match
            assert (reached.view_name if reached else "") == (name if name in screen.OPEN else ""), address
            assert reached or answer.status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        *("", "register/", "register/back/", "resume/", "sign-in/", "account/", "account/password/", "admin/"),
        *("counter/", "demo/", "api/payments/vnpay/", "verify/", "application/capture/done/", "application/cancel/"),
        *("application/other-device/", "certificate/documents/", "metrics", "healthz", "password/forgotten/"),
        *("activate/again/", "manifest.webmanifest", "counter/at/X/activate/", "over", "screen/", "screen/over/"),
    ],
)
def test_a_closed_page_is_not_found(client: Client, address: str) -> None:
    """Nor does the page that says so lead out of the screen."""
    answer = client.get(f"/screen/{address}")
    assert answer.status_code == 404
    assert closed_links(answer) == set()
    assert client.post(f"/screen/{address}").status_code == 404


def test_no_redirect_leads_out_of_the_screen(desk: Desk) -> None:
    for leads_to in ("/", "/account/", "https://elsewhere.example/", "/screen/account/"):
        answer = desk.lets_in().theirs("/language/", {"language": "en", "next": leads_to})
        assert answer.headers["Location"] == OVER, leads_to
    assert desk.lets_in().theirs("/sign-out/").headers["Location"] == OVER
    assert desk.client.get("/account/").status_code == 200


def test_without_an_invitation_nobody_is_a_guest(client: Client, person: People) -> None:
    """Nor is whoever signed in elsewhere, though it were with an application of their own."""
    for page in (
        "activate/",
        "register/consent/",
        "application/",
        "application/pin/",
        "certificate/",
        "register/plan/",
    ):
        assert client.get(f"/screen/{page}").headers["Location"] == OVER, page
    assert client.get("/screen/terms/").status_code == 200


def test_the_customer_waits_there_while_it_is_the_agents_turn(desk: Desk) -> None:
    desk.agrees()
    for page in ("/register/plan/", "/application/", "/application/landing/"):
        answer = desk.client.get(f"/screen{page}", follow=True)
        assert "Nhân viên quầy đang làm bước" in answer.content.decode(), page
        assert closed_links(answer) == set()
    assert desk.theirs("/register/plan/", {"plan": FREE}).status_code == 409


def test_a_code_for_another_opens_nothing_there(handed_over: Desk, customer: Customers) -> None:
    """It is one application's screen, though the other's phone be in the same hand."""
    other = customer().opens().chooses().declares().pays_nothing()
    typed = {"number": other.declaration.number, "code": code_sent("activation_code")}
    assert handed_over.theirs("/activate/", typed).status_code == 200
    assert Client().post("/activate/", typed).headers["Location"] == "/activate/password/"


# ── Who is watching ──


def test_every_page_says_who_is_watching(desk: Desk) -> None:
    helped = f"Quầy {desk.user.branch}. Nhân viên {desk.user.full_name} đang giúp Quý khách và không được nhìn"
    for page in (f"/screen/invited/?t={desk.ticket()}", "/screen/terms/"):
        page_text = desk.client.get(page).content.decode()
        assert ("Màn hình dành cho khách" in page_text, helped in page_text) == (True, page != "/screen/terms/"), page
    desk.lets_in()
    for page in ("/screen/register/consent/", "/screen/terms/", "/screen/application/consents/"):
        page_text = desk.client.get(page).content.decode()
        assert helped in page_text, page
        assert "Xong, trả màn hình" in page_text
        assert 'action="/screen/stay/"' in page_text


# ── Its end ──


def has_session(secret: str) -> bool:
    return Session.objects.filter(pk=name_of(secret)).exists()


def test_after_two_minutes_of_silence_it_is_over(desk: Desk) -> None:
    page, browser = "/screen/register/consent/", desk.client
    with time_machine.travel(time.time(), tick=False) as clock:
        for wait in (0, *[screen.SILENCE] * 3):
            clock.shift(wait)
            assert browser.get(page).status_code == 200
        clock.shift(screen.SILENCE + 1)
        assert browser.get(page).headers["Location"] == OVER
        assert not has_session(browser.cookies["screen-sessionid"].value)
        assert browser.get("/account/").context["user"].is_staff


def test_nothing_sent_after_the_silence_is_done(handed_over: Desk) -> None:
    """Also by somebody who is not signed in: an open password page waits no longer."""
    handed_over.enters()
    with time_machine.travel(time.time() + screen.SILENCE + 1, tick=False):
        chosen = {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"}
        assert handed_over.theirs("/activate/password/", chosen).headers["Location"] == OVER
        assert handed_over.theirs("/activate/password/", chosen).headers["Location"] == OVER
    assert handed_over.application.step == Step.ACTIVATION


def test_what_the_page_asks_by_itself_is_no_click(desk: Desk) -> None:
    browser, script = desk.client, {"Accept": "application/json"}
    with time_machine.travel(time.time(), tick=False) as clock:
        browser.get("/screen/register/consent/")
        ends = browser.get("/screen/stay/", headers=script).json()["ends"]
        clock.shift(60)
        for page in ("/screen/stay/", "/screen/application/status/"):
            assert browser.get(page, headers=script).status_code == 200
        assert browser.get("/screen/stay/", headers=script).json() == {"ends": ends, "now": ends - 60}
        assert browser.post("/screen/stay/", headers=script).json()["ends"] == ends + 60  # somebody touched the screen
        clock.shift(screen.SILENCE + 1)
        for _again in range(2):
            assert browser.get("/screen/application/status/", headers=script).status_code == 401
            assert browser.post("/screen/stay/", headers=script).status_code == 401


def test_handed_back_nothing_is_left_in_the_jar(handed_over: Desk) -> None:
    browser, person = handed_over.activates().client, handed_over.declaration
    secret = browser.cookies["screen-sessionid"].value
    assert has_session(secret)
    answer = browser.get(OVER)
    assert not names(browser, "screen-")
    assert not has_session(secret)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert not [word for word in (person.full_name, person.number, person.phone) if word in answer.content.decode()]
    assert browser.get("/screen/application/contract/").headers["Location"] == OVER
    assert browser.get("/account/").context["user"].is_staff
    assert not handed_over.application.pairings.exists()
    assert Event.objects.filter(verb="counter left").count() == 1


def test_the_agent_ends_it(handed_over: Desk) -> None:
    """By sending the device away, or letting in another; also after the customer signed in."""
    handed_over.lets_in()
    handed_over.post("invite/", {"end": "1"})
    assert handed_over.client.get("/screen/activate/").headers["Location"] == OVER
    handed_over.lets_in().activates()
    assert handed_over.client.get("/screen/application/contract/").status_code == 200
    handed_over.post("invite/", {"end": "1"})
    assert handed_over.client.get("/screen/stay/", headers={"Accept": "application/json"}).status_code == 401


def test_another_invitation_is_another_guest(desk: Desk, staff: People) -> None:
    """Nobody pressed the button: the next customer finds nothing of the one before."""
    before = desk.client.cookies["screen-sessionid"].value
    first = desk.reference
    desk.declaration = replace(a_declaration(), full_name="Lê Văn Mẫu Hai")
    ticket = desk.opens().declares().ticket()
    assert desk.client.get(f"/screen/invited/?t={ticket}").status_code == 200
    assert not has_session(before)
    assert not Application.objects.get(reference=first).pairings.exists()
    desk.lets_in()
    assert "Lê Văn Mẫu Hai" in desk.client.get("/screen/register/consent/").content.decode()


def test_no_staff_is_a_guest(signed_in: Callable[[User], Client], staff: People, person: People) -> None:
    """By whatever way their session came into the jar; also of those who are sent to set up a second factor first."""
    for agent in (staff("lead"), person("agent")):
        stranger = signed_in(agent)
        stranger.cookies["screen-sessionid"] = stranger.cookies["sessionid"].value
        assert stranger.get("/screen/terms/").headers["Location"] == OVER
        stranger.get(OVER)
        assert stranger.get("/account/").headers["Location"].startswith("/sign-in/")


def test_its_session_is_nobodys_elsewhere(handed_over: Desk) -> None:
    """Put into another jar it would last for half an hour, and open every page."""
    browser, thief = handed_over.activates().client, Client()
    thief.cookies["sessionid"] = browser.cookies["screen-sessionid"].value
    assert thief.get("/account/").headers["Location"] == "/"
    assert "_auth_user_id" not in thief.session
    assert browser.get("/screen/application/contract/").headers["Location"] == OVER


def test_its_own_pages_are_nowhere_else(client: Client) -> None:
    assert [client.get(page).status_code for page in ("/over/", "/stay/", "/back/")] == [404, 404, 404]
