"""Many hands on one capture: two tabs, a phone beside a desk, a line that was lost and came back."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from enrollment.models import Application
from kyc.gateways import eyes
from kyc.models import Evidence, Piece, Upload
from kyc.steps import capture
from portal.isolation import Program
from portal.models import SealedFile
from tests.conftest import at_once
from tests.kyc.turned import TRAILER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
CAPTURE, ITEMS = "/application/capture/", ("card-front", "card-back")
Capturing = tuple[Application, Client]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent is said to be a picture: how it is read is tried elsewhere."""
    monkeypatch.setattr(eyes, "READER", Program("tests.kyc.turned", seconds=20))
    monkeypatch.setattr(capture, "PIECE", 1000)


@pytest.fixture
def another(capturing: Capturing) -> Callable[[], Client]:
    """The same person's browser, for a thread of its own."""
    _application, client = capturing

    def opened() -> Client:
        beside = Client()
        beside.cookies.load(client.cookies.output(header="", sep=";"))
        return beside

    return opened


def codes(outcomes: list[Any]) -> Counter[Any]:
    return Counter(getattr(outcome, "status_code", outcome) for outcome in outcomes)


def test_of_twenty_four_photographs_at_once_each_is_taken(capturing: Capturing, another: Callable[[], Client]) -> None:
    application, _client = capturing

    def post(place: int) -> HttpResponse:
        photo = SimpleUploadedFile("x.jpg", b"good" + TRAILER * 3000, "image/jpeg")
        return another().post(f"{CAPTURE}{ITEMS[place % 2]}/photo/", {"photo": photo})  # type: ignore[return-value]

    assert codes(at_once(24, post)) == {302: 24}
    assert Upload.objects.filter(answer={"kept": True}).count() == 24
    for item in ITEMS:
        assert Evidence.objects.filter(application=application, kind=item).count() == 12
        assert Evidence.objects.filter(application=application, kind=item, replaced_at=None).count() == 1
    assert SealedFile.objects.count() == 24
    assert not Piece.objects.exists()


def test_of_twenty_four_in_pieces_at_once_the_last_begun_is_taken_and_the_others_are_told(
    capturing: Capturing, another: Callable[[], Client]
) -> None:
    application, _client = capturing
    file = b"good" + TRAILER * 2500

    def send(place: int) -> HttpResponse:
        client, key = another(), uuid.uuid4()
        answer: Any = None
        for start in range(0, len(file), 1000):
            address = f"{CAPTURE}{ITEMS[place % 2]}/{key}/?of={len(file)}&at={start}&way=camera"
            answer = client.post(address, file[start : start + 1000], content_type="application/octet-stream")
            if answer.status_code != 200:
                break
        return answer  # type: ignore[no-any-return]

    outcomes = at_once(24, send)
    assert set(codes(outcomes)) <= {200, 410}
    for item in ITEMS:
        last = Upload.objects.filter(application=application, item=item).latest("pk")
        assert last.answer == {"kept": True}
        assert Evidence.objects.filter(application=application, kind=item, replaced_at=None).count() == 1
    assert not Upload.objects.filter(answer=None).exists()
    assert not Piece.objects.exists()
