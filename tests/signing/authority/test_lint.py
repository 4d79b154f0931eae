"""What must not be signed is named by its fault alone, and what was signed wrongly leaves no authority."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from enrollment.journey import Step
from portal.models import User
from signing.authority import der, lint, ocsp, profile, register
from signing.authority.gateways import vault, within
from signing.authority.intents import Away
from signing.authority.models import Authority
from signing.steps import issuance
from tests.signing.authority.test_profile import HOLDER, NOW, content
from tests.signing.conftest import certificate_of, to

pytestmark = pytest.mark.once
key_usage = profile.key_usage


@pytest.mark.parametrize("places", [(0,), (1,), (2, 3), (0, 1, 5), (0, 1, 6)])
def test_a_certificate_that_may_not_sign_papers_or_may_sign_others_is_named(
    places: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "key_usage", lambda *_usual: key_usage(*places))
    body, public, issuer = content()
    assert list(lint.faults(body, "rsa", HOLDER, public, issuer)) == ["key usage"]


@pytest.mark.parametrize(
    ("part", "wrong", "fault"),
    [
        (
            "_no_authority",
            lambda: profile.extension("2.5.29.19", der.sequence(der.boolean(True)), critical=True),
            "constraints",
        ),
        ("uses", lambda *_usual: profile.extension("2.5.29.37", der.sequence(der.oid(profile.TIME_STAMPING))), "uses"),
        ("subject_key", lambda _key: profile.extension("2.5.29.14", der.octets(bytes(20))), "key id"),
    ],
)
def test_each_other_part_is_named_by_itself(
    part: str, wrong: Callable[..., bytes], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, part, wrong)
    body, public, issuer = content()
    assert list(lint.faults(body, "rsa", HOLDER, public, issuer)) == [fault]


def test_another_way_of_signing_a_weak_key_and_a_late_end_are_named() -> None:
    body, public, issuer = content()
    assert "algorithm" in list(lint.faults(body, "pss", HOLDER, public, issuer))
    ends = profile.read(issuer.certificate).not_valid_after_utc + timedelta(days=1)
    late, public, issuer = content(begins=ends - timedelta(days=90), ends=ends)
    assert list(lint.faults(late, "rsa", HOLDER, public, issuer)) == ["not after"]
    assert not lint.is_strong(rsa.generate_private_key(65537, 1024).public_key())


def test_an_authority_reads_its_own_signature_back(
    deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_of(to(Step.ISSUANCE, deciders))
    issuance.intend(certificate)
    intent = issuance.intent_of(certificate_of(certificate.application))
    sign = vault.sign_as_provider
    monkeypatch.setattr(within, "sign_as_provider", lambda key, message: sign(key, message + b"!"))
    with pytest.raises(Away):
        within.Within().issue(intent)


def test_a_serial_that_was_withdrawn_is_never_called_good_nor_unknown() -> None:
    issuing = Authority.now("issuing")
    row = register.intend(issuing, 0x540101010001, NOW, NOW + timedelta(days=365))
    assert ocsp.status_of(issuing, 0x540101010001) == ocsp.UNKNOWN
    register.give_up(row)
    assert ocsp.status_of(issuing, 0x540101010001)[0] == 0xA1
