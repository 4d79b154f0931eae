"""Readers that a file has turned, and what they can still do from within. Without Django, as every program is."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Answer = tuple[Any, Any]


def warm() -> None:
    os.environ["WARMED"] = "yes"


def echo(*files: bytes, **question: object) -> Answer:
    return question, files


def falls(how: str) -> Answer:
    if how == "raises":
        raise RuntimeError("a stranger's words")
    if how == "aborts":
        os.abort()
    os._exit(0)


def hangs(*, stubborn: bool) -> Answer:
    if stubborn:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


def eats() -> Answer:
    return {"much": len(bytearray(3_000_000_000))}, ()


def lies(how: str) -> Answer:
    answers: dict[str, Answer] = {
        "no table": ([1, 2], ()),
        "deep": ({"in": eval("[" * 90 + "]" * 90)}, ()),
        "too long": ({}, (bytes(70_000_000),)),
    }
    return answers[how]


def scribbles(content: bytes) -> Answer:
    """Over its answer, past the door."""
    for descriptor in range(16):
        with contextlib.suppress(OSError):
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, content)
    os._exit(0)


def looks_around(paths: list[str], parent: int) -> Answer:
    """All that it can do; an empty list is what it should answer."""
    return {"can": list(possible(paths, parent))}, ()


def possible(paths: list[str], parent: int) -> Iterator[str]:
    ways: dict[str, Callable[[], object]] = {
        **{f"read {path}": lambda path=path: os.open(path, os.O_RDONLY) for path in paths},  # type: ignore[misc]
        "list the machine": lambda: os.listdir("/proc"),
        "write": lambda: os.open("/tmp/planted", os.O_CREAT | os.O_WRONLY),
        "make a file": lambda: os.memfd_create("planted"),
        "call out": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "listen": lambda: socket.socket(socket.AF_UNIX),
        "start a program": lambda: subprocess.run(["/bin/true"], check=False),
        "fork": os.fork,
        "kill": lambda: os.kill(parent, 0),
        "read another's memory": lambda: traced(parent),
        "become another": lambda: os.setuid(65534),
    }
    for name, way in ways.items():
        with contextlib.suppress(OSError):
            way()
            yield name
    if os.environ:
        yield f"see {sorted(os.environ)}"
    if brought := {"django", "portal.settings", "portal.sealing"} & set(sys.modules):
        yield f"know {sorted(brought)}"
    for descriptor in range(6, 512):
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
            yield f"use descriptor {descriptor}"


def traced(pid: int) -> None:
    if ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0):  # PTRACE_ATTACH
        raise OSError
