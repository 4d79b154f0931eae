"""What is in a certificate: as DOMAIN §3 decoded it, agreed to by OpenSSL, GnuTLS and an independent linter."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from cryptography import x509
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as some

from signing.authority import der, lint, profile
from signing.authority.gateways.vault import CUSTOMER, sign_as_provider, vault
from signing.authority.models import Authority
from signing.authority.profile import Holder, Issuer
from tests.signing.authority.conftest import pem, run

pytestmark = pytest.mark.once
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOLDER = Holder("Quảng Ngãi", "Xã Mỏ Cày", "Nguyễn Thị Mẫu Hạnh", "CCCD:051192000101", "mau.101@example.vn")


def content(kind: str = "rsa-2048", **differently: Any) -> tuple[bytes, bytes, Issuer]:
    authority, pair = Authority.now("issuing"), vault().make(CUSTOMER, kind)
    issuer = authority.as_issuer
    begins = differently.pop("begins", datetime.now(UTC).replace(microsecond=0))
    ends = differently.pop("ends", profile.clamped(begins, 12, issuer))
    holder = Holder(**{**HOLDER.__dict__, **differently})
    body = profile.subscriber(holder, pair.public, issuer, authority.algorithm, profile.new_serial(), begins, ends)
    return body, pair.public, issuer


def signed(body: bytes) -> bytes:
    issuing = Authority.now("issuing")
    return der.signed(body, issuing.algorithm, sign_as_provider(issuing, body))


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "p-256"])
def test_other_programs_find_nothing_wrong_with_it(kind: str, folder: Path) -> None:
    """Promise P3."""
    (folder / "leaf.pem").write_bytes(pem(signed(content(kind)[0])))
    verdict = run(
        folder,
        "openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile crls.pem leaf.pem",
    )
    assert verdict.strip() == "leaf.pem: OK"
    (folder / "chain.pem").write_bytes((folder / "leaf.pem").read_bytes() + (folder / "issuing.pem").read_bytes())
    verdict = run(folder, "certtool --verify --load-ca-certificate root.pem --infile chain.pem")
    assert "Chain verification output: Verified" in verdict
    assert linted(folder, "leaf") == ""


@pytest.mark.parametrize("role", ["root", "issuing", "responder", "timestamp", "organisation"])
def test_the_providers_own_conform_too(role: str, folder: Path) -> None:
    """Promise P3."""
    assert linted(folder, role) == ""
    verdict = run(folder, f"openssl verify -x509_strict -CAfile root.pem -untrusted issuing.pem {role}.pem")
    assert verdict.strip() == f"{role}.pem: OK"


def linted(folder: Path, name: str) -> str:
    program = Path(sys.executable).parent / "lint_pkix_cert"
    return run(folder, f"{program} lint -s WARNING {name}.pem").strip()


def test_it_is_the_profile_that_smartca_issues() -> None:
    certificate = x509.load_der_x509_certificate(signed(content()[0]))
    assert [part.rfc4514_attribute_name for part in certificate.subject] == ["C", "ST", "L", "CN", "UID"]
    assert certificate.serial_number.to_bytes(16, "big")[:4] == bytes.fromhex("54010101")
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=365)
    values = {extension.oid.dotted_string: extension for extension in certificate.extensions}
    assert values["2.5.29.15"].critical
    assert values["2.5.29.15"].value.public_bytes()[-1] == 0xF0
    uses = [use.dotted_string for use in values["2.5.29.37"].value]
    assert uses == ["1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.10.3.12"]
    [place] = values["2.5.29.31"].value
    assert place.crl_issuer is None  # the one thing in which the samples are not followed: RFC 5280, 4.2.1.13
    assert "2.5.29.32" not in values  # no policy: DOMAIN §3
    assert "GIÁ TRỊ PHÁP LÝ" in certificate.issuer.rfc4514_string()


def test_a_registered_policy_is_said_and_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    body, public, issuer = content()
    monkeypatch.setattr(settings, "CERTIFICATE_POLICY", "1.3.6.1.4.1.99999.2")
    assert {"extensions", "policy"} <= set(lint.faults(body, "rsa", HOLDER, public, Authority.now("issuing").as_issuer))
    body, public, issuer = content()
    assert list(lint.faults(body, "rsa", HOLDER, public, issuer)) == []
    [policy] = (
        x509.load_der_x509_certificate(signed(body)).extensions.get_extension_for_class(x509.CertificatePolicies).value
    )
    assert policy.policy_identifier.dotted_string == "1.3.6.1.4.1.99999.2"
    monkeypatch.setattr(settings, "CERTIFICATE_POLICY", "1.3.6.1.4.1.99999.3")
    assert list(lint.faults(body, "rsa", HOLDER, public, Authority.now("issuing").as_issuer)) == ["policy"]


def flawed() -> Iterator[tuple[str, Callable[[], tuple[bytes, bytes, Issuer]], Holder]]:
    def longer() -> tuple[bytes, bytes, Issuer]:
        begins = datetime.now(UTC).replace(microsecond=0)
        return content(begins=begins, ends=begins + timedelta(days=1100))

    yield "length", longer, HOLDER
    yield "subject", lambda: content(name="Trần Văn Khác"), HOLDER
    yield "e-mail", lambda: content(email="khac@example.vn"), HOLDER
    yield "2.5.4.3 too long", lambda: content(name="M" * 65), Holder(**{**HOLDER.__dict__, "name": "M" * 65})
    for part, value in (
        ("2.5.4.3", {"name": "A\u200bB"}),
        ("2.5.4.3", {"name": "Nguyễn Văn Аn"}),  # a Cyrillic А
        ("2.5.4.3", {"name": "Mẫu 2"}),
        ("2.5.4.7", {"ward": "Phường Сen"}),
        ("2.5.4.8", {"province": "Hà\u3164Nội"}),
        (profile.UID, {"uid": "CCCD:07919Ｏ123456"}),
    ):
        yield f"{part} has odd letters", partial(content, **value), Holder(**{**HOLDER.__dict__, **value})


@pytest.mark.parametrize("place", range(10))
def test_what_does_not_conform_is_named_before_it_is_signed(place: int) -> None:
    fault, make, holder = list(flawed())[place]
    body, public, issuer = make()
    assert fault in list(lint.faults(body, "rsa", holder, public, issuer))


def test_another_key_an_extension_more_and_no_certificate_at_all_are_named() -> None:
    body, public, issuer = content()
    assert list(lint.faults(body, "rsa", HOLDER, public, issuer)) == []
    assert "key" in list(lint.faults(body, "rsa", HOLDER, vault().make(CUSTOMER, "rsa-2048").public, issuer))
    assert next(lint.faults(body[:-3], "rsa", HOLDER, public, issuer)).startswith("not a certificate")


def test_it_never_outlives_its_issuer_nor_three_years() -> None:
    issuer = Authority.now("issuing").as_issuer
    until = profile.read(issuer.certificate).not_valid_after_utc
    assert profile.clamped(until - timedelta(days=30), 12, issuer) == until
    begins = datetime.now(UTC).replace(microsecond=0)
    assert profile.clamped(begins, 60, issuer) == profile.after(begins, 36)


@given(some.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2040-01-01")), some.integers(1, 36))
def test_months_later_is_the_same_day_or_the_months_last(day: datetime, months: int) -> None:
    later = profile.after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_serials_are_never_the_same_and_hard_to_guess() -> None:
    """Promise P2, as far as chance goes."""
    serials = {profile.new_serial() for _serial in range(2000)}
    assert len(serials) == 2000
    assert len({serial & (1 << 64) - 1 for serial in serials}) == 2000


@given(some.integers(0, 1 << 200), some.binary(max_size=300))
def test_der_is_written_as_others_read_it(number: int, content: bytes) -> None:
    assert core.Integer.load(der.integer(number)).native == number
    assert core.OctetString.load(der.octets(content)).native == content
    assert der.elements(der.inner(der.sequence(der.integer(number), der.octets(content)))) == [
        der.integer(number),
        der.octets(content),
    ]
