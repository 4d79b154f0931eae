"""A signature of ours read back before it is kept, by libraries that had no hand in making it."""

import hashlib
import re

from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from signing.authority import cms, der

RSA_WAYS: dict[str, padding.PKCS1v15 | padding.PSS] = {
    "rsassa_pkcs1v15": padding.PKCS1v15(),
    "rsassa_pss": padding.PSS(padding.MGF1(hashes.SHA256()), der.SALT),
}


def is_intact(pdf: bytes) -> bool:
    """Whether the newest signature fits the bytes it covers and the certificate it names."""
    spans = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+) *\]", pdf)
    if not spans:
        return False
    start, length, after, rest = map(int, spans[-1])
    try:
        read = asn1.ContentInfo.load(bytes.fromhex(pdf[start + length + 1 : after - 1].decode()))["content"]
        info = read["signer_infos"][0]
        attributes = {each["type"].dotted: each["values"][0].native for each in info["signed_attrs"]}
        named = next(
            choice.chosen.dump()
            for choice in read["certificates"]
            if choice.chosen.serial_number == info["sid"].chosen["serial_number"].native
        )
        signed, signature = info["signed_attrs"].untag().dump(), info["signature"].native
        certificate = x509.load_der_x509_certificate(named)
    except (ValueError, KeyError, StopIteration, TypeError, IndexError):
        return False
    digest = hashlib.sha256(pdf[start : start + length] + pdf[after : after + rest]).digest()
    way = info["signature_algorithm"].signature_algo
    return attributes.get(cms.MESSAGE_DIGEST) == digest and fits(certificate.public_key(), way, signature, signed)


def fits(key: object, way: str, signature: bytes, signed: bytes) -> bool:
    """In the one way that the signature itself names."""
    try:
        if isinstance(key, rsa.RSAPublicKey) and way in RSA_WAYS:
            key.verify(signature, signed, RSA_WAYS[way], hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and way == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True
