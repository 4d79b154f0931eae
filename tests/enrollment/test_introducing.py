"""The way to VNeID and back: bound to one browser, for a quarter of an hour, once; whatever else comes back is refused."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from enrollment.gateways import vneid_dialects
from enrollment.models import Application, Introduction, Notice
from enrollment.steps import introducing
from portal.models import Allowance, DataKey, Event
from tests.conftest import at_once
from tests.enrollment.citizens import (
    LOW,
    REFUSES,
    SLOW,
    VAN,
    XUAN,
    Citizen,
    Simulator,
    any_simulator,
    nothing_comes_of_it,
    simulator,
    twin,
)

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator", "simulator"]
BACK = "/vneid/back/"


def at_minute(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True)


def of(back: str, name: str) -> str:
    return parse_qs(urlsplit(back).query).get(name, [""])[0]


# ── Taken, once ──


def test_who_comes_back_is_known(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    assert citizen.goes(citizen.agrees())["Location"] == "/vneid/introduced/"
    said = citizen.introduction
    assert (said.level, said.facts["number"], said.ticket) == (2, VAN, None)
    assert Event.objects.filter(verb="introduction received").count() == 1


def test_a_hand_over_serves_once(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    citizen.goes(back)
    citizen.is_refused(back)


def test_nothing_that_goes_out_lies_in_a_table(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    back = citizen.agrees()
    row = citizen.introduction
    secrets = of(back, "state"), of(back, "consent"), citizen.client.session["vneid"]
    assert not {row.state, row.nonce, row.browser, row.transaction} & set(secrets)


# ── Whatever else comes back ──


@pytest.mark.parametrize(
    "query",
    ["", "?state=", "?state=unknown", "?code=1&state=unknown", "?txn=VN00", "?error=access_denied", "?state=%EF"],
)
def test_it_refuses_whom_nobody_asked(any_simulator: Simulator, query: str) -> None:
    Citizen(any_simulator).is_refused(f"{BACK}{query}")


def test_it_refuses_a_name_that_nobody_gave(any_simulator: Simulator) -> None:
    Citizen(any_simulator).is_refused(f"{BACK}VN0123456789ABCDEF/")


def test_it_refuses_the_hand_over_of_another_browser(any_simulator: Simulator) -> None:
    """Whoever sends somebody else their own address makes nobody them (login CSRF), and keeps what is theirs."""
    citizen, victim = Citizen(any_simulator), Citizen(any_simulator, XUAN)
    back = citizen.agrees()
    victim.agrees()
    victim.is_refused(back)
    assert citizen.goes(back)["Location"] == "/vneid/introduced/"


def test_it_refuses_what_comes_without_our_word_into_a_browser_that_asked(any_simulator: Simulator) -> None:
    citizen, other = Citizen(any_simulator), Citizen(any_simulator, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    query = "&".join(part for part in urlsplit(theirs).query.split("&") if not part.startswith("state="))
    citizen.is_refused(f"{BACK}?{query}")
    assert citizen.goes(back)["Location"] == "/vneid/introduced/"


def test_it_refuses_the_hand_over_of_a_session_that_ended(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    citizen.client.cookies.clear()
    citizen.is_refused(back)


def test_it_refuses_who_comes_back_after_a_quarter_of_an_hour(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with at_minute(16):
        citizen.is_refused(back)
    assert Introduction.objects.get().ended == "lapsed"


def test_whoever_takes_fourteen_minutes_is_let_in(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    there = citizen.goes(citizen.registers())
    with at_minute(14):
        assert citizen.goes(citizen.comes_back_from(there))["Location"] == "/vneid/introduced/"


def test_it_refuses_the_transaction_of_another_asking(simulator: Simulator) -> None:
    citizen, other = Citizen(simulator), Citizen(simulator, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    citizen.is_refused(back.replace(of(back, "txn"), of(theirs, "txn")))
    assert Introduction.objects.earliest("pk").ended == "another transaction"


def test_it_refuses_the_consent_of_another(simulator: Simulator) -> None:
    citizen, other = Citizen(simulator), Citizen(simulator, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    citizen.is_refused(back.replace(of(back, "consent"), of(theirs, "consent")))


def test_it_refuses_transaction_and_consent_of_another_with_a_state_of_ones_own(simulator: Simulator) -> None:
    citizen, other = Citizen(simulator), Citizen(simulator, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    citizen.is_refused(theirs.replace(of(theirs, "state"), of(back, "state")))


@pytest.mark.parametrize(
    "wrong", ["&consent=again", "&txn=again", "&state=again", "&" * 5 + "&".join(map(str, range(30)))]
)
def test_it_refuses_an_address_that_says_a_thing_twice(simulator: Simulator, wrong: str) -> None:
    citizen = Citizen(simulator)
    citizen.is_refused(f"{citizen.agrees()}{wrong}")


@pytest.mark.parametrize("consent", ["", "x" * 65, "%00", "' OR 1=1", "đồng ý"])
def test_it_refuses_what_is_no_consent(simulator: Simulator, consent: str) -> None:
    citizen = Citizen(simulator)
    back = citizen.agrees()
    bad = back.replace(of(back, "consent"), consent)
    if consent == "%00":
        assert citizen.goes(bad).status_code == 400  # no page reads that
    else:
        citizen.is_refused(bad)
    has_asked = "/api/v1/share/fetch" in simulator.asked
    assert has_asked == (0 < len(consent) <= 64 and consent != "%00")


def test_who_says_no_is_told_so(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator, REFUSES)
    citizen.is_refused(citizen.agrees(), "không đồng ý trên VNeID")
    assert Introduction.objects.get().ended == "declined"


def test_the_reason_is_written_down_and_says_nothing_of_the_person(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator, REFUSES)
    citizen.goes(citizen.agrees())
    event = Event.objects.get(verb="introduction refused")
    assert (event.details, event.about) == ({"reason": "declined"}, f"introduction:{citizen.introduction.pk}")


# ── How often ──


def test_one_browser_asks_thirty_times_an_hour(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    answers = [citizen.client.post("/vneid/").status_code for _time in range(31)]
    assert answers == [302] * 30 + [429]


def test_one_browser_fetches_forty_times_an_hour(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    back = citizen.agrees()
    with simulator.away():
        assert citizen.goes(back)["Location"] == "/vneid/waits/"
    Allowance.objects.create(
        purpose=introducing.FETCHES.purpose,
        holder=citizen.introduction.browser,
        spent=40,
        renews_at=timezone.now() + timedelta(hours=1),
    )
    assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/waits/"
    assert citizen.introduction.said_at is None


def test_the_door_may_be_shut(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(settings, "VNEID_URL", "")
    vneid_dialects.vneid.cache_clear()
    assert client.get("/vneid/").status_code == 409
    assert client.post("/vneid/api/notices/", "{}", "application/json").status_code == 400
    with nothing_comes_of_it():
        assert client.get(f"{BACK}?state=x")["Location"] == "/vneid/"
    vneid_dialects.vneid.cache_clear()


# ── At once ──


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [VAN, SLOW])
def test_of_twenty_returns_at_once_one_is_taken(any_simulator: Simulator, number: str) -> None:
    """Promise P8, as far as VNeID hands over."""
    any_simulator.services.sleep = lambda _seconds: None
    citizen = Citizen(any_simulator, number)
    back = citizen.agrees()
    tabs = [twin(citizen.client) for _tab in range(20)]
    places: list[Any] = at_once(20, lambda place: tabs[place].get(back)["Location"])
    assert sorted(places) == ["/vneid/"] * 19 + ["/vneid/introduced/"]
    row = Introduction.objects.get()
    assert (row.ended, bool(row.said_at)) == ("", True)
    assert Event.objects.filter(verb="introduction refused").count() == 19


# ── What nobody took ──


def test_what_nobody_took_goes_with_its_key(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    citizen.comes()
    begun = Citizen(any_simulator, XUAN)
    begun.goes("/vneid/")
    begun.client.post("/vneid/")
    keys = list(Introduction.objects.values_list("data_key", flat=True))
    introducing.tidy()
    assert Introduction.objects.count() == 2
    with at_minute(61):
        introducing.tidy()
        assert Introduction.objects.count() == 1  # what was not answered may still be waited for
    with at_minute(24 * 60 + 1):
        introducing.tidy()
    assert not Introduction.objects.exists()
    assert not DataKey.objects.filter(pk__in=keys).exists()


def test_what_was_taken_stays(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    Notice.objects.create(name="n", transaction="t", state=0)
    with at_minute(8 * 24 * 60):
        introducing.tidy()
    assert Introduction.of(citizen.application)
    assert not Notice.objects.exists()


def test_after_half_an_hour_what_was_said_is_not_taken(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator, LOW)
    citizen.comes()
    with at_minute(31):
        assert citizen.goes("/vneid/introduced/").status_code == 409
        citizen.client.post("/register/", {"terms": "on", "personal-data": "on"})
    assert not Application.objects.get().draft  # nor does it fill anything in
