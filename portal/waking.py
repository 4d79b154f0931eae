"""Telling a worker to look now: no more than a word by the broker, which may be lost; what is due stands in rows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from kombu.exceptions import OperationalError

from portal.celery import app as celery

log = structlog.get_logger(__name__)


class Waker:
    """Tells a worker to look now. It does so beside the request, which must not wait for a broker that is slow or
    away; whoever wakes while another waits its turn has been served by it. What is not heard, the sweep finds."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="waker")
        self.waiting = threading.Lock()

    def wake(self) -> None:
        if self.waiting.acquire(blocking=False):
            self.thread.submit(self._send)

    def _send(self) -> None:
        self.waiting.release()
        try:
            celery.send_task(self.task, retry=False, expires=60)
        except OperationalError as error:
            log.warning("broker away, left to the sweep", reason=type(error).__name__)
