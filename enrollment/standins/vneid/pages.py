"""The app's pages, in the words of guides 3 and 5, each marked as a simulator's; and the server that shows them."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import requests
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from enrollment import consents
from enrollment.gateways.vneid_line import Partner
from enrollment.models import Report
from enrollment.standins.vneid.services import Reply, Services
from enrollment.standins.vneid.world import AGREED, CITIZENS, Asking, Citizen, World

Fields = dict[str, str]


class App(BaseHTTPRequestHandler):
    services: ClassVar[Services]
    dialect: ClassVar[str]

    @property
    def world(self) -> World:
        return self.services.world

    # ── Whose, and in which language ──

    def cookie(self, name: str) -> str:
        kept = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return kept.value if kept else ""

    @property
    def citizen(self) -> Citizen | None:
        return self.world.people.get(self.cookie("vneid"))

    @property
    def asking(self) -> Asking | None:
        """For which the browser was sent here by a partner, and not brought back yet."""
        return self.world.askings.get(self.cookie("asking"))

    @property
    def language(self) -> str:
        return "en" if self.cookie("language") == "en" else "vi"

    # ── Reading ──

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        fields = dict(parse_qsl(asked.query))
        if asked.path == "/language":
            return self.go(fields.get("next") or "/", language="en" if self.language == "vi" else "vi")
        if asked.path.startswith("/share/"):
            return self.comes(self.world.askings.get(asked.path.removeprefix("/share/")))
        if asked.path == "/oauth2/authorize":
            return self.comes(self.services.authorize(dict(fields)))
        if asked.path.startswith(("/api/", "/oauth2/", "/.well-known/")):
            return self.reply(self.services.answer("GET", asked.path, dict(self.headers), b""))
        shown: dict[str, Callable[[], None]] = {
            "/": self.home,
            "/services": lambda: self.page("services"),
            "/certificates": lambda: self.page("certificates"),
            "/register": lambda: self.page("register", **self.registered()),
            "/issuers": lambda: self.page("issuers"),
            "/consent": lambda: self.consent(0),
            "/sharing": lambda: self.consent(1),
            "/sent": lambda: self.page("sent", **self.registered()),
            "/information": self.information,
        }
        if asked.path not in shown:
            return self.send_error(404)
        if self.citizen is None and asked.path != "/":
            return self.go("/")
        return shown[asked.path]()

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 100_000))
        path = urlsplit(self.path).path
        if path.startswith(("/api/", "/oauth2/")):
            return self.reply(self.services.answer("POST", path, dict(self.headers), body))
        fields = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        acts: dict[str, Callable[[Fields], None]] = {
            "/": self.sign_in,
            "/consent": lambda fields: self.agree(fields, 0, "/sharing"),
            "/sharing": lambda fields: self.agree(fields, 1, "/sent"),
            "/leave": lambda fields: self.go("/", vneid="", asking=""),
        }
        return acts[path](fields) if path in acts else self.send_error(404)

    # ── The app ──

    def home(self) -> None:
        self.page("home" if self.citizen else "sign_in", citizens=CITIZENS.values())

    def sign_in(self, fields: Fields) -> None:
        if fields.get("number") not in CITIZENS:
            return self.go("/")
        cookie = self.world.signs_in(fields["number"])
        return self.go("/issuers" if self.asking else "/", vneid=cookie)

    def registered(self) -> dict[str, Any]:
        citizen = self.citizen
        registration = self.world.registration_of(citizen) if citizen else None
        door = f"{self.world.site}/vneid/?{urlencode({'txn': registration.code})}" if registration else ""
        return {"registration": registration, "door": door}

    def consent(self, page: int, *, wrong: bool = False) -> None:
        texts = [consents.text(purpose, consents.PURPOSES[purpose].version, self.language) for purpose in AGREED[page]]
        self.page("consent" if page == 0 else "sharing", texts=texts, wrong=wrong)

    def agree(self, fields: Fields, page: int, following: str) -> None:
        citizen = self.citizen
        if citizen is None:
            return self.go("/")
        if "agree" not in fields:
            return self.consent(page, wrong=True)
        if page == 0:
            return self.go(following)
        registration = self.world.registers(citizen, self.language)
        if asking := self.asking:
            asking.registration = registration
            return self.go(self.services.back(asking, self.dialect), asking="")
        return self.go(following)

    def comes(self, asking: Asking | None) -> None:
        """A partner sent the browser. Who has agreed already goes straight back."""
        if asking is None:
            return self.send_error(400, "Unknown transaction")
        citizen = self.citizen
        same = asking.registration is not None and asking.registration.citizen == citizen
        if citizen and same:
            return self.go(self.services.back(asking, self.dialect), asking="")
        asking.registration = None
        return self.go("/issuers" if citizen else "/", asking=asking.transaction)

    def information(self) -> None:
        """As the portal answers now, not as it told once."""
        citizen = self.citizen
        assert citizen
        state = next(
            filter(lambda known: known is not None, map(self.read_back, self.world.transactions_of(citizen))), None
        )
        self.page("information", state=Report.STATES.get(state) if state is not None else None)

    def read_back(self, transaction: str) -> int | None:
        partner, site = self.services.partner, self.world.site
        granted = {"grant_type": "client_credentials", "client_id": partner.name, "client_secret": partner.secret}
        try:
            token = requests.post(f"{site}/vneid/api/token/", data={**granted, "scope": "state"}, timeout=5).json()
            answer = requests.get(
                f"{site}/vneid/api/state/{quote(transaction, safe='')}/",
                headers={"Authorization": f"Bearer {token['access_token']}"},
                timeout=5,
            )
            return int(answer.json()["statusCode"]) if answer.ok else None
        except (requests.RequestException, ValueError, KeyError):
            return None

    # ── Answering ──

    def page(self, name: str, **facts: Any) -> None:
        with translation.override(self.language):
            text = render_to_string(
                f"standins/vneid/{name}.html",
                {"language": self.language, "citizen": self.citizen, "path": urlsplit(self.path).path, **facts},
            )
        self.reply(Reply(200, text.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}))

    def go(self, address: str, **cookies: str) -> None:
        local = address if address.startswith((f"{self.world.site}/", "/")) and not address.startswith("//") else "/"
        self.send_response(303)
        self.send_header("Location", local)
        for name, value in cookies.items():
            self.send_header("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax")
        self.end_headers()

    def reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses carry codes; they are not for a log."""


def app(host: str, port: int) -> ThreadingHTTPServer:
    url = urlsplit(settings.VNEID_URL)
    services = Services(World(settings.SITE_URL), Partner(url, settings.VNEID_KEYS), settings.VNEID_RSA)
    at_work = type("AtWork", (App,), {"services": services, "dialect": url.scheme.partition("+")[0]})
    return ThreadingHTTPServer((host, port), at_work)


def serve(host: str, port: int) -> None:
    with app(host, port) as server:
        server.serve_forever()
