"""DER, written: certificates, revocation lists, OCSP answers, timestamps and signatures are put together from these.

Libraries build each of them too, but want the private key in hand, and ours may lie in a token; they are the oracles of
the tests instead. Reading is left to them altogether."""

from datetime import UTC, datetime
from functools import cache


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """Its members stand in the order of their bytes."""
    return tlv(0x31, b"".join(sorted(parts)))


def integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def enumerated(number: int) -> bytes:
    return tlv(0x0A, bytes((number,)))


def boolean(value: bool) -> bytes:
    return tlv(0x01, b"\xff" if value else b"\x00")


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes((unused,)) + content)


def null() -> bytes:
    return b"\x05\x00"


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def printable(text: str) -> bytes:
    return tlv(0x13, text.encode("ascii"))


def explicit(number: int, content: bytes) -> bytes:
    return tlv(0xA0 | number, content)


def implicit(number: int, encoded: bytes) -> bytes:
    """The same content under another tag; a constructed one stays constructed."""
    return bytes((0x80 | (encoded[0] & 0x20) | number,)) + encoded[1:]


def primitive(number: int, content: bytes) -> bytes:
    return tlv(0x80 | number, content)


@cache
def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 127]
        while number := number >> 7:
            groups.append(number & 127 | 128)
        content += bytes(reversed(groups))
    return tlv(0x06, bytes(content))


def time(moment: datetime) -> bytes:
    """As certificates and lists write it: two digits of the year until 2049."""
    moment = moment.astimezone(UTC)
    if moment.year < 2050:
        return tlv(0x17, f"{moment:%y%m%d%H%M%SZ}".encode())
    return generalized(moment)


def generalized(moment: datetime) -> bytes:
    return tlv(0x18, f"{moment.astimezone(UTC):%Y%m%d%H%M%SZ}".encode())


@cache
def algorithm(dotted: str, *, parameters: bool = False) -> bytes:
    return sequence(oid(dotted), null()) if parameters else sequence(oid(dotted))


SHA256 = algorithm("2.16.840.1.101.3.4.2.1")
_HASH = algorithm("2.16.840.1.101.3.4.2.1", parameters=True)
_MASK = sequence(oid("1.2.840.113549.1.1.8"), _HASH)
SALT = 32  # bytes: as long as the hash
# How a signature of ours names itself, by the kind of key that makes it; all with SHA-256.
SIGNED_BY = {
    "rsa": algorithm("1.2.840.113549.1.1.11", parameters=True),
    "pss": sequence(  # RFC 4055, 3.1
        oid("1.2.840.113549.1.1.10"), sequence(explicit(0, _HASH), explicit(1, _MASK), explicit(2, integer(SALT)))
    ),
    "ec": algorithm("1.2.840.10045.4.3.2"),
}


def signed(body: bytes, kind: str, signature: bytes) -> bytes:
    """What a certificate, a list and an answer have in common: body, algorithm, signature."""
    return sequence(body, SIGNED_BY[kind], bits(signature))


# ── The few places where we look into what we hold ──


def inner(encoded: bytes) -> bytes:
    """The content of the outermost element."""
    return encoded[header(encoded) :]


def header(encoded: bytes) -> int:
    return 2 + (encoded[1] & 127 if encoded[1] & 128 else 0)


def elements(content: bytes) -> list[bytes]:
    """The elements that stand one after another."""
    parts, at = [], 0
    while at < len(content):
        head = header(content[at:])
        first = content[at + 1]
        size = int.from_bytes(content[at + 2 : at + head], "big") if first & 128 else first
        parts.append(content[at : at + head + size])
        at += head + size
    return parts
