"""The provider's own keys over the years."""

import inspect
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from enrollment.journey import Step
from portal.models import User
from signing.authority import ceremony, exchange, lists, ocsp, profile, turning
from signing.authority.gateways.software import SoftwareVault
from signing.authority.models import Authority, RevocationList
from tests.conftest import at_once
from tests.signing.conftest import certificate_of, sure, to


def test_after_a_roll_over_each_authority_keeps_a_responder_of_its_own(
    deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, real = certificate_of(to(Step.ACCEPTANCE, deciders)), timezone.now
    ceremony.turn_issuing(Authority.now("root"))
    for days in (20, 62, 95, 150, 200):
        monkeypatch.setattr(timezone, "now", lambda days=days: real() + timedelta(days=days))
        ceremony.turn_due()
        for issuer in Authority.objects.filter(role="issuing"):
            assert turning.responder_for(issuer).issuer_id == issuer.pk
    assert ocsp.sign_answers() == 1
    assert certificate.issuer != Authority.now("issuing")


def test_near_its_end_an_authority_makes_no_responder_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Authority.now("issuing").not_after
    assert ends
    for hours in (500, 400, 300):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: ends - timedelta(hours=hours))
        ceremony.turn_due()
    assert Authority.objects.filter(role="responder", not_after=ends).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_ceremonies_at_once_one_makes_the_vaults_master_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait until it has: a token would take several of a name, and nothing would open ever after."""
    at_work, times = list[str](), list[int]()

    def slowly(_vault: object) -> None:
        at_work.append("one")
        times.append(len(at_work))
        time.sleep(0.3)
        at_work.pop()

    monkeypatch.setattr(SoftwareVault, "establish", slowly)
    Authority.objects.filter(role=Authority.Role.VAULT).delete()
    assert at_once(4, lambda _place: ceremony.establish_vault()) == [None] * 4
    assert times == [1]


def test_a_ceremony_killed_while_it_made_them_makes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    Authority.objects.filter(role=Authority.Role.VAULT).delete()
    with monkeypatch.context() as patched:
        patched.setattr(SoftwareVault, "establish", lambda _vault: sys.exit())
        with pytest.raises(SystemExit):
            ceremony.establish_vault()
    assert not Authority.objects.filter(role=Authority.Role.VAULT).exists()
    ceremony.establish_vault()
    assert Authority.objects.filter(role=Authority.Role.VAULT).exists()


class Killed(BaseException):
    """As a process is: nothing catches it."""


def hold_and_fall(at: tuple[str, int]) -> None:
    """As far as this line, and no further."""

    def line_by_line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and (frame.f_code.co_filename, frame.f_lineno) == at:
            raise Killed
        return line_by_line

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        return line_by_line if frame.f_code.co_filename in FILES else None

    sys.settrace(trace)
    try:
        ceremony.hold()
    finally:
        sys.settrace(None)


FILES = (ceremony.__file__, exchange.__file__, turning.__file__)


def lines() -> Iterator[tuple[str, int]]:
    """Every line of what a ceremony runs through and leaves something behind."""
    for work in (
        ceremony.establish_vault,
        ceremony.make_root,
        ceremony.new_root_file,
        inspect.unwrap(ceremony.turn_issuing),
        ceremony.root_list,
        exchange.make,
        inspect.unwrap(turning.turn),
        turning.keep,
    ):
        yield from ((work.__code__.co_filename, line) for *_place, line in work.__code__.co_lines() if line)


def test_a_ceremony_that_was_killed_at_any_line_is_continued_and_nothing_made_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = cache(rsa.generate_private_key)
    monkeypatch.setattr(rsa, "generate_private_key", lambda public_exponent, key_size: make(public_exponent, key_size))
    monkeypatch.setitem(ceremony.ROOT_KINDS, "rsa", "rsa-2048")
    fallen = 0
    for place, at in enumerate(sorted(set(lines()))):
        monkeypatch.setattr(settings, "ROOT_FOLDER", tmp_path / str(place))
        RevocationList.objects.all().delete()
        for authority in Authority.objects.order_by("-pk"):
            authority.delete()
        try:
            hold_and_fall(at)
        except Killed:
            fallen += 1
        ceremony.hold()
        roles = sorted(Authority.objects.values_list("role", flat=True))
        assert roles == ["exchange", "issuing", "organisation", "responder", "root", "timestamp", "vault"], at
        assert RevocationList.objects.count() == 1, at
        [file] = settings.ROOT_FOLDER.glob("root-*.key")
        root = Authority.now("root")
        assert file.name == f"root-{root.serial}.key"
        key = serialization.load_pem_private_key(file.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        assert profile.public_of(key) == bytes(root.public)
        Authority.now("issuing").read.verify_directly_issued_by(root.read)
    assert fallen > 50


def test_asked_twice_one_authority_takes_over_from_another(deciders: tuple[User, User]) -> None:
    before = Authority.now("issuing")
    after = ceremony.take_over(before.serial)
    assert after != before
    assert ceremony.take_over(before.serial) == after
    assert Authority.objects.filter(role="issuing").count() == 2


def test_the_command_says_what_stands_and_makes_nothing_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    issuing = Authority.now("issuing")
    call_command("ceremony")
    assert f"--after {issuing.serial}" in capsys.readouterr().out
    assert Authority.objects.filter(role="issuing").count() == 1
    call_command("ceremony", "--after", issuing.serial)
    call_command("ceremony", "--after", issuing.serial)
    assert Authority.objects.filter(role="issuing").count() == 2


def test_a_responder_past_its_end_is_replaced_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    issuing, last = Authority.now("issuing"), Authority.now("responder")
    monkeypatch.setattr(timezone, "now", lambda: sure(last.not_after) + timedelta(days=200))
    responder = turning.responder_for(issuing)
    assert responder != last
    assert responder.live
    assert turning.responder_for(issuing) == responder
    assert not Authority.objects.get(pk=last.pk).live


def test_the_roots_list_lasts_months_and_is_made_anew_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = Authority.now("root")
    first = sure(lists.newest(root))
    assert timedelta(days=90) < first.next_update - first.made_at < timedelta(days=190)
    monkeypatch.setattr(timezone, "now", lambda: first.next_update - timedelta(days=62))
    ceremony.turn_due()
    assert lists.newest(root) == first
    monkeypatch.setattr(timezone, "now", lambda: first.next_update - timedelta(days=60))
    folder = settings.ROOT_FOLDER
    monkeypatch.setattr(settings, "ROOT_FOLDER", tmp_path)  # it lies in a safe
    ceremony.turn_due()
    assert lists.newest(root) == first
    assert "the root's list ends" in caplog.text
    monkeypatch.setattr(settings, "ROOT_FOLDER", folder)
    call_command("ceremony", "--list")
    assert sure(lists.newest(root)).number == first.number + 1
    ceremony.turn_due()
    assert sure(lists.newest(root)).number == first.number + 1


def test_where_the_roots_key_is_at_hand_its_list_is_made_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    first = sure(lists.newest(Authority.now("root")))
    monkeypatch.setattr(timezone, "now", lambda: first.next_update - timedelta(days=60))
    ceremony.turn_due()
    assert sure(lists.newest(Authority.now("root"))).next_update > first.next_update
