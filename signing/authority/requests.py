"""Certificate requests (PKCS #10): proof that whoever asks had the private half at hand."""

from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from signing.authority import der, profile


def make(name: str, public: bytes, algorithm: str, sign: Callable[[bytes], bytes]) -> bytes:
    body = der.sequence(der.integer(0), profile.name((profile.NAME, name)), public, der.explicit(0, b""))
    return der.signed(body, algorithm, sign(body))


def fault(request: bytes, name: str, public: bytes) -> str:
    """Why it proves nothing for this key under this name, or nothing."""
    try:
        read = x509.load_der_x509_csr(request)
        if profile.public_of(read.public_key()) != public:
            return "another key in the request"
        if read.subject.public_bytes() != profile.name((profile.NAME, name)):
            return "another name in the request"
        return "" if read.is_signature_valid else "a request not signed by its key"
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return "a request that cannot be read"
