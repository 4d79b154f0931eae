"""Figures taken side by side in one run, on a database of its own. Ratios hold on any machine; times are of this one."""

import http.client
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from portal.demo.benches import Pair
from portal.management.commands.prepare import gather_static
from portal.management.commands.up import web
from portal.parts import Part, parts

ROUNDS = 5


class Command(BaseCommand):
    help = "Measure against the least that could do the same. `make bench` runs it on SQLite and on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=2.0, help="per round of page requests")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        with tempfile.TemporaryDirectory(prefix="bench-") as place:
            settings.AUDIT_ANCHOR = Path(place) / "anchor"
            before = connection.settings_dict["NAME"]
            if connection.vendor == "sqlite":
                connection.settings_dict["TEST"]["NAME"] = f"{place}/bench.sqlite3"
            name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            try:
                call_command("seed")
                gather_static()
                self.stdout.write(
                    f"{connection.display_name}, {os.cpu_count()} cores, median of {ROUNDS} interleaved rounds"
                )
                self.stdout.write(f"{'':26}{'ours':>12}{'bare':>12}{'ratio':>8}  against")
                for bench in (import_module(part.benches) for part in parts(Part) if part.benches):
                    for pair in getattr(bench, "pairs", tuple)():
                        self.compare(pair)
                    for line in getattr(bench, "report", tuple)():
                        self.stdout.write(line)
                self.pages(str(name), seconds)
            finally:
                connection.close()
                connection.creation.destroy_test_db(before, verbosity=0)

    def compare(self, pair: Pair) -> None:
        ours, bare = [], []
        for _round in range(ROUNDS):
            bare.append(took(pair.bare, pair.times))
            ours.append(took(pair.ours, pair.times))
        ratio = statistics.median(mine / least for mine, least in zip(ours, bare, strict=True))
        mine, least = statistics.median(ours), statistics.median(bare)
        self.stdout.write(f"{pair.name:26}{shown(mine):>12}{shown(least):>12}{ratio:>8.2f}  {pair.against}")

    def pages(self, database: str, seconds: float) -> None:
        """The real server, as `up` starts it, asked by eight people at once."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        variables = ["LOG_LEVEL=ERROR", f"DATABASE_URL={url_of(database)}"]
        server = subprocess.Popen(["env", *variables, *web(2, 4, "127.0.0.1", port)], stdout=subprocess.DEVNULL)
        try:
            until_it_answers(port)
            pages: dict[str, list[float]] = {"/": [], "/sign-in/": [], "/healthz": []}
            for _round in range(ROUNDS):
                for path, rates in pages.items():
                    rates.append(rate(port, path, seconds))
        finally:
            server.terminate()
            server.wait()
        bare = statistics.median(pages["/healthz"])
        for path, rates in pages.items():
            mine = statistics.median(rates)
            self.stdout.write(
                f"{'GET ' + path:26}{mine:>10.0f}/s{bare:>10.0f}/s{bare / mine:>8.2f}  a view that says ok"
            )


def took(act: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _time in range(times):
        act()
    return (time.perf_counter() - began) / times


def shown(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def url_of(database: str) -> str:
    """The address of the database that bench made, for the server it starts."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{database}"
    place = connection.settings_dict
    login = f"{place['USER']}:{place['PASSWORD']}" if place["PASSWORD"] else place["USER"]
    return f"postgres://{login}@{place['HOST']}:{place['PORT']}/{database}"


def until_it_answers(port: int) -> None:
    for _try in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on {port}")


def rate(port: int, path: str, seconds: float, people: int = 8) -> float:
    answered, end = [0] * people, time.monotonic() + seconds

    def ask(place: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while time.monotonic() < end:
            line.request("GET", path, headers={"Host": "localhost"})
            if line.getresponse().read():
                answered[place] += 1
        line.close()

    askers = [threading.Thread(target=ask, args=(place,)) for place in range(people)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    return sum(answered) / seconds
