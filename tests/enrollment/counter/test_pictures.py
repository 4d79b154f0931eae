"""Whoever works at a counter photographs, and sees nothing of it again: not on a page, not in the browser's cache."""

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from enrollment.journey import Step
from kyc.models import Evidence
from tests.enrollment.conftest import PAID
from tests.enrollment.counter.conftest import Desk
from tests.kyc.conftest import shown

pytestmark = pytest.mark.django_db
PICTURES = re.compile(rb"\xff\xd8\xff|JFIF|data:image|\x89PNG|RIFF....WEBP", re.S)
CAPTURE = "/application/capture/"


@pytest.fixture
def answers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """All that the agent's browser is ever sent."""
    sent: list[tuple[str, Any]] = []
    request = Client.request

    def recorded(client: Client, **asked: Any) -> Any:
        answer = request(client, **asked)
        if client is desk.client:
            sent.append((asked["PATH_INFO"], answer))
        return answer

    monkeypatch.setattr(Client, "request", recorded)
    return sent


def gone_through(desk: Desk, path: str = "") -> Any:
    return desk.client.get(f"/counter/at/{desk.reference}{CAPTURE}{path}")


def photographed(desk: Desk) -> None:
    photo = SimpleUploadedFile("front.jpg", shown("front"), "image/jpeg")
    assert desk.at(f"{CAPTURE}card-front/photo/", {"photo": photo})["Location"].endswith(CAPTURE)
    for path in ("", "test/", "card-front/", "card-back/", "face/", f"card-front/{uuid.uuid4()}/?of=9&way=camera"):
        assert gone_through(desk, path).status_code == 200, path


def test_no_answer_of_a_whole_session_carries_a_picture_or_may_be_kept(
    desk: Desk, answers: list[tuple[str, Any]]
) -> None:
    """Promise P27, as far as pictures go."""
    desk.opens().declares().lets_in().agrees().chooses().settles()
    photographed(desk)
    desk.photographs()
    desk.client.get(f"/counter/{desk.reference}/")
    desk.attests()
    assert desk.application.step == Step.ACTIVATION
    for evidence in Evidence.objects.filter(application=desk.application):
        for path in (f"/admin/kyc/evidence/{evidence.pk}/", f"/admin/kyc/case/picture/{evidence.pk}/"):
            assert desk.client.get(path).status_code in (302, 403, 404), path
    for path in ("/counter/", f"/counter/{desk.reference}/"):
        desk.client.get(path)
    assert len(answers) > 25
    for path, answer in answers:
        assert not PICTURES.search(answer.content), path
        assert not answer.get("Content-Type", "").startswith("image/"), path
        assert answer["Cache-Control"] == "no-store", path


def test_what_is_kept_is_a_grey_tile(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    assert 'class="handed"' not in gone_through(desk).content.decode()
    photographed(desk)
    page = gone_through(desk).content.decode()
    assert page.count('class="handed"') == 1


def test_at_a_counter_nobody_signs_in_to_a_bank_on_the_agents_screen(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses(PAID)
    page = desk.client.get(f"/counter/at/{desk.reference}/register/payment/").content.decode()
    assert re.findall(r'name="gateway" value="(\w+)"', page) == ["vietqr"]
    assert desk.at("/register/payment/", {"gateway": "vnpay"}).status_code == 409
