"""The other side of isolation.py: a process that has our readers in memory and nothing else, and forks for each file.

It is started with an empty environment and no file of ours open; it knows no settings, no key, no database and no Django.
Each fork gives up what it could still do (memory, time, opening files, making processes, the network), then reads one
question and answers it. What a stranger's file makes of a reader, it makes of that fork."""

import codecs
import ctypes
import errno
import gc
import importlib
import json
import os
import platform
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

Answer = tuple[dict[str, Any], Sequence[bytes]]
Verb = Callable[..., Answer]
MOST, HEAD = 64_000_000, 1_000_000  # bytes of a question or an answer, and of its table
LENGTH = struct.Struct(">Q")
GRACE = 1.0  # seconds that a fork has beyond its own, before it is ended
TURN = 0.2

# ── What is asked and answered, in a file in memory: a table's length, the table as JSON, then the files one by one ──


def write(descriptor: int, facts: dict[str, Any], files: Sequence[bytes]) -> None:
    """In the place of what may stand there."""
    head = json.dumps({"facts": facts, "sizes": [len(file) for file in files]}).encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    for part in (LENGTH.pack(len(head)), head, *files):
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]


def read(descriptor: int) -> tuple[dict[str, Any], list[bytes]]:
    """Or ValueError: whatever stands there, it is a table of facts, and files of the sizes that it names."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    if not LENGTH.size <= size <= MOST:
        raise ValueError("nothing, or too much")
    (length,) = LENGTH.unpack(os.read(descriptor, LENGTH.size))
    try:
        whole = json.loads(os.read(descriptor, min(length, HEAD)))
        facts, sizes = whole["facts"], whole["sizes"]
    except (KeyError, TypeError, RecursionError) as wrong:
        raise ValueError("no such table") from wrong
    sound = isinstance(facts, dict) and isinstance(sizes, list) and all(type(each) is int for each in sizes)
    if not sound or min(sizes, default=0) < 0 or sum(sizes) != size - LENGTH.size - length:
        raise ValueError("no such table")
    return facts, [os.read(descriptor, each) for each in sizes]


# ── What a fork gives up ──

# By name, what a reader needs once it is in memory: memory, time, and the two ends of its line. No file, no process, no
# network, no look at another process. The two numbers: x86-64 and aarch64; -1 where a machine has none.
CALLS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "poll": (7, -1), "lseek": (8, 62),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "ioctl": (16, 29), "writev": (20, 66), "select": (23, -1),
    "sched_yield": (24, 124), "mremap": (25, 216), "madvise": (28, 233), "getpid": (39, 172), "sendto": (44, 206),
    "recvfrom": (45, 207), "socketpair": (53, 199), "exit": (60, 93), "fcntl": (72, 25), "gettimeofday": (96, 169),
    "getrusage": (98, 165), "sysinfo": (99, 179), "times": (100, 153), "sigaltstack": (131, 132), "gettid": (186, 178),
    "futex": (202, 98), "sched_getaffinity": (204, 123), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115),
    "exit_group": (231, 94), "epoll_wait": (232, -1), "epoll_ctl": (233, 21), "ppoll": (271, 73),
    "epoll_pwait": (281, 22), "epoll_create1": (291, 20), "getrandom": (318, 278), "rseq": (334, 293),
    "ftruncate": (77, 46),
}  # fmt: skip
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # of prctl
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine(seconds: int, memory: int, files: int) -> None:
    """From here on: so much more memory than is taken, so much time, so many files; and no call to the kernel but these."""
    signal.alarm(seconds)
    limits = {
        resource.RLIMIT_AS: taken() + memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_FSIZE: MOST,  # of the answer, which stands in memory; no other file can be opened
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    refuse_calls()


def taken() -> int:
    """Bytes of address space that this process has: its readers, mostly."""
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[0]) * resource.getpagesize()


def refuse_calls() -> bool:
    """Where Linux can (seccomp): whatever is not named above is refused by the kernel. Elsewhere the limits stand alone."""
    if platform.machine() not in MACHINES or sys.platform != "linux":
        return False
    column, architecture = MACHINES[platform.machine()]
    numbers = sorted(call[column] for call in CALLS.values() if call[column] >= 0)

    def step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_so, if_not, value)

    load, equal, give = 0x20, 0x15, 0x06
    filters = [step(load, 4), step(equal, architecture, 1, 0), step(give, REFUSE), step(load, 0)]
    filters += [step(equal, number, len(numbers) - place, 0) for place, number in enumerate(numbers)]
    filters += [step(give, REFUSE), step(give, ALLOW)]
    instructions = b"".join(filters)
    program = _Program(len(filters), instructions)
    _libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(_libc.prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0) == 0)


_libc = ctypes.CDLL(None, use_errno=True)


# ── The server ──


def brought(module: str) -> Any:
    """Ours, and named by us; in memory before the fork, and so there for all that follow."""
    if module not in sys.modules:
        getattr(importlib.import_module(module), "warm", list)()
        gc.collect()
        gc.freeze()
    return sys.modules[module]


def serve(control: socket.socket) -> None:
    """An order comes with three descriptors: a line whose end says that it is done, the question, room for the answer.
    Without them it only says what will be asked for."""
    running: dict[int, float] = {}
    while True:
        if select.select([control], [], [], TURN if running else None)[0]:
            sent, descriptors, _flags, _address = socket.recv_fds(control, 4096, 3)
            if not sent:
                return
            order = json.loads(sent)
            if pid := forked(order, control, descriptors):
                running[pid] = time.monotonic() + order["seconds"] + GRACE
            for descriptor in descriptors:
                os.close(descriptor)
        look_after(running)


def forked(order: dict[str, Any], control: socket.socket, descriptors: Sequence[int]) -> int:
    try:
        module = brought(order["module"])
        if not descriptors:
            return 0
        act: Verb = getattr(module, order["verb"])
    except Exception as wrong:  # noqa: BLE001 (whoever asks hears its name)
        if descriptors:
            write(descriptors[2], {"fell": type(wrong).__name__}, ())
        return 0
    pid = os.fork()
    if not pid:
        control.close()
        work(descriptors[1], descriptors[2], act, order["seconds"], order["memory"], order["files"])
    return pid


def look_after(running: dict[int, float]) -> None:
    now = time.monotonic()
    for pid, until in list(running.items()):
        if now > until:
            os.kill(pid, signal.SIGKILL)
        if os.waitpid(pid, os.WNOHANG)[0]:
            del running[pid]


def work(question: int, room: int, act: Verb, seconds: int, memory: int, files: int) -> None:
    """In the fork, which never comes back."""
    try:
        os.environ.clear()
        confine(seconds, memory, files)
        known, sent = read(question)
        write(room, *act(*sent, **known))
    except BaseException as wrong:  # noqa: BLE001 (whatever it was, this process ends here)
        write(room, {"fell": type(wrong).__name__}, ())
    finally:
        os._exit(0)


def main() -> None:
    for encoding in (
        "ascii",
        "latin-1",
        "cp1252",
        "utf-8-sig",
        "utf-16",
        "utf-16-be",
        "utf-16-le",
        "utf-32",
        "idna",
        "punycode",
    ):
        codecs.lookup(encoding)  # a fork finds none that is not in memory yet
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the process that started it
    serve(socket.socket(fileno=0))


if __name__ == "__main__":
    main()
