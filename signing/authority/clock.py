"""How well this machine knows the time that it vouches for: asked of the kernel, which hears it from whatever keeps its clock
(chrony, ntpd, systemd-timesyncd)."""

import ctypes
import struct
from datetime import timedelta

from django.conf import settings

MOST = timedelta(seconds=1)  # by which the clock may be off
ACCURACY = 2  # seconds, as stamps state it: the clock's own, and the part of a second that they leave out
UNSYNCHRONISED = 0x40  # of the status; so it starts, and so it becomes when nobody has corrected it for long
KERNEL, TRUSTED = "kernel", "trusted"


class Unknown(Exception):
    """Nobody keeps this clock, or not well enough: nothing is stamped by it."""


def accuracy() -> int:
    """In seconds; none where the clock is trusted unasked. Raises Unknown."""
    if settings.CLOCK == TRUSTED:
        return 0
    error = error_of_kernel()
    if error is None or error > MOST:
        raise Unknown(f"the clock may be off by {error}" if error else "nobody keeps the clock")
    return ACCURACY


def error_of_kernel() -> timedelta | None:
    """At most, as adjtimex(2) tells it; it grows until the clock is corrected again. Nothing, if nobody does."""
    asked = ctypes.create_string_buffer(512)  # all zero: a question, no change
    if ctypes.CDLL(None).adjtimex(asked) < 0:
        return None
    _modes, _offset, _frequency, most, _estimated, status = struct.unpack_from("@Illlli", asked.raw)
    return None if status & UNSYNCHRONISED else timedelta(microseconds=most)
