"""Readers of pictures that a stranger's file has turned: what is sent says how. Without Django, as every program is."""

import os
import time
from typing import Any

Answer = tuple[Any, Any]
LOOK: dict[str, Any] = {
    "quality": {"light": 120.0, "glare": 0.0, "sharp": 4.0, "wide": 900},
    "codes": [],
    "lines": [],
    "face": None,
    "reach": 0.8,
}
GOOD = {"look": LOOK, "size": [40, 30]}
PIXELS = bytes(40 * 30 * 3)
TRAILER = b"\0"  # of a file that only has to be long
CARDS: dict[str, Answer] = {
    "good": (GOOD, (PIXELS,)),
    "no picture": (GOOD, ()),
    "fewer pixels": (GOOD, (PIXELS[1:],)),
    "a huge size": ({**GOOD, "size": [40_000, 30_000]}, (PIXELS,)),
    "a size below": ({**GOOD, "size": [-40, -30]}, (PIXELS,)),
    "words for numbers": ({**GOOD, "look": {**LOOK, "reach": "much"}}, (PIXELS,)),
    "no numbers": ({**GOOD, "look": {**LOOK, "quality": {**LOOK["quality"], "light": float("nan")}}}, (PIXELS,)),
    "a face of three": ({**GOOD, "look": {**LOOK, "face": [1, 2, 3]}}, (PIXELS,)),
    "nothing": ({}, ()),
    "a list": ([], ()),
}


def card(sent: bytes) -> Answer:
    how = sent.rstrip(TRAILER).decode()
    if how == "falls":
        os.abort()
    while how == "hangs":
        time.sleep(0.01)
    return CARDS[how]


def film(sent: bytes, *, cues: list[dict[str, Any]], lasts: int) -> Answer:
    seen = [[cue["cue"], 0.3, 0.5] for cue in cues]
    facts = {"facts": {"seen": seen, "ratio": 1.8, "frames": [1, 2, 3]}, "sizes": [[40, 30]] * 3}
    answers: dict[str, Answer] = {
        "good": (facts, (PIXELS,) * 3),
        "one picture": (facts, (PIXELS,)),
        "other cues": ({**facts, "facts": {**facts["facts"], "seen": seen[1:]}}, (PIXELS,) * 3),  # type: ignore[dict-item]
        "backwards": ({**facts, "facts": {**facts["facts"], "frames": [3, 1]}}, (PIXELS,) * 3),  # type: ignore[dict-item]
        "an unknown fault": ({"fault": "<script>"}, ()),
    }
    if sent == b"falls":
        os.abort()
    return answers[sent.decode()]


codes = card
