"""Somebody in VNeID: the simulator at work in a thread, its pages walked as a browser walks them, and the portal's beside."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.test import Client

from enrollment.gateways import vneid_dialects
from enrollment.models import Application, Consent, Introduction, Link
from enrollment.standins.vneid import pages, world
from enrollment.standins.vneid.services import Reply, Services
from enrollment.standins.vneid.world import CITIZENS
from portal.models import Event, User
from tests.enrollment.conftest import PASSWORD, code_sent

VAN, XUAN, LOW, EXPIRED, REFUSES, SLOW, HOLDER = list(CITIZENS)
PHONE = "0912000501"
DIALECTS = ("shared", "signin", "hub")
SECRET = "a-secret"
OURS = (Path(__file__).parent / "gateways" / "ours.pem").read_text()  # our key for the dialect that wraps
BEFORE = (Path(__file__).parent / "gateways" / "before.pem").read_text()  # and the one we had before
Altering = Callable[[Reply], Reply]


@contextmanager
def vneid_at_work(
    monkeypatch: pytest.MonkeyPatch, dialect: str = "shared", rsa: str = OURS, keys: tuple[str, ...] = ()
) -> Iterator["Simulator"]:
    monkeypatch.setattr(settings, "VNEID_RSA", rsa)
    monkeypatch.setattr(settings, "VNEID_KEYS", list(keys))
    monkeypatch.setattr(settings, "VNEID_URL", f"{dialect}+http://SMARTCA:{SECRET}@127.0.0.1:1")
    simulator = Simulator(pages.app("127.0.0.1", 0), dialect)
    url = f"{dialect}+http://SMARTCA:{SECRET}@127.0.0.1:{simulator.port}"
    monkeypatch.setattr(settings, "VNEID_URL", url)
    vneid_dialects.vneid.cache_clear()
    simulator.services.partner.__init__(urlsplit(url), keys)  # type: ignore[misc]
    simulator.starts()
    yield simulator
    simulator.stops()
    vneid_dialects.vneid.cache_clear()


class Simulator:
    """`alter` makes it hostile, or ill: what it answers at a path is changed on its way."""

    def __init__(self, server: ThreadingHTTPServer, dialect: str) -> None:
        self.server, self.dialect, self.port = server, dialect, server.server_address[1]
        handler: Any = server.RequestHandlerClass
        services: Services = handler.services
        self.handler, self.services = handler, services
        self.origin = f"http://127.0.0.1:{self.port}"
        self.alters: dict[str, Altering] = {}
        self.asked: list[str] = []
        self.says, self.services.answer = self.services.answer, self.answer  # type: ignore[method-assign]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.asked.append(path)
        reply = self.says(method, path, headers, body)
        return self.alters[path](reply) if path in self.alters else reply

    def alter(self, path: str, altering: Altering) -> None:
        self.alters[path] = altering

    def starts(self) -> None:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stops(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Killed; and started again, with what it knew."""
        self.stops()
        yield
        self.server = ThreadingHTTPServer(("127.0.0.1", int(self.port)), self.handler)
        self.starts()


@dataclass(frozen=True)
class Odd(world.Citizen):
    """Of whom VNeID says something else."""

    differently: Mapping[str, Any] = field(default_factory=dict)

    @property
    def person(self) -> dict[str, Any]:
        said = {**super().person, **self.differently}
        return {name: value for name, value in said.items() if value is not GONE}


GONE = object()


@contextmanager
def nothing_comes_of_it(verb: str = "introduction refused", times: int = 1) -> Iterator[None]:
    """No file, no consent, no link, no account; and it is written down, once."""

    def tally() -> list[int]:
        return [model.objects.count() for model in (Application, Consent, Link, User)]

    refusals = Event.objects.filter(verb=verb, result="refused")
    before, written = tally(), refusals.count()
    yield
    assert tally() == before
    assert refusals.count() == written + times


class Citizen:
    """One person with one browser, in VNeID and in the portal."""

    def __init__(self, simulator: Simulator, number: str = VAN, client: Client | None = None) -> None:
        self.simulator, self.number = simulator, number
        self.client, self.app = client or Client(), requests.Session()

    @property
    def application(self) -> Application:
        return Application.objects.select_related("data_key", "user", "plan").get(pk=self.client.session["application"])

    @property
    def introduction(self) -> Introduction:
        return Introduction.objects.select_related("data_key").latest("pk")

    # ── In VNeID ──

    def tap(self, path: str, fields: dict[str, str] | None = None) -> requests.Response:
        address = path if path.startswith("http") else f"{self.simulator.origin}{path}"
        if fields is None:
            return self.app.get(address, allow_redirects=False, timeout=10)
        return self.app.post(address, fields, allow_redirects=False, timeout=10)

    def signs_in(self) -> "Citizen":
        self.tap("/", {"number": self.number})
        return self

    def is_said_to_be(self, **differently: Any) -> "Citizen":
        """By VNeID, from here on."""
        people, own = self.simulator.services.world.people, CITIZENS[self.number]
        self.signs_in()
        odd = Odd(own.full_name, own.number, own.note, own.level, own.issued_on, own.residence, differently=differently)
        people[self.app.cookies["vneid"]] = odd
        return self

    def registers(self) -> str:
        """ "Điều hướng ngay": where it leads in the portal."""
        if "vneid" not in self.app.cookies:
            self.signs_in()
        self.tap("/consent", {"agree": "on"})
        self.tap("/sharing", {"agree": "on"})
        door = re.search(r'href="([^"]*/vneid/\?txn=[^"]*)"', self.tap("/sent").text)
        assert door
        return path_of(door[1])

    # ── In the portal ──

    def goes(self, path: str) -> Any:
        return self.client.get(path)

    def comes_back_from(self, answer: Any) -> str:
        """The portal sent the browser to VNeID, which sends it back: where to, in the portal."""
        assert answer.status_code == 302, answer.content
        return path_of(self.tap(answer["Location"]).headers["Location"])

    def agrees(self) -> str:
        """To everything; not back yet. Where VNeID sends the browser, in the portal."""
        return self.comes_back_from(self.goes(self.registers()))

    def is_refused(self, back: str, words: str = "không còn dùng được") -> None:
        """Told in words what to do, led to where it begins, and nothing has come of it."""
        with nothing_comes_of_it():
            answer = self.goes(back)
        assert answer.headers.get("Location") == "/vneid/", (answer.status_code, answer.headers)
        assert words in self.goes("/vneid/").content.decode()

    def begins_in_vain(self) -> None:
        """Told that VNeID cannot be asked now, on a page of ours; and what was answered is written down."""
        with nothing_comes_of_it():
            answer = self.client.post("/vneid/")
        assert answer.status_code == 200
        assert "VNeID đang bận" in answer.content.decode()

    def comes(self) -> Any:
        """From "Điều hướng ngay" to the first page of ours, which is looked at."""
        answer = self.goes(self.agrees())
        return self.goes(answer["Location"]) if answer.status_code == 302 else answer

    def opens(self) -> "Citizen":
        assert self.comes().status_code == 200
        assert self.client.post("/vneid/introduced/").status_code == 302
        return self

    def declares(self, phone: str = PHONE, **differently: str) -> "Citizen":
        form = {"phone": phone, "province": "51", "ward": "21421", "address": "Thôn 6", **differently}
        self.client.post("/register/declaration/", form)
        self.client.post("/register/declaration/check/", {"issuer": "on", "province-code": "on"})
        return self

    def activates(self, email: str = "van.mau@example.vn") -> "Citizen":
        self.client.post("/activate/", {"number": self.number, "code": code_sent("activation_code")})
        form = {"email": email, "password1": PASSWORD, "password2": PASSWORD, "terms": "on"}
        self.client.post("/activate/password/", form)
        return self

    def chooses(self, plan: str = "ps0-cong-dan") -> "Citizen":
        self.client.post("/register/plan/", {"plan": plan})
        self.client.post("/register/payment/")
        return self


def fields_of(reply: Reply) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(reply.body)
    return fields


def with_an_account(simulator: Simulator, number: str = VAN, **said: Any) -> Citizen:
    """`said`: where VNeID says something else of them."""
    citizen = Citizen(simulator, number)
    if said:
        citizen.is_said_to_be(**said)
    return citizen.opens().declares(phone=f"0912{number[-6:]}").activates(f"mau.{number[-3:]}@example.vn")


def twin(client: Client) -> Client:
    """The same browser, in another tab."""
    other = Client()
    other.cookies.load({name: cookie.value for name, cookie in client.cookies.items()})
    return other


def path_of(address: str) -> str:
    split = urlsplit(address)
    return f"{split.path}?{split.query}" if split.query else split.path


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with vneid_at_work(monkeypatch) as at_work:
        yield at_work


@pytest.fixture(params=DIALECTS)
def any_simulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with vneid_at_work(monkeypatch, request.param) as at_work:
        yield at_work
