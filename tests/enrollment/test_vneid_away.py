"""VNeID killed, slow or talking nonsense, at each of its calls: never an error of ours, and nothing that was agreed is lost."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from enrollment.gateways import vneid_line
from enrollment.gateways.vneid import Away
from enrollment.gateways.vneid_line import Line, Partner
from enrollment.models import Introduction
from enrollment.standins.vneid.services import Reply, plain
from enrollment.steps import introducing
from portal.models import Event
from portal.refusals import Refusal
from tests.enrollment.citizens import (
    SLOW,
    Citizen,
    Simulator,
    any_simulator,
    fields_of,
    nothing_comes_of_it,
    vneid_at_work,
)

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator"]
INIT, FETCH, JWKS = "/api/v1/share/init", "/api/v1/share/fetch", "/.well-known/jwks.json"
REGISTER, STATUS = "/api/v1/certificates/register", "/api/v1/certificates/get-status"
TOKEN, USERINFO, EVENTS = "/oauth2/token", "/oauth2/userinfo", "/api/v1/partners/events"

ILL: dict[str, Callable[[Reply], Reply]] = {
    "500": lambda reply: Reply(500, b"", {}),
    "503 with an answer": lambda reply: Reply(503, reply.body, reply.headers),
    "429": lambda reply: Reply(429, b"", {}),
    "HTML": lambda _reply: Reply(200, b"<html>", {"Content-Type": "text/html"}),
    "nothing": lambda _reply: Reply(200, b"", {}),
    "a list": lambda _reply: Reply(200, b"[]", {}),
    "naught": lambda _reply: plain({}),
    "no letters": lambda _reply: Reply(200, b"\xff\xfe\xfd", {}),
    "deep": lambda _reply: Reply(200, b"[" * 100_000, {}),
    "300 kB": lambda reply: plain({**fields_of(reply), "x": "x" * 300_000}),
    "a number without end": lambda _reply: Reply(200, b'{"x": ' + b"9" * 10_000 + b"}", {}),
    "sent elsewhere": lambda reply: Reply(302, reply.body, {**reply.headers, "Location": "http://127.0.0.1:1/"}),
    "sent nowhere": lambda reply: Reply(302, b"", {"Location": "http://[x"}),
    "sent to no letters": lambda reply: Reply(302, b"", {"Location": "http://\xff"}),
}
# Where the browser is sent off, and where it has come back with something that is still good afterwards.
BEGINS = [("shared", INIT), ("hub", REGISTER)]
GOES_ON = [("shared", JWKS), ("hub", STATUS)]
# What was given for once was given: it is begun anew.
BEGUN_ANEW = [("shared", FETCH), ("signin", TOKEN), ("signin", USERINFO)]


@pytest.mark.parametrize("ill", ILL.values(), ids=ILL.keys())
@pytest.mark.parametrize(("dialect", "path"), BEGINS)
def test_who_cannot_be_sent_there_is_told(
    monkeypatch: pytest.MonkeyPatch, dialect: str, path: str, ill: Callable[[Reply], Reply]
) -> None:
    with vneid_at_work(monkeypatch, dialect) as simulator:
        simulator.alter(path, ill)
        citizen = Citizen(simulator)
        with nothing_comes_of_it(times=0):
            answer = citizen.client.post("/vneid/")
        assert (answer.status_code, "VNeID đang bận" in answer.content.decode()) == (200, True)
        simulator.alters.clear()
        assert citizen.comes().status_code == 200


@pytest.mark.parametrize("ill", ILL.values(), ids=ILL.keys())
@pytest.mark.parametrize(("dialect", "path"), GOES_ON)
def test_what_was_agreed_waits_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, dialect: str, path: str, ill: Callable[[Reply], Reply]
) -> None:
    with vneid_at_work(monkeypatch, dialect) as simulator:
        citizen = Citizen(simulator)
        back = citizen.agrees()
        simulator.alter(path, ill)
        with nothing_comes_of_it(times=0):
            assert citizen.goes(back)["Location"] == "/vneid/waits/"
            assert "điều đó được giữ" in citizen.goes("/vneid/waits/").content.decode()
            assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/waits/"
        simulator.alters.clear()
        assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/introduced/"


@pytest.mark.parametrize("ill", ILL.values(), ids=ILL.keys())
@pytest.mark.parametrize(("dialect", "path"), BEGUN_ANEW)
def test_what_was_given_for_once_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch, dialect: str, path: str, ill: Callable[[Reply], Reply]
) -> None:
    with vneid_at_work(monkeypatch, dialect) as simulator:
        citizen = Citizen(simulator)
        back = citizen.agrees()
        simulator.alter(path, ill)
        assert citizen.goes(back)["Location"] == "/vneid/waits/"
        simulator.alters.clear()
        with nothing_comes_of_it():
            assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/"
        assert "bắt đầu lại từ VNeID" in citizen.goes("/vneid/").content.decode()
        assert citizen.comes().status_code == 200


def test_keys_that_are_not_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with vneid_at_work(monkeypatch, "shared") as simulator:
        simulator.alter(JWKS, lambda reply: Reply(404, reply.body, reply.headers))
        citizen = Citizen(simulator)
        assert citizen.goes(citizen.agrees())["Location"] == "/vneid/waits/"


# ── Killed ──


def test_killed_before_it_is_asked_it_is_told(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    if any_simulator.dialect == "signin":
        return  # the browser is sent there without a call
    with any_simulator.away():
        assert "VNeID đang bận" in citizen.client.post("/vneid/").content.decode()
    assert citizen.comes().status_code == 200


def test_killed_before_it_is_asked_who_came_the_same_browser_goes_on(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        assert citizen.goes(back)["Location"] == "/vneid/waits/"
        page = citizen.client.post("/vneid/waits/", follow=True)
        assert "VNeID đang bận" in page.content.decode()
    assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/introduced/"
    assert Event.objects.filter(verb="introduction refused").count() == 0


def test_another_browser_does_not_go_on_with_what_waits(any_simulator: Simulator) -> None:
    citizen, stranger = Citizen(any_simulator), Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        citizen.goes(back)
    assert stranger.goes("/vneid/waits/")["Location"] == "/vneid/"
    assert stranger.client.post("/vneid/waits/")["Location"] == "/vneid/"
    assert Introduction.objects.get().said_at is None


def test_it_waits_for_a_day_and_no_longer(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        citizen.goes(back)
    with (
        time_machine.travel(timezone.now() + timedelta(hours=25), tick=True),
        nothing_comes_of_it(),
        pytest.raises(Refusal, match="vneid-over"),
    ):
        introducing.again(citizen.introduction)
    assert Introduction.objects.get().ended == "lapsed"


def test_what_came_back_twice_while_it_was_away_still_goes_on(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        citizen.goes(back)
        citizen.is_refused(back)
    assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/introduced/"


def test_of_two_tabs_that_wait_the_late_one_harms_nothing(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        citizen.goes(back)
    late = citizen.introduction
    assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/introduced/"
    said = citizen.introduction
    with nothing_comes_of_it(), pytest.raises(Refusal, match="vneid-over"):
        introducing.again(late)
    assert (citizen.introduction.said_at, citizen.introduction.ended) == (said.said_at, "")
    assert citizen.client.post("/vneid/introduced/").status_code == 302


def test_what_ended_while_vneid_answered_is_not_kept(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    with any_simulator.away():
        citizen.goes(back)
    late = citizen.introduction
    Introduction.objects.update(ended="declined")
    with pytest.raises(Refusal, match="vneid-over"):
        introducing.again(late)
    assert (citizen.introduction.said_at, citizen.introduction.ended) == (None, "declined")


# ── Slow ──


def test_who_is_slow_is_waited_for_and_then_left(any_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vneid_line, "TIMES", (3, 0.2))
    citizen, asleep = Citizen(any_simulator, SLOW), threading.Event()
    monkeypatch.setattr(any_simulator.services, "sleep", lambda _seconds: asleep.wait(1))
    assert citizen.goes(citizen.agrees())["Location"] == "/vneid/waits/"
    asleep.set()


def line_to(serve: Callable[[socket.socket], None]) -> Line:
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        talking, _address = listening.accept()
        with listening, talking:
            talking.recv(65_536)
            with suppress(OSError):
                serve(talking)

    threading.Thread(target=work, daemon=True).start()
    return Line(Partner(urlsplit(f"shared+http://P:s@127.0.0.1:{listening.getsockname()[1]}")))


def drips(talking: socket.socket) -> None:
    talking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _drop in range(1000):
        talking.sendall(b" ")
        time.sleep(0.05)


def test_an_answer_in_drops_is_not_waited_for_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each drop comes in time, and a thousand of them would take a worker for hours."""
    monkeypatch.setattr(vneid_line, "TIMES", (3, 0.5))
    began = time.monotonic()
    with pytest.raises(Away):
        line_to(drips).get("/", {})
    assert time.monotonic() - began < 5


def floods_elsewhere(talking: socket.socket) -> None:
    talking.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 99999999\r\n\r\n")
    while True:
        talking.sendall(b" " * 65_536)


def test_where_it_is_sent_elsewhere_it_reads_no_more_than_of_any_answer() -> None:
    began = time.monotonic()
    with pytest.raises(Away, match="too long"):
        line_to(floods_elsewhere).get("/", {})
    assert time.monotonic() - began < 5


def test_an_answer_cut_short_is_none() -> None:
    with pytest.raises(Away):
        line_to(lambda talking: talking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")).get("/", {})


@pytest.mark.parametrize("said", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_an_answer_that_is_none_is_none(said: bytes) -> None:
    with pytest.raises(Away):
        line_to(lambda talking: talking.sendall(said)).get("/", {})


def test_an_answer_in_chunks_is_read() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert line_to(lambda talking: talking.sendall(said)).get("/", {}).fields == {}


# ── Left alone for a while ──


def test_after_five_failures_it_is_left_alone_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with vneid_at_work(monkeypatch, "shared") as simulator:
        simulator.alter(INIT, ILL["500"])
        for _time in range(7):
            Citizen(simulator).client.post("/vneid/")
        assert simulator.asked.count(INIT) == 5
        simulator.alters.clear()
        with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
            assert Citizen(simulator).comes().status_code == 200


def test_what_it_does_not_hear_keeps_nobody_from_coming_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with vneid_at_work(monkeypatch, "shared") as simulator:
        line = Line(Partner(urlsplit(settings.VNEID_URL)))
        simulator.alter(EVENTS, ILL["500"])
        for _time in range(7):
            with pytest.raises(Away):
                line.post(EVENTS, sent=b"{}", headers={})
        assert Citizen(simulator).comes().status_code == 200
