"""A signature drawn by hand: what is taken as one, and what is told apart from it."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.refusals import Refusal

MOST_POINTS, LEAST_POINTS = 4000, 8


def unfit(why: Any) -> Refusal:
    return Refusal("unfit-signature", why, status=400)


def drawn(sent: Any) -> list[list[list[float]]]:
    """Strokes as the page sends them: x and y between 0 and 1, and when. No image is ever taken."""
    wrong = unfit(_("Chữ ký gửi lên không đúng dạng. Quý khách hãy vẽ trực tiếp trong khung, không dán ảnh."))
    if not isinstance(sent, list) or not 0 < len(sent) <= 200:
        raise wrong
    strokes = list[list[list[float]]]()
    for stroke in sent:
        if not isinstance(stroke, list) or not stroke:
            raise wrong
        strokes.append([point(each, wrong) for each in stroke])
    points = [each for stroke in strokes for each in stroke]
    if len(points) > MOST_POINTS:
        raise unfit(_("Chữ ký quá dài. Quý khách hãy vẽ gọn hơn."))
    times = [when for _x, _y, when in points]
    if times != sorted(times):
        raise wrong
    check_hand(strokes, points)
    return strokes


def point(sent: Any, wrong: Refusal) -> list[float]:
    if not isinstance(sent, list) or len(sent) != 3 or not all(type(number) in (int, float) for number in sent):
        raise wrong
    x, y, when = sent
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0 <= when <= 3_600_000):
        raise wrong
    return [round(float(x), 4), round(float(y), 4), round(float(when))]


def check_hand(strokes: Sequence[Sequence[Sequence[float]]], points: Sequence[Sequence[float]]) -> None:
    """More than a dot or a dash, and made in the time that a hand takes."""
    length = sum(
        math.dist(point[:2], following[:2]) for stroke in strokes for point, following in itertools.pairwise(stroke)
    )
    wide = max(x for x, *_more in points) - min(x for x, *_more in points)
    if length < 0.4 or wide < 0.1 or len(points) < LEAST_POINTS:
        raise unfit(_("Chữ ký quá ngắn. Quý khách hãy ký như trên giấy, không chỉ chấm hoặc gạch."))
    if points[-1][2] - points[0][2] < 150:
        raise unfit(_("Chữ ký phải được vẽ bằng tay trong khung. Quý khách hãy vẽ lại."))
