"""The one way our rules say no; errors.py tells it to people and programs."""

from typing import Any

from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """No, and what to do next. The code is for programs and never changes; the message is for the person."""

    def __init__(self, code: str, message: Any, *, status: int = 409, wait: int | None = None) -> None:
        super().__init__(code)
        self.code, self.message, self.status, self.wait = code, message, status, wait


def out_of_step() -> Refusal:
    """Two tabs, or somebody else, were quicker: whoever asked is led to where things stand now."""
    return Refusal("out-of-step", _("Hồ sơ đã chuyển sang bước khác. Quý khách hãy tải lại trang."))
