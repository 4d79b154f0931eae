"""A desk without a camera hands the capture to a phone: bound to both, once, for a while, for this step alone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application, Pairing
from enrollment.steps.pairing import CARRY_ON, TRIES
from kyc.models import Evidence
from kyc.steps import capture
from kyc.steps.capture import PHONE as ERRAND
from portal import audit
from portal.models import Event, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.kyc.conftest import an_application, given

pytestmark = pytest.mark.django_db
CAPTURE = "/application/capture/"
PHONE = f"{CAPTURE}phone/"
Capturing = tuple[Application, Client]


def offered(desk: Client) -> str:
    """What the QR on the desk's page says."""
    desk.get(PHONE, follow=True)
    ticket = desk.session["capture phone ticket"]
    assert 'class="qr"' in desk.get(PHONE).content.decode()
    return str(ticket)


def scanned(ticket: str) -> tuple[Client, str]:
    """A phone that nobody is signed in on, and the code that it shows."""
    phone = Client()
    assert phone.get(f"{PHONE}open/", {"t": ticket}).status_code == 200
    page = phone.post(f"{PHONE}open/", {"t": ticket}, follow=True).content.decode()
    [code] = re.findall(r"<span>([0-9]{6})</span>", page)
    return phone, code


def paired(desk: Client) -> Client:
    phone, code = scanned(offered(desk))
    assert desk.post(PHONE, {"code": code}).status_code == 302
    return phone


def test_the_desk_hands_its_capture_to_a_phone_and_follows_it(capturing: Capturing) -> None:
    application, desk = capturing
    phone = paired(desk)
    assert phone.get(f"{PHONE}code/status/").json() == {"now": "confirmed"}
    assert "Điện thoại đã kết nối" in desk.get(PHONE).content.decode()
    assert phone.get(f"{CAPTURE}card-front/").status_code == 200
    before = desk.get(f"{PHONE}status/").json()
    capture.give(application, {"card-front": given()["card-front"]})
    assert desk.get(f"{PHONE}status/").json() != before
    capture.give(application, given())
    assert phone.post(f"{CAPTURE}done/").headers["Location"] == f"{PHONE}done/"
    application.refresh_from_db()
    assert application.step == Step.CONTRACT
    assert desk.get(f"{PHONE}status/", headers={"Accept": "application/json"}).status_code == 409  # and so it goes on
    assert "contract" in desk.get(PHONE).headers["Location"]
    assert phone.get(CAPTURE).headers["Location"] == f"{PHONE}done/"
    verbs = Event.objects.filter(about=f"application:{application.pk}").values_list("verb", flat=True)
    assert {"capture phone scanned", "capture phone confirmed", "capture phone left"} <= set(verbs)


def test_the_qr_alone_opens_nothing(capturing: Capturing) -> None:
    _application, desk = capturing
    phone, _code = scanned(offered(desk))
    for page in (CAPTURE, f"{CAPTURE}card-front/"):
        assert phone.get(page).headers["Location"] == f"{PHONE}code/"
    assert phone.post(f"{CAPTURE}card-front/photo/").status_code == 302
    assert phone.post(f"{CAPTURE}face/begin/", headers={"Accept": "application/json"}).status_code == 409
    assert not Evidence.objects.exists()


def test_it_opens_the_capture_and_nothing_else(capturing: Capturing) -> None:
    _application, desk = capturing
    phone = paired(desk)
    for page in ("/application/", "/application/contract/", "/account/", "/application/waiting/", PHONE):
        assert phone.get(page).status_code in (302, 404)
    assert b"079190" not in phone.get(CAPTURE).content


def test_a_phone_that_was_let_in_cannot_cancel_what_it_helps_with(capturing: Capturing) -> None:
    _application, desk = capturing
    phone = paired(desk)
    for page in (CAPTURE, f"{CAPTURE}card-front/", f"{CAPTURE}face/"):
        assert "Hủy hồ sơ" in desk.get(page).content.decode()
        assert "Hủy hồ sơ" not in phone.get(page).content.decode()
    assert phone.get("/application/cancel/").status_code == 302


def test_a_wide_overview_shows_the_same_code_as_the_page_for_it(capturing: Capturing) -> None:
    _application, desk = capturing
    overview = desk.get(CAPTURE).content.decode()
    assert f"{PHONE}code.svg" in overview
    assert not Pairing.objects.exists()  # until a screen is wide enough to ask for it
    picture = desk.get(f"{PHONE}code.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture.headers["Cache-Control"]
    ticket = desk.session["capture phone ticket"]
    assert offered(desk) == ticket


def test_a_code_beside_the_overview_leaves_a_phone_alone_that_is_in(capturing: Capturing) -> None:
    _application, desk = capturing
    phone, code = scanned(offered(desk))
    assert desk.get(f"{PHONE}code.svg").status_code in (302, 409)
    desk.post(PHONE, {"code": code})
    assert desk.get(f"{PHONE}code.svg").status_code in (302, 409)
    assert "Điện thoại đã kết nối" in desk.get(CAPTURE).content.decode()
    assert phone.get(f"{CAPTURE}card-front/").status_code == 200


def test_the_first_phone_has_it_and_a_look_ahead_uses_nothing_up(capturing: Capturing) -> None:
    _application, desk = capturing
    ticket = offered(desk)
    for _look in range(3):
        assert Client().get(f"{PHONE}open/", {"t": ticket}).status_code == 200
    scanned(ticket)
    late = Client()
    assert late.get(f"{PHONE}open/", {"t": ticket}).status_code == 410
    assert late.post(f"{PHONE}open/", {"t": ticket}).status_code == 410
    assert "Một điện thoại vừa quét mã" in desk.get(PHONE).content.decode()


def test_a_stranger_who_scans_first_has_a_code_that_nobody_types(capturing: Capturing) -> None:
    _application, desk = capturing
    stranger, _code = scanned(offered(desk))
    assert desk.post(PHONE, {"anew": "yes"}).status_code == 302  # the owner's own phone said that it was scanned
    assert stranger.get(f"{PHONE}code/").headers["Location"] == f"{PHONE}done/"
    assert paired(desk).get(CAPTURE).status_code == 200


def test_three_wrong_codes_are_the_end(capturing: Capturing) -> None:
    application, desk = capturing
    phone, code = scanned(offered(desk))
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "Mã chưa đúng" in desk.post(PHONE, {"code": wrong}).content.decode()
    desk.post(PHONE, {"code": wrong})
    assert "hết hiệu lực" in desk.post(PHONE, {"code": wrong}).content.decode()
    with pytest.raises(Refusal, match="pairing-over"):
        ERRAND.confirm(application, code)
    assert phone.get(CAPTURE).headers["Location"] == f"{PHONE}done/"


@pytest.mark.parametrize(
    ("moments", "alive"),
    [({"made_at": 9}, True), ({"made_at": 11}, False), ({"made_at": 40, "confirmed_at": 29}, True)],
)
def test_it_lasts_ten_minutes_to_pair_and_thirty_to_capture(
    moments: dict[str, int],
    alive: bool,
    capturing: Capturing,
) -> None:
    application, desk = capturing
    scanned(offered(desk))
    past = {name: timezone.now() - timedelta(minutes=minutes) for name, minutes in moments.items()}
    Pairing.objects.get().becomes(**past)
    assert bool(ERRAND.standing(application)) == alive


def test_a_confirmed_phone_ends_by_itself(capturing: Capturing) -> None:
    _application, desk = capturing
    phone = paired(desk)
    Pairing.objects.update(confirmed_at=timezone.now() - timedelta(minutes=31))
    assert phone.get(f"{CAPTURE}card-front/").headers["Location"] == f"{PHONE}done/"


def test_what_is_over_stays_over_until_somebody_asks(capturing: Capturing) -> None:
    """The desk's page loads itself again: one that opened codes by itself was never signed out."""
    application, desk = capturing
    ticket = offered(desk)
    lapsed = timezone.now() - ERRAND.within - timedelta(seconds=1)
    Pairing.objects.update(made_at=lapsed)
    for _again in range(2):
        page = desk.get(PHONE).content.decode()
        assert "hết hiệu lực" in page
        assert 'class="qr"' not in page
    assert Pairing.objects.get().made_at == lapsed
    assert desk.post(PHONE, {"anew": "yes"}).status_code == 302
    assert offered(desk) != ticket
    assert ERRAND.standing(application) == "offered"


def test_following_the_other_device_keeps_nobody_signed_in(capturing: Capturing) -> None:
    _application, desk = capturing
    offered(desk)
    session = desk.session
    session["seen"] = before = session["seen"] - 60
    session.save()
    desk.get(f"{PHONE}status/", headers={"Accept": "application/json"})
    assert desk.session["seen"] == before
    desk.get(PHONE)
    assert desk.session["seen"] > before


def test_what_a_device_does_has_words_in_the_audit() -> None:
    moves = {f"{errand.name} {move}" for errand in (CARRY_ON, ERRAND) for move in ("scanned", "confirmed", "left")}
    assert moves <= set(audit.verbs())


def test_what_is_kept_of_it_opens_nothing(capturing: Capturing) -> None:
    """Promise P18, as far as a capture that was handed over."""
    _application, desk = capturing
    ticket = offered(desk)
    phone, code = scanned(ticket)
    row = Pairing.objects.values().get()
    secrets = {ticket, code, phone.session["capture phone"]}
    assert not secrets & {str(value) for value in row.values()}


def test_a_code_of_one_phone_is_none_of_another(capturing: Capturing, person: Callable[..., User]) -> None:
    application, desk = capturing
    _phone, code = scanned(offered(desk))
    other = an_application(user=person())
    ticket = ERRAND.offer(other)
    ERRAND.claim(ticket)
    with pytest.raises(Refusal, match="code-wrong"):
        ERRAND.confirm(other, code)
    ERRAND.confirm(application, code)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_scans_and_one_confirms(capturing: Capturing) -> None:
    application, _desk = capturing
    ticket = ERRAND.offer(application)
    claims = at_once(20, lambda _place: ERRAND.claim(ticket))
    [(_holder, code)] = [outcome for outcome in claims if isinstance(outcome, tuple)]
    assert at_once(20, lambda _place: ERRAND.confirm(application, code)).count(None) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_twenty_wrong_codes_at_once_three_are_looked_at(capturing: Capturing) -> None:
    application, _desk = capturing
    _holder, code = ERRAND.claim(ERRAND.offer(application))
    wrong = f"{(int(code) + 1) % 10**6:06}"

    def refused(_place: int) -> Any:
        with pytest.raises(Refusal) as no:
            ERRAND.confirm(application, wrong)
        return no.value.code

    outcomes = at_once(20, refused)
    assert outcomes.count("code-wrong") < TRIES
    assert not Pairing.objects.exists()
