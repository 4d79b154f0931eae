"""Pictures are looked at where a stranger's file can do no harm, and what comes back is taken for somebody else's word."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment import card
from kyc.gateways import eyes
from kyc.models import Challenge, Evidence
from kyc.steps import checking, facing
from portal.isolation import Failed, Program
from portal.models import SealedFile
from portal.refusals import Refusal
from tests.kyc import turned
from tests.kyc.conftest import a_case, an_application, finish_face, send

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PROGRAMS = ("kyc.reading.apart", "portal.pictures", "signing.papers.examining")


@pytest.fixture
def _turned(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program("tests.kyc.turned", seconds=1)
    monkeypatch.setattr(eyes, "READER", program)
    monkeypatch.setattr(card, "READER", program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_that_reads_strangers_files_knows_django_or_a_setting(program: str) -> None:
    """Promise P15, as far as what readers have in memory."""
    asked = f"import sys, {program}; print(sorted(name for name in sys.modules if name.split('.')[0] in {{'django', 'celery'}}))"
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env={}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.usefixtures("_turned")
@pytest.mark.parametrize("how", ["falls", "hangs", *(how for how in turned.CARDS if how != "good")])
def test_a_reader_that_was_turned_makes_nothing_of_it_and_the_customer_is_asked_again(how: str) -> None:
    application = an_application()
    upload = send(application, "card-front", how.encode())
    assert upload.answer == {"refused": "not-read"}
    assert not Evidence.objects.filter(application=application).exists()
    assert not SealedFile.objects.exists()
    assert not upload.pieces.exists()


@pytest.mark.usefixtures("_turned")
def test_what_is_kept_are_pixels_that_we_wrote() -> None:
    application = an_application()
    assert send(application, "card-front", b"good", insist=True).answer == {"kept": True}
    file = Evidence.objects.get(application=application).file
    assert file
    assert file.read()[:3] == b"\xff\xd8\xff"


@pytest.mark.usefixtures("_turned")
@pytest.mark.parametrize("how", ["falls", "one picture", "other cues", "backwards", "an unknown fault"])
def test_a_film_that_was_not_read_costs_no_try(how: str) -> None:
    application = an_application()
    assert finish_face(application, facing.begin(application), how.encode()).answer == {"refused": "not-read"}
    assert facing.tries_left(application) == facing.TRIES
    assert Challenge.objects.get(application=application).outcome == Challenge.Outcome.DROPPED
    assert not Evidence.objects.filter(application=application).exists()


@pytest.mark.usefixtures("_turned")
def test_a_film_that_was_read_is_kept_with_what_it_shows() -> None:
    application = an_application()
    assert finish_face(application, facing.begin(application), b"good").answer == {"kept": True}
    facts = Evidence.objects.get(application=application, kind="face-film").facts
    assert facts
    assert (facts["ratio"], facts["frames"], len(facts["seen"])) == (1.8, [1, 2, 3], facing.CUES)


@pytest.mark.usefixtures("_turned")
def test_the_cards_code_is_asked_for_again_too() -> None:
    photo = SimpleUploadedFile("x.jpg", b"falls", "image/jpeg")
    with pytest.raises(Refusal, match="photo-not-read"):
        card.read(photo, 5)


def test_a_check_whose_reader_falls_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    monkeypatch.setattr(eyes, "READER", Program("tests.kyc.turned", seconds=1))  # it has no such verb
    with pytest.raises(Failed):
        checking.check(case.application)
    checking.check_due()
    case.refresh_from_db()
    assert (case.checked, case.looks) == (False, 1)
    assert checking.findings(case.application) == []
