"""A certificate's content read back before it is signed, by a library that did not write it: whatever does not conform to
the profile is named (promise P3)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from portal import names
from signing.authority import der
from signing.authority.profile import (
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    MOST_MONTHS,
    NAME,
    ORGANISATION,
    PLACE,
    PROVINCE,
    SERIAL,
    UID,
    Holder,
    Issuer,
    after,
    key_id,
    public_of,
    read,
)

LONGEST = {PROVINCE: 128, PLACE: 128, NAME: 64, ORGANISATION: 64, UID: 256}
# How each part may be written: a letter that only looks like one of ours would name somebody else.
WRITTEN: dict[str, Callable[[str], Any]] = {NAME: names.is_name, UID: re.compile(r"[A-Z]+:[A-Z0-9]+").fullmatch}


def faults(content: bytes, kind: str, holder: Holder, public: bytes, issuer: Issuer) -> Iterator[str]:
    try:
        certificate = x509.load_der_x509_certificate(der.signed(content, kind, bytes(256)))
        extensions = certificate.extensions
    except ValueError as wrong:
        yield f"not a certificate: {wrong}"
        return
    serial = certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")
    subject = [(part.oid.dotted_string, str(part.value)) for part in certificate.subject]
    above = read(issuer.certificate)
    yield from named(
        {
            "algorithm": der.elements(der.inner(content))[2] == der.SIGNED_BY[kind],
            "version": certificate.version == x509.Version.v3,
            "serial": len(serial) == 16 and serial.startswith(SERIAL),
            "subject": subject == list(holder.parts),
            "issuer": certificate.issuer == above.subject,
            "not after": certificate.not_valid_after_utc <= above.not_valid_after_utc,
            "not before": above.not_valid_before_utc
            <= certificate.not_valid_before_utc
            < certificate.not_valid_after_utc,
            "length": certificate.not_valid_after_utc <= after(certificate.not_valid_before_utc, MOST_MONTHS),
            "key": public_of(certificate.public_key()) == public,
            "weak key": is_strong(certificate.public_key()),
            "twice": len({each.oid for each in extensions}) == len(extensions),
        }
    )
    yield from (f"{kind} too long" for kind, value in subject if len(value) > LONGEST.get(kind, 2))
    yield from (f"{kind} has odd letters" for kind, value in subject if not WRITTEN.get(kind, names.is_written)(value))
    yield from extension_faults(extensions, holder, public, issuer)


def extension_faults(extensions: x509.Extensions, holder: Holder, public: bytes, issuer: Issuer) -> Iterator[str]:
    values: dict[x509.ObjectIdentifier, Any] = {each.oid: each.value for each in extensions}
    critical = {each.oid for each in extensions if each.critical}
    usage = values.get(ExtensionOID.KEY_USAGE)
    basic = values.get(ExtensionOID.BASIC_CONSTRAINTS)
    yield from named(
        {
            "extensions": set(values) == EXTENSIONS | ({ExtensionOID.CERTIFICATE_POLICIES} if issuer.policy else set()),
            "policy": [
                each.policy_identifier.dotted_string for each in values.get(ExtensionOID.CERTIFICATE_POLICIES, ())
            ]
            == ([issuer.policy] if issuer.policy else []),
            "critical": critical == {ExtensionOID.KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS},
            "key usage": usage is not None
            and (usage.digital_signature and usage.content_commitment)
            and not (usage.key_cert_sign or usage.crl_sign),
            "constraints": basic is not None and not basic.ca,
            "uses": {each.dotted_string for each in values.get(ExtensionOID.EXTENDED_KEY_USAGE, ())}
            == {EMAIL_PROTECTION, DOCUMENT_SIGNING},
            "e-mail": [each.value for each in values.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ())] == [holder.email],
            "key id": ExtensionOID.SUBJECT_KEY_IDENTIFIER in values
            and values[ExtensionOID.SUBJECT_KEY_IDENTIFIER].digest == key_id(public),
            "authority": ExtensionOID.AUTHORITY_KEY_IDENTIFIER in values
            and values[ExtensionOID.AUTHORITY_KEY_IDENTIFIER].key_identifier == issuer.key_id,
        }
    )


EXTENSIONS = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}


def named(checks: dict[str, bool]) -> Iterator[str]:
    return (what for what, holds in checks.items() if not holds)


def is_strong(public: Any) -> bool:
    if isinstance(public, rsa.RSAPublicKey):
        return public.key_size >= 2048 and public.public_numbers().e == 65537
    return isinstance(public, ec.EllipticCurvePublicKey) and public.key_size >= 256
