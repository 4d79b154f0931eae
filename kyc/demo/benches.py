"""What capture and the desk cost: a photograph against the naive way and against the least, the queue at a thousand
applications and at a million against Django's own list of the same rows."""

import io
import resource
import statistics
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import zxingcpp
from django.contrib import admin
from django.contrib.sessions.backends.cache import SessionStore
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageFilter, ImageStat

from enrollment.demo import benches
from enrollment.demo.people import declaration_of_nobody
from enrollment.journey import Step
from enrollment.models import Application
from kyc.demo import drawing
from kyc.demo.drawing import Card, Face, Shot
from kyc.gateways import eyes
from kyc.models import Case
from kyc.reading import card, ocr, picture, vision
from portal.demo.benches import Pair
from portal.pictures import codes_in

OPEN = 400  # files that wait at any time, however many were decided before
ROUNDS = 9
LARGE = (4000, 3000)


@cache
def photograph(side: str) -> bytes:
    card = Card(declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000"), Face(4242))
    return drawing.jpeg(drawing.photograph(getattr(card, side)(), Shot(fill=0.9), LARGE), 88)


def ours() -> None:
    image = picture.fresh(photograph("front"))
    picture.quality(image)
    codes_in(image.convert("L"))
    picture.kept(image)


def apart() -> None:
    """As the portal does it, everything that is looked at: in a process that has nothing to lose."""
    looked_at = eyes.card(photograph("front"))
    assert looked_at
    picture.kept(looked_at[0])


def within() -> None:
    """The same in this one, where the keys are."""
    image = picture.fresh(photograph("front"))
    card.look(image)
    picture.kept(image)


def naive() -> None:
    """As one would write it first: the whole picture, in colour, for every question anew."""
    image = Image.open(io.BytesIO(photograph("front"))).convert("RGB")
    ImageStat.Stat(image.convert("L").filter(ImageFilter.FIND_EDGES))
    zxingcpp.read_barcodes(image)
    image.save(io.BytesIO(), "JPEG", quality=88)


def least() -> None:
    """What no way can do without: the entropy coding of twelve million pixels, at the smallest scale."""
    image = Image.open(io.BytesIO(photograph("front")))
    image.draft("L", (500, 500))
    image.load()


def pairs() -> Iterator[Pair]:
    yield Pair("12 MP: strip, judge, QR, keep", ours, naive, "the naive way", 2)
    yield Pair("12 MP: strip, judge, QR, keep", ours, least, "the least: a drafted decode", 2)
    yield Pair("12 MP: all looks, apart", apart, within, "the same in the process with the keys", 2)
    if vision.able and ocr.able():
        back = picture.fresh(photograph("back")).convert("L")
        flat = vision.image_of(vision.flattened(back, (1140, 719)))
        yield Pair(
            "machine-readable lines", lambda: vision.machine(back), lambda: ocr.lines(flat), "tesseract on the card", 2
        )


def fill(size: int) -> None:
    """A decided case for each application, and as many open ones as ever."""
    benches.fill(size)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            'INSERT INTO kyc_case (application_id, queue, due_at, "left", received_at, closed_at, kept, turns, checked, '
            "looks, asking, flags, withdrawn, channel, language) SELECT a.id, 'closed', a.created_at, 0, a.created_at, "
            "a.created_at, %s, 3, %s, 1, '', '', false, a.channel, a.language "
            "FROM enrollment_application a LEFT JOIN kyc_case c ON c.application_id = a.id "
            "WHERE c.id IS NULL AND a.step = %s",
            [True, True, Step.COMPLETE],
        )
        cursor.execute(
            "UPDATE kyc_case SET queue = 'appraisal' WHERE id IN (SELECT id FROM kyc_case ORDER BY id LIMIT %s)", [OPEN]
        )
        vacuum = connection.vendor == "postgresql" and not connection.in_atomic_block
        cursor.execute("VACUUM ANALYZE kyc_case" if vacuum else "ANALYZE")


def stock() -> Callable[[], Any]:
    """Django's own list of the same rows, with the same columns joined."""

    class Plain(admin.ModelAdmin[Case]):
        list_display = ("application", "queue", "due_at", "holder")
        list_select_related = ("application", "holder")
        ordering = ("due_at", "pk")

    site = admin.AdminSite()
    plain = Plain(Case, site)
    reviewer = benches.staff("supervisor")

    def ask() -> Any:
        request = RequestFactory().get("/admin/kyc/case/", {"queue__exact": "appraisal"})
        request.user = reviewer
        request.session = SessionStore()
        return plain.get_changelist_instance(request).get_results(request)

    return ask


def pages() -> dict[str, Callable[[], Any]]:
    desk = benches.desk("reviewer")
    some = Application.objects.filter(step=Step.COMPLETE).latest("pk")
    return {
        "desk: first page": lambda: benches.seen(desk, "/admin/kyc/case/"),
        "desk: sifted by five": lambda: benches.seen(
            desk, "/admin/kyc/case/", channel="browser", branch="online", flag="any", age="1h", language="vi"
        ),
        "desk: search": lambda: benches.seen(desk, "/admin/kyc/case/", q=some.reference),
        "stock list of the same": stock(),
    }


def report() -> Iterator[str]:
    bare = benches.browser()
    figures: dict[str, list[tuple[float, float]]] = {}
    queries = 0
    for size in benches.SIZES:
        fill(size)
        for name, act in pages().items():
            act()
            taken, ratios = [], []
            for _round in range(ROUNDS):
                least_of = benches.took(lambda: bare.get("/healthz"), 40)
                taken.append(benches.took(act, 5 if "desk" in name else 1))
                ratios.append(taken[-1] / least_of)
            figures.setdefault(name, []).append((statistics.median(taken), statistics.median(ratios)))
        with CaptureQueriesContext(connection) as asked:
            pages()["desk: first page"]()
        queries = sum("kyc_case" in query["sql"] for query in asked.captured_queries)
    yield f"{'':26}{'at 1,000':>12}{'× bare':>8}{'at 1,000,000':>14}{'× bare':>8}{'growth':>8}"
    for name, ((small, low), (large, high)) in figures.items():
        yield f"{name:26}{small * 1e3:>9.2f} ms{low:>8.1f}{large * 1e3:>11.2f} ms{high:>8.1f}{high / low:>8.2f}"
    yield f"queries of the desk's first page about cases: {queries}, all with who is asking: {len(asked.captured_queries)}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours()
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield f"memory that a 12 MP photograph added at its height: {more:.0f} MiB"
