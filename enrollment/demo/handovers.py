"""What a hand-over from VNeID costs: the simulator in a process of its own, the portal's side as a browser asks for it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import requests
from django.conf import settings
from django.db import connections
from django.test import Client

from portal.demo.benches import Pair

APP = f"http://localhost:{settings.VNEID_PORT}"
NUMBER = "051094000502"
AT_ONCE, MANY = 20, 100
TURNS = count(1)


def simulator() -> "subprocess.Popen[bytes] | None":
    """One that runs already will do."""
    if is_there():
        return None
    process = subprocess.Popen([sys.executable, str(settings.BASE_DIR / "manage.py"), "vneid"])
    while not is_there():
        time.sleep(0.1)
    return process


def is_there() -> bool:
    try:
        return requests.get(APP, timeout=2).ok
    except requests.RequestException:
        return False


def registered(app: requests.Session) -> str:
    """Somebody who has agreed in VNeID: under which name."""
    app.post(f"{APP}/", {"number": NUMBER}, timeout=10)
    app.post(f"{APP}/consent", {"agree": "on"}, timeout=10)
    app.post(f"{APP}/sharing", {"agree": "on"}, timeout=10)
    door = re.search(r"txn=(\w+)", app.get(f"{APP}/sent", timeout=10).text)
    assert door
    return door[1]


def hand_over(app: requests.Session, code: str) -> None:
    """To VNeID and back, its word fetched, verified and kept, and the first page of ours shown."""
    client = Client(headers={"host": "localhost"}, REMOTE_ADDR=f"10.0.{next(TURNS) % 250}.1")
    there = client.get("/vneid/", {"txn": code})
    back = app.get(there["Location"], allow_redirects=False, timeout=10).headers["Location"]
    page = client.get(back.partition(settings.SITE_URL)[2], follow=True)
    if page.status_code != 200 or NUMBER not in page.content.decode():
        raise RuntimeError(f"hand-over: {page.status_code}")


def many(app: requests.Session, code: str, hands: int) -> None:
    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(lambda _turn: alone(app, code), range(MANY)))


def alone(app: requests.Session, code: str) -> None:
    try:
        hand_over(app, code)
    finally:
        connections.close_all()


def pairs() -> Iterator[Pair]:
    if not settings.LOCAL_VNEID:
        return
    process, app = simulator(), requests.Session()
    try:
        code, bare = registered(app), Client(headers={"host": "localhost"})
        yield Pair("hand-over, first page", partial(hand_over, app, code), partial(bare.get, "/terms/"), "a page", 20)
        in_turn, at_once = partial(many, app, code, 1), partial(many, app, code, AT_ONCE)
        yield Pair(f"{MANY} hand-overs at once", at_once, in_turn, "in turn", 1)
    finally:
        if process:
            process.terminate()
            process.wait()
