"""What strangers send is read in processes that have nothing to lose: no key, no setting, no file, no network.

A `Program` is a module of ours without Django whose verbs take files and answer with plain facts and files. They run in
forks of a server that each of our processes starts for itself, once (confined.py): so a file costs a fork, and no start of
a reader. What comes back is somebody else's word: whoever asks takes it apart within `checked`."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings

from portal import confined

log = structlog.get_logger(__name__)


# Nothing of ours. A fork has one thread, and large pages, in which its memory comes quicker.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class Failed(Exception):
    """The reader fell, took too long or said what makes no sense."""


@dataclass(frozen=True)
class Program:
    module: str
    seconds: int = 8
    memory: int = 400_000_000  # bytes beyond what the readers themselves take
    files: int = 0  # that it may open, for one that needs an event loop; where seccomp is, no file of anybody's

    def ask(self, verb: str, *sent: bytes, **question: Any) -> tuple[dict[str, Any], list[bytes]]:
        try:
            facts, results = self.exchanged(verb, question, sent)
        except TimeoutError:
            raise self.failed(verb, "late") from None
        except (OSError, ValueError):
            raise self.failed(verb, "fell") from None
        if "fell" in facts:
            raise self.failed(verb, str(facts["fell"])[:40])
        return facts, results

    def failed(self, verb: str, reason: str) -> Failed:
        """Without what it read: a log is no place for it."""
        log.warning("reader failed", program=self.module, verb=verb, reason=reason)
        return Failed(reason)

    def exchanged(
        self, verb: str, question: dict[str, Any], sent: Sequence[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        order = {
            "module": self.module,
            "verb": verb,
            "seconds": self.seconds,
            "memory": self.memory,
            "files": self.files,
        }
        line, theirs = socket.socketpair()
        with line, room() as answer:
            with theirs, room() as asked:
                confined.write(asked, question, sent)
                server.send(json.dumps(order).encode(), [theirs.fileno(), asked, answer])
            line.settimeout(self.seconds + 2 * confined.GRACE)
            line.recv(1)  # it says nothing; its end says that the fork is gone
            return confined.read(answer)

    def wake(self) -> None:
        """A file is about to come: bring the readers into memory."""
        with suppress(OSError):
            server.send(json.dumps({"module": self.module}).encode(), ())


@contextmanager
def room() -> Iterator[int]:
    """A file in memory, without a name."""
    descriptor = os.memfd_create("file")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def checked() -> Iterator[None]:
    """Around the taking apart of an answer: what is not as it must be is no answer."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as wrong:
        log.warning("reader answered nonsense", reason=type(wrong).__name__)
        raise Failed("nonsense") from None


class Server:
    """One for each of our processes; one that was inherited over a fork is left to the parent."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.owner, self.control = 0, socket.socket()
        self.process: subprocess.Popen[bytes] | None = None

    def send(self, order: bytes, descriptors: Sequence[int]) -> None:
        for _try in range(2):  # it may have been ended from outside, for want of memory for instance
            control = self.start()
            with suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(control, [order], descriptors)
                return
            self.stop(control)
        raise ConnectionResetError

    def start(self) -> socket.socket:
        with self.lock:
            if self.owner != os.getpid():
                self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    self.process = subprocess.Popen(
                        [sys.executable, "-m", "portal.confined"],
                        stdin=theirs.fileno(),
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        cwd=settings.BASE_DIR,
                        env=ENVIRONMENT,
                        start_new_session=True,
                    )
                self.owner = os.getpid()
            return self.control

    def stop(self, control: socket.socket) -> None:
        with self.lock:
            if control is self.control:
                self.owner = 0
                control.close()
                if self.process:
                    self.process.kill()
                    self.process.wait()


server = Server()
