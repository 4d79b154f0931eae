"""A whole portal, started as a person starts it, and a person at it."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from signing.steps.pin import POOL
from tests.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "UV_CACHE_DIR",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "https_proxy",
    "http_proxy",
)


class Portal:
    """A whole portal with a state of its own, started as a person would."""

    def __init__(self, folder: Path, command: list[str], **variables: str) -> None:
        self.folder, self.command, self.port = folder, command, free_port()
        clean = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env = {
            **clean,
            "PORT": str(self.port),
            "BANK_PORT": str(free_port()),
            "VNEID_PORT": str(free_port()),
            "EMBEDDED": "1",
            "DEMO_FILES": "0",
            **variables,
        }
        self.process: subprocess.Popen[str] | None = None
        self.log = folder / "portal.log"

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self, patience: float = 300) -> float:
        began = time.monotonic()
        with self.log.open("w") as log:
            process = self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.env, stdout=log, stderr=log, text=True, start_new_session=True
            )
        self.until(lambda: "portal: ready at" in self.log.read_text() or process.poll() is not None, patience)
        assert process.poll() is None, self.log.read_text()
        return time.monotonic() - began

    def until(self, come: Callable[[], Any], patience: float = 60) -> Any:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if outcome := come():
                return outcome
            time.sleep(0.2)
        raise AssertionError(f"not within {patience} s; the log ends: {self.log.read_text()[-2000:]}")

    def children(self, name: str) -> list[int]:
        """The processes of one part, by what stands on their command line."""
        assert self.process
        listing = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        family = {self.process.pid}
        for _generation in range(4):
            family |= {int(pid) for pid, parent, _args in rows if int(parent) in family}
        return [
            int(pid) for pid, _parent, args in rows if int(pid) in family and name in args and not args.endswith(" up")
        ]

    def kill(self, name: str) -> list[int]:
        pids = self.children(name)
        assert pids, f"no {name} to kill"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    def has_new(self, name: str, killed: list[int]) -> bool:
        return bool(set(self.children(name)) - set(killed))

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.address}/readyz", timeout=3).ok
        except requests.RequestException:
            return False

    def stop(self) -> int:
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal sends Ctrl-C: to make and what it started
        return self.process.wait(30)


MANAGE = [str(ROOT / ".venv/bin/python"), str(ROOT / "manage.py")]


@pytest.fixture(scope="session")
def prepared() -> Path:
    """The state of a portal that ran before, by the first of the test processes that wants one."""
    place = Path(os.environ["TEST_STATE"]) / "prepared"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            portal = Portal(place, [*MANAGE, "up"], STATE=str(place / "var"))
            portal.start()
            portal.until(partial(keys_are_ready, place / "var"))
            assert portal.stop() == 0
            (place / "done").touch()
    return place / "var"


def keys_are_ready(state: Path) -> bool:
    return bool(rows(state, "SELECT count(*) FROM signing_key")[0][0] >= POOL)


def rows(state: Path, question: str) -> list[tuple[Any, ...]]:
    """Closed here: left to the garbage collector it takes the write-ahead log away later, while another copies it."""
    with closing(sqlite3.connect(state / "portal.sqlite3", timeout=10)) as database, database:
        return database.execute(question).fetchall()


@pytest.fixture
def portal(tmp_path: Path, prepared: Path) -> Iterator[Portal]:
    """From this tree, without make, and not for the first time: for what is tried many times."""
    shutil.copytree(prepared, tmp_path / "var")
    portal = Portal(tmp_path, [*MANAGE, "up"], STATE=str(tmp_path / "var"))
    yield portal
    if portal.process and portal.process.poll() is None:
        portal.stop()


def texts(portal: Portal, word: str, phone: str = "") -> list[str]:
    """The SMS in which the word stands."""
    inbox = (portal.folder / "var" / "inbox" / "sms").glob("*.json")
    messages = [json.loads(path.read_text()) for path in sorted(inbox)]
    return [sms["body"] for sms in messages if word in sms["body"] and phone in ("", sms["to"])]


class Person:
    """A browser without its screen: cookies, and the token of the page that a form stands on."""

    def __init__(self, portal: Portal) -> None:
        self.address, self.line = portal.address, requests.Session()

    def post(self, path: str, data: dict[str, str], expect: int = 302) -> requests.Response:
        page = self.line.get(f"{self.address}{path}", timeout=20)
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"csrfmiddlewaretoken": token, **data}
        answer = self.line.post(page.url, form, timeout=20, allow_redirects=False)
        assert answer.status_code == expect, answer.text[:500]
        return answer
