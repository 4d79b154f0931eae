"""A second device: a QR scanned there, a code typed here, and both are told."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from enrollment.models import Pairing
from enrollment.steps import leaving
from enrollment.steps.pairing import CARRY_ON, OFFERS, TRIES
from portal.models import Event
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
HERE, THERE, QR = "/application/other-device/", "/resume/here/", 'class="qr"'


def offered(walker: Customer) -> str:
    assert QR in walker.client.get(HERE).content.decode()
    return str(walker.client.session["other device ticket"])


def scanned(ticket: str) -> tuple[Client, str]:
    """On the second device: pressed, and the code read that it shows."""
    other = Client()
    assert other.post(THERE, {"t": ticket}).status_code == 302
    return other, re.findall(r"<strong>(\d{6})</strong>", other.get(THERE).content.decode())[0]


def joined(walker: Customer) -> Client:
    other, digits = scanned(offered(walker))
    assert walker.post(HERE, {"code": digits}).status_code == 302
    assert other.get(THERE).headers["Location"] == "/register/declaration/"
    return other


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


def test_the_code_of_the_second_device_typed_on_the_first_lets_it_in(customer: Customers) -> None:
    walker = customer().opens().chooses()
    other = joined(walker)
    assert other.get("/register/declaration/").status_code == 200
    assert other.session["application"] == walker.application.pk
    assert Event.objects.filter(verb="other device confirmed").count() == 1


def test_the_qr_alone_opens_nothing(customer: Customers) -> None:
    """A stranger who had it read number, name and phone as they were typed."""
    walker = customer().opens().chooses()
    other, digits = scanned(offered(walker))
    for _again in range(3):
        assert digits in other.get(THERE).content.decode()
    assert other.get("/register/declaration/").headers["Location"] == "/register/"
    assert "application" not in other.session


def test_a_look_uses_nothing_up_and_one_device_comes(customer: Customers) -> None:
    walker = customer().opens().chooses()
    ticket = offered(walker)
    for _look in range(3):
        page = Client().get(THERE, {"t": ticket}).content.decode()
        assert walker.application.reference in page
    scanned(ticket)
    assert Client().post(THERE, {"t": ticket}).status_code == 410
    assert Client().get(THERE, {"t": ticket}).status_code == 410


def test_a_used_qr_says_to_open_another_and_the_first_device_can(customer: Customers) -> None:
    """A scanner's own window took it; the phone's browser comes second."""
    walker = customer().opens().chooses()
    before = offered(walker)
    scanned(before)
    assert "?new" in walker.client.get(HERE).content.decode()
    assert walker.client.get(f"{HERE}?new", follow=True).redirect_chain == [(HERE, 302)]
    after = offered(walker)
    assert after != before
    assert Client().get(THERE, {"t": after}).status_code == 200
    assert Client().get(THERE, {"t": before}).status_code == 410


def test_after_three_wrong_codes_it_must_be_scanned_anew(customer: Customers) -> None:
    walker = customer().opens().chooses()
    other, digits = scanned(offered(walker))
    pages = [walker.post(HERE, {"code": wrong(digits)}).content.decode() for _try in range(3)]
    assert ["còn 2 lần thử" in pages[0], "còn 1 lần thử" in pages[1], "quét lại" in pages[2]] == [True] * 3
    walker.post(HERE, {"code": digits})
    assert other.get(THERE).status_code == 410
    joined(walker)


@pytest.mark.parametrize("late", ["scanned", "typed"])
def test_five_minutes_are_all_there_is(customer: Customers, late: str) -> None:
    walker = customer().opens().chooses()
    ticket = offered(walker)
    if late == "scanned":
        with time_machine.travel(timezone.now() + CARRY_ON.within + timedelta(seconds=1)):
            assert Client().post(THERE, {"t": ticket}).status_code == 410
        return
    other, digits = scanned(ticket)
    with time_machine.travel(timezone.now() + CARRY_ON.within + timedelta(seconds=1)):
        walker.post(HERE, {"code": digits})
    assert not Pairing.objects.exclude(confirmed_at=None).exists()
    assert "application" not in other.session


@pytest.mark.parametrize("forged", ["", "x", "A" * 24])
def test_what_no_qr_said_is_refused(forged: str) -> None:
    assert Client().get(THERE, {"t": forged}).status_code == 410
    assert Client().post(THERE, {"t": forged}).status_code == 410


def test_the_code_of_another_application_lets_nobody_in(customer: Customers) -> None:
    walker, stranger = customer().opens().chooses(), customer().opens().chooses()
    _other, digits = scanned(offered(walker))
    scanned(offered(stranger))
    stranger.post(HERE, {"code": digits})
    assert not Pairing.objects.exclude(confirmed_at=None).exists()


def test_the_first_device_sees_the_second_and_sends_it_away(customer: Customers) -> None:
    walker = customer().opens().chooses()
    assert "Một máy khác đã vào" not in walker.client.get("/register/declaration/").content.decode()
    other = joined(walker)
    at = timezone.localtime(Pairing.objects.get().confirmed_at).strftime("%H:%M %d/%m")
    assert f"Một máy khác đã vào hồ sơ này lúc {at}." in walker.client.get("/register/declaration/").content.decode()
    assert "Máy này đã vào hồ sơ" in other.get("/register/declaration/").content.decode()
    other.post("/application/other-device/end/")  # the second sends nobody away
    assert walker.client.get("/register/declaration/").status_code == 200
    assert other.get("/register/declaration/").status_code == 200
    walker.post("/application/other-device/end/")
    assert other.get("/register/declaration/").headers["Location"] == "/register/"
    assert walker.client.get("/register/declaration/").status_code == 200


def test_a_page_loaded_again_leaves_the_scanned_code_alone(customer: Customers) -> None:
    walker = customer().opens().chooses()
    other, digits = scanned(offered(walker))
    offered(walker)
    walker.post(HERE, {"code": digits})
    assert other.get(THERE).status_code == 302


def test_there_is_one_other_device_until_it_is_sent_away(customer: Customers) -> None:
    walker = customer().opens().chooses()
    ticket, other = offered(walker), joined(walker)
    for first_or_second in (walker.client, other):  # neither shows a QR, nor cuts off who is in
        assert QR not in first_or_second.get(HERE).content.decode()
    assert other.get("/register/declaration/").status_code == 200
    walker.post("/application/other-device/end/")
    assert offered(walker) != ticket
    assert Pairing.objects.count() == 1


def test_codes_are_offered_so_often_a_day_and_no_oftener(customer: Customers) -> None:
    application = customer().opens().chooses().application
    tickets = {CARRY_ON.offer(application) for _time in range(OFFERS.times)}
    assert len(tickets) == OFFERS.times
    with pytest.raises(Refusal, match="too-many"):
        CARRY_ON.offer(application)


def test_an_erased_application_keeps_no_device(customer: Customers) -> None:
    walker = customer().opens().chooses()
    joined(walker)
    leaving.leave(walker.application, "expired")
    with time_machine.travel(timezone.now() + leaving.ERASE_AFTER + timedelta(hours=1)):
        leaving.erase()
    assert not Pairing.objects.exists()


@pytest.mark.parametrize("when", ["before it is scanned", "before the code is typed", "before it comes in", "after"])
def test_no_device_comes_by_a_qr_into_an_application_that_has_an_account(customer: Customers, when: str) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    ticket, application, other = offered(walker), walker.application, Client()
    if when != "before it is scanned":
        other, digits = scanned(ticket)
    if when in ("before it comes in", "after"):
        CARRY_ON.confirm(application, digits)
    if when == "after":
        other.get(THERE)
        assert other.get("/activate/contact/").status_code == 200
    walker.activates()
    if when == "before it is scanned":
        assert other.post(THERE, {"t": ticket}).status_code == 410
    elif when == "before the code is typed":
        with pytest.raises(Refusal, match="pairing-over"):
            CARRY_ON.confirm(application, digits)
    other.get(THERE)
    assert other.get("/activate/contact/").headers["Location"] == "/register/"


def test_who_has_an_account_is_led_to_signing_in_there(customer: Customers) -> None:
    """A desk without a camera was sent back to where it stood."""
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    page = walker.client.get(HERE).content.decode()
    assert QR in page
    assert "rồi đăng nhập" in page


def test_the_second_device_is_told_what_it_leaves(customer: Customers) -> None:
    walker, other = customer().opens().chooses(), customer().opens().chooses()
    page = other.client.get(THERE, {"t": offered(walker)}).content.decode()
    assert walker.application.reference in page
    assert other.application.reference in page


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_scans_at_once_one_comes(customer: Customers) -> None:
    ticket = offered(customer().opens().chooses())
    statuses = at_once(30, lambda _place: Client().post(THERE, {"t": ticket}).status_code)
    assert sorted(statuses, key=str) == [302] + [410] * 29


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_whoever_waited_for_the_first_scan_finds_it_taken(customer: Customers) -> None:
    """A condition that looks through another table is not asked again after the wait, and both would have come."""
    ticket = offered(customer().opens().chooses())
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            CARRY_ON.claim(ticket)
            later = threads.submit(at_once, 1, lambda _place: CARRY_ON.claim(ticket))
            time.sleep(0.5)
            assert not later.done()
        [refused] = later.result(10)
    assert isinstance(refused, Refusal)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_guesses_at_once_three_are_looked_at(customer: Customers) -> None:
    walker = customer().opens().chooses()
    application = walker.application
    _other, digits = scanned(offered(walker))

    def guess(place: int) -> str:
        try:
            CARRY_ON.confirm(application, f"{(int(digits) + 1 + place) % 1_000_000:06}")
        except Refusal as no:
            return no.code
        return "in"

    assert at_once(30, guess).count("code-wrong") < TRIES
    assert not Pairing.objects.exclude(confirmed_at=None).exists()
