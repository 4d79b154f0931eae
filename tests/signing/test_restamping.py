"""Over fifteen years: papers are stamped again before their newest stamp weakens, and others still find them right."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from django.conf import settings
from django.utils import timezone
from pyhanko.sign.ades.report import AdESPassed

from enrollment.journey import Step
from portal.models import Failure, SealedFile, User
from signing.authority import ceremony, turning
from signing.authority.models import Authority
from signing.authority.remembered import forget
from signing.models import Edition, Paper
from signing.steps import restamping, verifying
from signing.steps.signatures import keep
from tests.signing.authority.conftest import pem, run
from tests.signing.conftest import sure, to
from tests.signing.papers.test_pades import findings, list_of_the_day, verdicts

pytestmark = pytest.mark.once
YEAR = timedelta(days=365)


@pytest.fixture
def paper(deciders: tuple[User, User]) -> Paper:
    application = to(Step.COMPLETE, deciders)
    return Paper.objects.get(application=application, kind=Paper.Kind.MINUTES)


@pytest.fixture
def begun() -> datetime:
    return datetime.now(UTC)


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(timezone, "now", lambda: moment)
    forget()
    return moment


def content(paper: Paper) -> bytes:
    return sure(Paper.objects.select_related("file__data_key").get(pk=paper.pk).file).read()


def holds(pdf: bytes, moment: datetime, folder: Path) -> bool:
    """By our own page, by OpenSSL as far as the newest stamp, and by pyHanko while the issuing authority's own time lasts:
    afterwards it measures that one by the list of the day, on which nobody stands any more who has run out."""
    ours: bool = findings(pdf, now=moment)["tone"] == "good"
    assert stamp_holds(pdf, moment, folder) == ours
    if moment < sure(Authority.objects.filter(role="issuing").earliest("pk").not_after):
        assert (set(verdicts(pdf, moment, list_of_the_day())) == {AdESPassed.OK}) == ours
    return ours


def stamp_holds(pdf: bytes, moment: datetime, folder: Path) -> bool:
    start, length, after, rest = map(int, re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf)[-1])
    hole = bytes.fromhex(pdf[start + length + 1 : after - 1].decode())
    (folder / "token.der").write_bytes(cms.ContentInfo.load(hole).dump())
    (folder / "root.pem").write_bytes(pem(bytes(sure(Authority.now("root").certificate))))
    digest = hashlib.sha256(pdf[start : start + length] + pdf[after : after + rest]).hexdigest()
    how = f"-digest {digest} -in token.der -token_in -CAfile root.pem -attime {int(moment.timestamp())}"
    return "Verification: OK" in run(folder, f"openssl ts -verify {how}")


def test_it_holds_after_three_nine_eleven_and_fifteen_years(
    paper: Paper, begun: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Promise P12."""
    first, stamps = content(paper), sure(paper.stamped_by)
    for years in (3, 6, 9, 11, 12, 14.2, 15.5):
        moment = at(begun + years * YEAR, monkeypatch)
        if years in (6, 12):
            ceremony.take_over(Authority.now("issuing").serial)
            forget()
        turning.turned("organisation", Authority.now("issuing"), moment)
        restamping.restamp_due()
        if years in (3, 9, 11, 15.5):
            assert holds(content(paper), moment, tmp_path), years
        assert (content(paper) == first) == (years < 14), years
    assert not holds(first, moment, tmp_path)  # the stamp of the first year has run out
    again = Paper.objects.get(pk=paper.pk)
    assert content(paper).startswith(first)
    assert again.stamped_by == Authority.now("timestamp") != stamps
    assert verifying.is_known(paper.file_hash)
    assert verifying.is_known(again.file_hash)
    size = len(content(paper))
    restamping.restamp_due()
    assert len(content(paper)) == size  # once is enough
    assert size - len(first) < 40_000


def test_an_algorithm_that_ends_sooner_is_left_in_time(
    paper: Paper, begun: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "ALGORITHM_ENDS", {"rsa-2048": begun + 5 * YEAR})
    restamping.restamp_due()
    assert not Edition.objects.exists()
    at(begun + 4 * YEAR + timedelta(days=1), monkeypatch)
    restamping.restamp_due()
    assert "hold the ceremony" in caplog.text  # by what would it be stamped?
    assert not Edition.objects.exists()
    monkeypatch.setattr(settings, "AUTHORITY_KIND", "p-256")
    ceremony.take_over(Authority.now("issuing").serial)
    forget()
    restamping.restamp_due()
    assert sure(Paper.objects.get(pk=paper.pk).stamped_by).kind == "p-256"
    assert holds(content(paper), timezone.now(), tmp_path)


def test_one_that_was_killed_goes_on_and_stamps_nothing_twice(
    paper: Paper, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaken(begun, monkeypatch)
    number = Paper.objects.filter(state=Paper.State.SEALED).count()
    calls = list[int]()

    def falls(*kept: Any) -> tuple[SealedFile, str]:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return keep(*kept)

    monkeypatch.setattr(restamping, "keep", falls)
    with pytest.raises(SystemExit):
        restamping.restamp_due()
    assert Edition.objects.count() == 1
    restamping.restamp_due()
    restamping.restamp_due()
    assert Edition.objects.count() == number


def test_an_altered_file_is_named_and_holds_up_no_other(
    paper: Paper, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaken(begun, monkeypatch)
    Paper.objects.filter(pk=paper.pk).update(file_hash="0" * 64)
    restamping.restamp_due()
    assert Failure.objects.get().reason == "Altered"
    assert Edition.objects.count() == 1  # the contract's


def weaken(begun: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    Authority.objects.filter(role="timestamp").update(not_after=begun + YEAR / 2)
    ceremony.take_over(Authority.now("issuing").serial)
    forget()
