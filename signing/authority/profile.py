"""What a certificate contains: subscribers' as DOMAIN §3 decoded it from a real one, and the provider's own.

`subscriber` gives the bytes that are to be signed; lint.py reads them back."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.authority import der

SERIAL = bytes.fromhex("54010101")  # all public samples begin so
MOST_MONTHS = 36  # Decree 23/2025: a public certificate lasts three years at most
COUNTRY, PROVINCE, PLACE, ORGANISATION, NAME = "2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.10", "2.5.4.3"
UID = "0.9.2342.19200300.100.1.1"
LABELS = {COUNTRY: "C", PROVINCE: "ST", PLACE: "L", ORGANISATION: "O", NAME: "CN", UID: "UID"}
EMAIL_PROTECTION, DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.10.3.12"
TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
CA_ISSUERS, OCSP = "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.1"


@dataclass(frozen=True)
class Holder:
    """Who a certificate names, in the order in which it does."""

    province: str
    ward: str
    name: str
    uid: str
    email: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        return (COUNTRY, "VN"), (PROVINCE, self.province), (PLACE, self.ward), (NAME, self.name), (UID, self.uid)


@dataclass(frozen=True)
class Issuer:
    """What of an issuer goes into what it signs."""

    certificate: bytes
    address: str  # under which its certificate, lists and answers are found
    shards: int = 1  # of its list
    policy: str = ""  # under which it certifies subscribers, where one is registered

    def shard_of(self, serial: int) -> int:
        """On which of them a serial would stand: chance spreads them evenly."""
        return serial % self.shards

    def list_at(self, shard: int) -> str:
        return f"{self.address}.crl" if self.shards == 1 else f"{self.address}/{shard}.crl"

    @property
    def subject(self) -> bytes:
        written: bytes = read(self.certificate).subject.public_bytes()
        return written

    @property
    def key_id(self) -> bytes:
        return key_id(key_of(self.certificate))


def line(name: x509.Name) -> str:
    """As people read it, in the order in which it is written."""
    return ", ".join(f"{LABELS.get(part.oid.dotted_string, part.oid.dotted_string)}={part.value!s}" for part in name)


def new_serial() -> int:
    """Sixteen bytes: the prefix of the public samples, and 96 bits of chance."""
    return int.from_bytes(SERIAL + secrets.token_bytes(12), "big")


def name(*parts: tuple[str, str]) -> bytes:
    return der.sequence(
        *(
            der.tlv(0x31, der.sequence(der.oid(kind), (der.printable if kind == COUNTRY else der.utf8)(value)))
            for kind, value in parts
        )
    )


@lru_cache(64)
def read(certificate: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate)


@lru_cache(64)
def key_of(certificate: bytes) -> bytes:
    return public_of(read(certificate).public_key())


def public_of(key: Any) -> bytes:
    """Of a private key or a public one, as certificates carry it."""
    public = key.public_key() if hasattr(key, "public_key") else key
    written: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return written


def key_id(public: bytes) -> bytes:
    """The usual: SHA-1 of the key's own bits. A name, no secret."""
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303
    digest.update(key_bits(public))
    return digest.finalize()


def key_bits(public: bytes) -> bytes:
    _algorithm, bits = der.elements(der.inner(public))
    return der.inner(bits)[1:]


# ── Extensions ──


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.oid(dotted), *([der.boolean(True)] if critical else []), der.octets(value))


def key_usage(*places: int) -> bytes:
    """By their numbers in RFC 5280: 0 digitalSignature … 6 cRLSign."""
    bits = sum(128 >> place for place in places)
    return extension("2.5.29.15", der.bits(bytes((bits,)), 7 - max(places)), critical=True)


def uses(*purposes: str, critical: bool = False) -> bytes:
    return extension("2.5.29.37", der.sequence(*map(der.oid, purposes)), critical=critical)


def authority_of(issuer: Issuer) -> bytes:
    return extension("2.5.29.35", der.sequence(der.primitive(0, issuer.key_id)))


def subject_key(public: bytes) -> bytes:
    return extension("2.5.29.14", der.octets(key_id(public)))


def address_of(*places: tuple[str, str]) -> bytes:
    listed = (der.sequence(der.oid(kind), der.primitive(6, place.encode())) for kind, place in places)
    return extension("1.3.6.1.5.5.7.1.1", der.sequence(*listed))


def listed_at(address: str) -> bytes:
    """Without the list's maker, who is the issuer itself: RFC 5280 (4.2.1.13) forbids to name that one, and readers who keep
    to it find no list where the samples do."""
    return extension("2.5.29.31", der.sequence(der.sequence(place_of(address))))


def place_of(address: str) -> bytes:
    """Of a list, as certificates name it and the list itself does: to the byte, or a reader takes another for it."""
    return der.explicit(0, der.explicit(0, der.primitive(6, address.encode())))


@lru_cache(16)
def of_issuer(issuer: Issuer) -> tuple[bytes, bytes, bytes]:
    """What is the same in everything that an issuer signs."""
    where = address_of((CA_ISSUERS, f"{issuer.address}.cer"), (OCSP, f"{issuer.address}/ocsp"))
    return issuer.subject, authority_of(issuer), where


@lru_cache(1024)
def list_of(issuer: Issuer, shard: int) -> bytes:
    return listed_at(issuer.list_at(shard))


# ── To be signed ──


def body(
    serial: int, kind: str, issuer: bytes, not_before: datetime, not_after: datetime, subject: bytes, public: bytes,
    *extensions: bytes,
) -> bytes:  # fmt: skip
    """The certificate without its signature; `kind` is that of the key that will sign it."""
    return der.sequence(
        der.explicit(0, der.integer(2)),
        der.integer(serial),
        der.SIGNED_BY[kind],
        issuer,
        der.sequence(der.time(not_before), der.time(not_after)),
        subject,
        public,
        der.explicit(3, der.sequence(*extensions)),
    )


def subscriber(
    holder: Holder, public: bytes, issuer: Issuer, kind: str, serial: int, not_before: datetime, not_after: datetime
) -> bytes:
    above, authority, where = of_issuer(issuer)
    is_rsa = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" in public[:24]
    return body(
        serial, kind, above, not_before, not_after, name(*holder.parts), public,
        authority,
        subject_key(public),
        key_usage(*((0, 1, 2, 3) if is_rsa else (0, 1))),  # an elliptic key enciphers nothing
        _no_authority(),
        uses(EMAIL_PROTECTION, DOCUMENT_SIGNING),
        extension("2.5.29.17", der.sequence(der.primitive(1, holder.email.encode("ascii")))),
        where,
        list_of(issuer, issuer.shard_of(serial)),
        *([extension("2.5.29.32", der.sequence(der.sequence(der.oid(issuer.policy))))] if issuer.policy else []),
    )  # fmt: skip


def provider(
    role: str, subject: bytes, public: bytes, issuer: Issuer | None, kind: str, serial: int,
    not_before: datetime, not_after: datetime,
) -> bytes:  # fmt: skip
    """One of our own; without an issuer it is a root and stands for itself."""
    above, where = (subject, ()) if issuer is None else (issuer.subject, PLACES[role](issuer, serial))
    authority = () if issuer is None else (authority_of(issuer),)
    return body(
        serial, kind, above, not_before, not_after, subject, public,
        *authority, subject_key(public), *PURPOSES[role], *where,
    )  # fmt: skip


def _no_authority() -> bytes:
    return extension("2.5.29.19", der.sequence(), critical=True)


PURPOSES: dict[str, tuple[bytes, ...]] = {
    "root": (key_usage(5, 6), extension("2.5.29.19", der.sequence(der.boolean(True)), critical=True)),
    "issuing": (
        key_usage(0, 5, 6),
        extension("2.5.29.19", der.sequence(der.boolean(True), der.integer(0)), critical=True),
    ),
    # Whoever asks for its status would ask it: so it needs none, and lives short instead.
    "responder": (
        key_usage(0),
        _no_authority(),
        uses(OCSP_SIGNING),
        extension("1.3.6.1.5.5.7.48.1.5", der.null()),
    ),
    "timestamp": (key_usage(0), _no_authority(), uses(TIME_STAMPING, critical=True)),
    "organisation": (key_usage(0, 1), _no_authority(), uses(EMAIL_PROTECTION, DOCUMENT_SIGNING)),
}


def _by_list(issuer: Issuer, serial: int) -> tuple[bytes, ...]:
    """A root answers no questions: it has a list alone."""
    return address_of((CA_ISSUERS, f"{issuer.address}.cer")), list_of(issuer, issuer.shard_of(serial))


def _by_both(issuer: Issuer, serial: int) -> tuple[bytes, ...]:
    return of_issuer(issuer)[2], list_of(issuer, issuer.shard_of(serial))


PLACES: dict[str, Callable[[Issuer, int], tuple[bytes, ...]]] = {
    "issuing": _by_list,
    "timestamp": _by_list,
    "responder": lambda issuer, _serial: (of_issuer(issuer)[2],),
    "organisation": _by_both,
}


def clamped(not_before: datetime, months: int, issuer: Issuer) -> datetime:
    """As long as was bought (`steps/issuance.months_of`), three years at most, and never longer than the issuer itself."""
    return min(after(not_before, min(months, MOST_MONTHS)), read(issuer.certificate).not_valid_after_utc)


def after(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):  # the 31st of a month that has none ends with the month
        try:
            return day.replace(year=year, month=month + 1, day=last)
        except ValueError:
            continue
    raise ValueError(day)
