"""README's own way: `make run` in a folder where nothing was prepared, and what happens when its parts fall."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
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
from playwright.sync_api import Browser

from enrollment.identity import Declaration
from signing.steps.pin import POOL
from tests.enrollment.conftest import PAID, a_declaration, typed
from tests.postgresql import PostgreSQL, free_port

pytestmark = pytest.mark.whole
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
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.env, stdout=log, stderr=log, text=True, start_new_session=True
            )
        self.until(lambda: "portal: ready at" in self.log.read_text() or self.process.poll() is not None, patience)  # type: ignore[union-attr]
        assert self.process.poll() is None, self.log.read_text()
        return time.monotonic() - began

    def until(self, come: Callable[[], Any], patience: float = 60) -> Any:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if found := come():
                return found
            time.sleep(0.2)
        raise AssertionError(f"not within {patience} s; the log ends: {self.log.read_text()[-2000:]}")

    def children(self, name: str) -> list[int]:
        """The processes of one part, by what stands on their command line."""
        assert self.process
        found = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in found.splitlines()]
        family = {self.process.pid}
        for _generation in range(4):
            family |= {int(pid) for pid, parent, _args in rows if int(parent) in family}
        return [
            int(pid) for pid, _parent, args in rows if int(pid) in family and name in args and not args.endswith(" up")
        ]

    def kill(self, name: str) -> list[int]:
        found = self.children(name)
        assert found, f"no {name} to kill"
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return found

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
    return bool(told_by(state, "SELECT count(*) FROM signing_key")[0][0] >= POOL)


def told_by(state: Path, question: str) -> list[tuple[Any, ...]]:
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


def test_make_run_in_an_empty_folder_ends_with_a_home_page(tmp_path: Path, chromium: Browser) -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        (tmp_path / name).chmod((ROOT / name).stat().st_mode)
    portal = Portal(tmp_path, ["make", "run"])
    portal.start()
    page = chromium.new_page()
    page.goto(portal.address)
    assert page.get_by_role("heading", level=1).inner_text().startswith("Chữ ký số")
    assert page.locator(".nine li").count() == 9
    assert page.locator(".plan").count() == 5
    page.get_by_role("link", name="Bàn trình diễn").click()
    page.get_by_role("button", name="Vào với vai này").first.click()
    page.wait_for_url("**/account/")
    page.close()
    assert portal.stop() in (0, 2, -signal.SIGINT)  # make has its own words for an interrupt
    time.sleep(0.5)
    left = {entry.name for entry in tmp_path.iterdir()} - {Path(name).parts[0] for name in files.split("\0") if name}
    assert left - {"portal.log"} == {"var", ".venv"}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", portal.port)) != 0


def test_a_second_start_is_quick_and_keeps_what_was_there(portal: Portal) -> None:
    people = partial(told_by, portal.folder / "var", "SELECT username FROM portal_user ORDER BY id")
    before = people()
    assert portal.start(30) < 30  # how quick is bench's to say
    assert portal.stop() == 0
    assert people() == before


def test_the_children_of_a_killed_part_do_not_go_on_without_it(portal: Portal) -> None:
    portal.start()
    first, *workers = sorted(portal.children("granian"))
    assert workers
    os.kill(first, signal.SIGKILL)
    portal.until(lambda: not alive([first, *workers]))
    portal.until(portal.is_ready, 30)
    again = portal.children("granian")
    assert portal.stop() == 0
    assert not alive(again)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_killed_part_is_started_again_and_the_portal_heals(portal: Portal) -> None:
    portal.start()
    for part in ("granian", " worker ", " signer ", "redis-server", " beat "):
        killed = portal.kill(part)
        portal.until(partial(portal.has_new, part, killed))
        portal.until(portal.is_ready, 30)


def ask_for_codes(portal: Portal, numbers: list[str]) -> None:
    for number in numbers:
        person = requests.Session()
        page = person.get(f"{portal.address}/password/forgotten/", timeout=10)
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"csrfmiddlewaretoken": token, "number": number}
        answer = person.post(f"{portal.address}/password/forgotten/", form, timeout=10, allow_redirects=False)
        assert answer.status_code == 302, answer.text[:500]


RESET = "Ma dat mat khau"


def texts(portal: Portal, word: str, phone: str = "") -> list[str]:
    """The SMS in which the word stands."""
    inbox = (portal.folder / "var" / "inbox" / "sms").glob("*.json")
    found = [json.loads(path.read_text()) for path in sorted(inbox)]
    return [one["body"] for one in found if word in one["body"] and phone in ("", one["to"])]


@pytest.mark.parametrize("fall", [" worker ", "redis-server", "redis emptied", "granian"])
def test_messages_due_while_a_part_falls_all_arrive_and_at_most_one_twice(fall: str, portal: Portal) -> None:
    """Promise P17."""
    from portal.demo.people import DEMO_PEOPLE

    portal.start()
    numbers = [row[0] for row in DEMO_PEOPLE]
    ask_for_codes(portal, numbers[:4])
    if fall == "redis emptied":
        for kept in (portal.folder / "var").glob("appendonly*"):  # a file of Redis 6, a folder of Redis 7
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    portal.kill("redis-server" if fall == "redis emptied" else fall)
    if fall == "granian":
        portal.until(portal.is_ready, 30)
    ask_for_codes(portal, numbers[4:8])
    portal.until(lambda: len(texts(portal, RESET)) >= 8, 120)
    time.sleep(12)  # one more sweep, in which a wrong repetition would show
    assert 8 <= len(texts(portal, RESET)) <= 9
    portal.until(portal.is_ready, 30)


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


def walk_to_payment(portal: Portal, told: Declaration, plan: str) -> Person:
    person = Person(portal)
    person.post("/register/", {"terms": "on", "personal-data": "on"})
    person.post("/register/plan/", {"plan": plan})
    person.post("/register/declaration/", typed(told))
    person.post("/register/declaration/check/", {})
    return person


def confirm_phone(portal: Portal, person: Person, told: Declaration) -> None:
    person.post("/register/payment/phone/", {})
    code = portal.until(lambda: texts(portal, "Ma xac nhan so", told.phone), 60)[0]
    person.post("/register/payment/phone/", {"code": re.findall(r"\b\d{6}\b", code)[0]})


def test_a_part_killed_between_payment_and_code_loses_no_code(portal: Portal) -> None:
    """Promise P17, as far as the code after a payment; and promise P8, as far as a bank that tells it twice."""
    portal.start()
    people = []
    for fall in (" worker ", "redis-server"):
        told = a_declaration(ward="21421", province="51")
        person = walk_to_payment(portal, told, PAID)
        confirm_phone(portal, person, told)
        bank = person.post("/register/payment/", {"gateway": "vnpay"}).headers["Location"]
        page = requests.get(bank, timeout=10).text
        deal = re.findall(r'name="deal" value="([^"]+)"', page)[0]
        portal.kill(fall)
        decided = {"deal": deal, "ending": "twice"}
        requests.post(bank.partition("/paymentv2")[0] + "/decide", decided, timeout=10, allow_redirects=False)
        portal.until(partial(texts, portal, "Ma kich hoat", told.phone), 120)
        people.append((person, told))
    time.sleep(12)
    for person, told in people:
        assert len(texts(portal, "Ma kich hoat", told.phone)) == 1
        assert person.line.get(f"{portal.address}/application/receipt/", timeout=10).ok


def test_a_bank_that_forgets_to_tell_is_asked(portal: Portal) -> None:
    """The sweep of payments; it looks two minutes after the start, so here the clock of the row is set back."""
    portal.start()
    told = a_declaration(ward="21421", province="51")
    person = walk_to_payment(portal, told, PAID)
    confirm_phone(portal, person, told)
    banks = [
        person.post("/register/payment/", {"gateway": gateway}).headers["Location"] for gateway in ("momo", "vnpay")
    ]
    for bank, ending in zip(banks, ("cancel", "silent"), strict=True):
        deal = re.findall(r'name="deal" value="([^"]+)"', requests.get(bank, timeout=10).text)[0]
        origin = "/".join(bank.split("/")[:3])
        requests.post(f"{origin}/decide", {"deal": deal, "ending": ending}, timeout=10, allow_redirects=False)
    told_by(portal.folder / "var", "UPDATE orders_payment SET created_at = datetime(created_at, '-3 minutes')")
    portal.until(lambda: texts(portal, "Ma kich hoat", told.phone), 120)


def test_while_its_database_is_away_the_portal_says_so_quickly_and_heals_alone(
    portal: Portal, cluster: PostgreSQL
) -> None:
    """Promise P17: 503 with Retry-After inside 3 s, well again within 30 s."""
    portal.env["DATABASE_URL"] = cluster.url
    portal.start()
    cluster.stop()
    took = []
    for _time in range(3):
        began = time.monotonic()
        answer = requests.get(portal.address, timeout=30)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
        took.append(time.monotonic() - began)
    assert min(took) < 3  # the rest is what else the machine was doing
    assert requests.get(f"{portal.address}/healthz", timeout=3).ok
    cluster.resume()
    portal.until(lambda: portal.is_ready() and all(requests.get(portal.address).ok for _process in range(9)), 30)
    portal.stop()


def test_a_stolen_disk_shows_no_code_number_phone_or_password(portal: Portal) -> None:
    """Promise P18: the database, Redis's file and the log, searched for what people gave us."""
    from portal.demo.people import DEMO_PASSWORD, DEMO_PEOPLE

    portal.start()
    number, name, phone, *_rest = DEMO_PEOPLE[0]
    person = requests.Session()
    token = (
        person.get(f"{portal.address}/sign-in/", timeout=10).text.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
    )
    form = {"csrfmiddlewaretoken": token, "login": number, "password": DEMO_PASSWORD}
    assert person.post(f"{portal.address}/sign-in/", form, timeout=10, allow_redirects=False).status_code == 302
    ask_for_codes(portal, [number])
    [letter] = portal.until(lambda: texts(portal, RESET), 60)
    code = re.findall(r"\b\d{6}\b", letter)[0]
    told = a_declaration(ward="21421", province="51")
    walk_to_payment(portal, told, PAID)
    portal.until(portal.is_ready, 30)
    assert portal.stop() == 0
    log = "\n".join(line for line in portal.log.read_text().splitlines() if line.startswith("{"))
    lines = [json.loads(line) for line in log.splitlines()]
    asked = {line["request_id"] for line in lines if line.get("request") == "POST /password/forgotten/"}
    done = {line["request_id"] for line in lines if line["event"] == "message sent"}
    assert done - {""} == asked  # from the page to the task; the demo's own messages have no page
    places = {"log": log.encode()}
    for path in (portal.folder / "var").rglob("*"):
        if path.is_file() and not {"inbox", "static"} & set(path.parts):
            places[str(path)] = path.read_bytes()
    assert any(place.endswith("portal.sqlite3") for place in places)
    assert any("appendonly" in place for place in places)
    for place, content in places.items():
        declared = (
            told.number,
            told.full_name,
            told.phone[1:],
            told.email,
            told.full_name.encode("unicode_escape").decode(),
        )
        for planted in (
            number,
            name,
            phone[1:],
            code,
            DEMO_PASSWORD,
            name.encode("unicode_escape").decode(),
            *declared,
        ):
            assert planted.encode() not in content, f"{planted} in {place}"


# ── One clear line for what is in the way ──


def refused(portal: Portal) -> str:
    ended = subprocess.run(
        portal.command, cwd=portal.folder, env=portal.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_a_port_in_use_is_one_clear_line(portal: Portal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", portal.port))
        taken.listen()
        assert f"Port {portal.port} is in use" in refused(portal)


def test_an_unwritable_folder_is_one_clear_line(portal: Portal) -> None:
    portal.env["STATE"] = "/proc/nowhere"
    assert "STATE=/proc/nowhere cannot be written to" in refused(portal)


def test_a_dead_database_is_one_clear_line(portal: Portal) -> None:
    portal.env["DATABASE_URL"] = f"postgres://portal:secret@127.0.0.1:{free_port()}/portal"
    line = refused(portal)
    assert "The database does not answer" in line
    assert "secret" not in line


def test_a_dead_redis_is_one_clear_line(portal: Portal) -> None:
    portal.env["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    assert "Redis does not answer" in refused(portal)


def test_a_second_portal_in_the_same_folder_is_one_clear_line(portal: Portal) -> None:
    portal.start()
    portal.env["PORT"] = str(free_port())
    assert "Another portal runs" in refused(portal)
