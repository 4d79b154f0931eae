"""What strangers send is read where there is nothing to lose: by readers that were turned, and try."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from portal import isolation
from portal.isolation import Failed, Program
from tests.conftest import at_once

HOSTILE = Program("tests.portal.hostile", seconds=2)


def test_files_and_facts_go_and_come() -> None:
    sent = (b"", b"\0\n" * 3_000_000)
    assert HOSTILE.ask("echo", *sent, words="Nguyễn", number=7) == ({"words": "Nguyễn", "number": 7}, list(sent))


def test_each_gets_its_own_answer() -> None:
    answers = at_once(12, lambda place: HOSTILE.ask("echo", bytes([place]) * 99_999, place=place), connect=False)
    assert answers == [({"place": place}, [bytes([place]) * 99_999]) for place in range(12)]


def test_a_turned_reader_has_nothing_to_take(tmp_path: Path) -> None:
    """Promise P15, as far as readers: it sees no environment, opens no key, no database and no line to anybody."""
    ring = tmp_path / "keys"
    ring.write_text("k1:secret")
    inherited = os.open(ring, os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        paths = [str(ring), str(settings.BASE_DIR / "portal" / "settings.py"), "/etc/passwd", "/proc/self/environ"]
        facts, _files = HOSTILE.ask("looks_around", paths=paths, parent=os.getpid())
    finally:
        os.close(inherited)
    assert facts["can"] == []


@pytest.mark.parametrize("how", ["raises", "aborts", "leaves"])
def test_one_that_falls_is_told_as_that(how: str) -> None:
    with pytest.raises(Failed):
        HOSTILE.ask("falls", how=how)


def test_what_it_said_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Failed, match="RuntimeError"):
        HOSTILE.ask("falls", how="raises")
    assert "a stranger's words" not in caplog.text


@pytest.mark.parametrize("stubborn", [False, True])
def test_one_that_hangs_is_ended(*, stubborn: bool) -> None:
    began = time.monotonic()
    with pytest.raises(Failed):
        Program("tests.portal.hostile", seconds=1).ask("hangs", stubborn=stubborn)
    assert time.monotonic() - began < 10


def test_one_that_wants_much_gets_none() -> None:
    with pytest.raises(Failed):
        HOSTILE.ask("eats")


@pytest.mark.parametrize("how", ["no table", "too long"])
def test_what_makes_no_sense_is_no_answer(how: str) -> None:
    with pytest.raises(Failed):
        HOSTILE.ask("lies", how=how)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 8,
        (10**9).to_bytes(8, "big") + b"{}",
        (2).to_bytes(8, "big") + b"{}",
        (25).to_bytes(8, "big") + b'{"facts":{},"sizes":[-9]}',
        (25).to_bytes(8, "big") + b'{"facts":{},"sizes":[99]}',
        (24).to_bytes(8, "big") + b'{"facts":[],"sizes":[0]}',
        (200_000).to_bytes(8, "big") + b"[" * 200_000,
    ],
)
def test_an_answer_written_past_the_door_is_taken_apart_with_care(content: bytes) -> None:
    with pytest.raises(Failed):
        HOSTILE.ask("scribbles", content)


def test_what_is_taken_apart_wrongly_is_no_answer() -> None:
    facts, _files = HOSTILE.ask("echo", wide="many")
    with pytest.raises(Failed, match="nonsense"), isolation.checked():
        assert int(facts["wide"])


def test_a_server_that_was_ended_is_started_again() -> None:
    HOSTILE.ask("echo")
    first = isolation.server.process
    assert first
    first.kill()
    first.wait()
    assert HOSTILE.ask("echo", n=1) == ({"n": 1}, [])
    assert isolation.server.process is not first


def test_it_ends_with_whoever_started_it(other: isolation.Server) -> None:
    other.start()
    assert other.process
    assert other.process.poll() is None
    other.control.close()
    assert other.process.wait(10) == 0


@pytest.fixture
def other() -> Iterator[isolation.Server]:
    server = isolation.Server()
    yield server
    if server.process:
        server.process.kill()


def test_what_is_about_to_be_asked_is_brought_in_ahead() -> None:
    program = Program("tests.portal.hostile")
    program.wake()
    Program("no.such.module").wake()  # falls by itself
    assert program.ask("echo", n=1) == ({"n": 1}, [])
