"""The one way our rules say no; errors.py tells it to people and programs."""

from typing import Any


class Refusal(Exception):
    """No, and what to do next. The code is for programs and never changes; the message is for the person."""

    def __init__(self, code: str, message: Any, *, status: int = 409, wait: int | None = None) -> None:
        super().__init__(code)
        self.code, self.message, self.status, self.wait = code, message, status, wait
