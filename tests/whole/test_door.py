"""Slow lines at the real server: they wait, and nobody waits for them."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from portal import door
from tests.whole.conftest import Portal

pytestmark = pytest.mark.whole
CALLS = 20
HEAD = "POST /api/payments/vnpay/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def line(portal: Portal, sent: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", portal.port), timeout=40) as line:
        line.sendall(sent.encode())
        yield line


def test_bodies_that_drip_hold_up_nobody_and_are_ended(portal: Portal) -> None:
    """Promise P17. More of them than there are threads, on a path that reads its body."""
    portal.start()
    began = time.monotonic()
    with ExitStack() as lines:
        slow = [lines.enter_context(line(portal, HEAD % 1000 + "{")) for _call in range(CALLS)]
        for _second in range(5):
            assert requests.get(f"{portal.address}/sign-in/", timeout=5).ok
            time.sleep(1)
            for dripping in slow:
                dripping.sendall(b" ")
        answers = [dripping.recv(1000).decode() for dripping in slow]
    assert all(answer.startswith("HTTP/1.1 408") and "gửi lại" in answer for answer in answers)
    assert time.monotonic() - began < door.PATIENCE + 15
    assert portal.stop() == 0


def test_half_a_body_is_nobodys_request(portal: Portal) -> None:
    portal.start()
    with line(portal, HEAD % 1000 + "{}") as broken:
        broken.shutdown(socket.SHUT_WR)
        assert broken.recv(1000)[:12] in (b"HTTP/1.1 408", b"HTTP/1.1 400", b"")
    assert requests.get(f"{portal.address}/healthz", timeout=5).ok
    assert portal.stop() == 0


def test_a_request_arrives_as_it_was_sent(portal: Portal) -> None:
    portal.start()
    assert requests.get(f"{portal.address}/không-có/%ff", timeout=5).status_code == 404
    twice = "GET /account/ HTTP/1.1\r\nHost: localhost\r\nCookie: a=1\r\nCookie: django_language=en\r\n\r\n"
    with line(portal, twice) as other:
        assert "content-language: en" in other.recv(2000).decode()
    for head, status in (("Content-Length: 99999999", 413), ("Transfer-Encoding: chunked", 413)):
        with line(portal, f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n") as large:
            assert large.recv(100).decode().startswith(f"HTTP/1.1 {status}")
    assert portal.stop() == 0
