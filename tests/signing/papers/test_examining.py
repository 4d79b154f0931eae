"""What the checking page says of files that others made: each of the seven facts, written out here by hand.

Promise P23 in one table: no evidence is never "valid", an honest file is never called false."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from django.conf import settings

from signing.findings import findings
from signing.papers.examining import examine
from tests.signing.papers import corpus
from tests.signing.papers.corpus import DAY, NOW, ROOT, SIGNER, YEAR, issued, signed
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once
NAMES = ("coverage", "integrity", "trust", "time", "status", "algorithm", "purpose")
YESTERDAY = NOW - DAY


def by(name: str = "Signer of nobody", above: corpus.Holder | None = corpus.ISSUING, **how: Any) -> corpus.Holder:
    return issued(name, above, **how)


def lasting(pdf: bytes, *revoked: Any, at: datetime = NOW - DAY / 2) -> bytes:
    """With evidence of a little later, which is how B-LT is usually made."""
    return corpus.with_evidence(pdf, *corpus.current(at, *revoked))


@cache
def stamped(holder: corpus.Holder = SIGNER, at: datetime = YESTERDAY, **how: Any) -> bytes:
    return signed(by=holder, stamped=at, **how)


EXPIRED = by(ends=NOW - 30 * DAY)
REVOKED = by()
OLD_CLOCK = issued(
    "Old clock", ROOT, key=corpus.rsa_key(2048), uses=(Use.TIME_STAMPING,), begins=NOW - 9 * YEAR, ends=NOW - 10 * DAY
)
NO_CLOCK = issued("Clock in name", ROOT, key=corpus.rsa_key(2048))
IMPOSTOR = by(above=ROOT, signed_by=corpus.STRANGER.key)
NAMESAKE = by(above=ROOT, signed_by=corpus.STRANGER.key, named=False)
SELF = issued("Signer by himself")
MADE: dict[str, Callable[[], bytes]] = {
    # Honest
    "B-LT, ECDSA": lambda: lasting(stamped()),
    "B-LT, RSASSA-PSS": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), pss=True)),
    "B-LT, RSA 2048, SHA-512": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="sha512")),
    "B-LTA": lambda: corpus.archived(lasting(stamped()), NOW - DAY / 4),
    "B-T": stamped,
    "B-B": lambda: signed(),
    "signed, then revoked": lambda: lasting(stamped(REVOKED), (REVOKED, NOW - DAY * 0.7)),
    "a second signature, unseen": lambda: lasting(signed(stamped(), field="Signature2", stamped=YESTERDAY)),
    "expired since, its stamp's evidence has aged": lambda: lasting(stamped(EXPIRED, NOW - 32 * DAY), at=NOW - 31 * DAY),
    # Weak
    "MD5": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="md5")),
    "SHA-1": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="sha1")),
    "RSA 1024": lambda: lasting(stamped(by(key=corpus.rsa_key(1024)))),
    "certificate signed over SHA-1": lambda: lasting(stamped(corpus.over_sha1(SIGNER))),
    # Misused
    "for TLS": lambda: lasting(stamped(by(uses=(Use.SERVER_AUTH, Use.CLIENT_AUTH)))),
    "for OCSP": lambda: lasting(stamped(by(uses=(Use.OCSP_SIGNING,)))),
    "for issuing": lambda: lasting(stamped(by(authority=True))),
    "for nothing that is said": lambda: lasting(stamped(by(uses=None, usage=False))),
    # Without evidence, or with evidence against it
    "revoked": lambda: lasting(stamped(REVOKED), (REVOKED, NOW - 2 * DAY)),
    "revoked, which the file leaves out": lambda: stamped(REVOKED),
    "evidence that had run out": lambda: corpus.with_evidence(stamped(), *corpus.current(NOW - 90 * DAY)),
    "expired, no stamp": lambda: lasting(signed(by=EXPIRED), at=NOW - 31 * DAY),
    "a list from after its end": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY)),
    "signed after its end": lambda: lasting(stamped(EXPIRED, NOW - 20 * DAY)),
    "a stamp by an authority past its end": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY, tsa=OLD_CLOCK)),
    "a stamp by whoever": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY, tsa=NO_CLOCK)),
    # Unknown and false
    "self-signed": lambda: signed(by=SELF),
    "unknown issuer": lambda: signed(by=by("Signer elsewhere", corpus.STRANGER)),
    "our authority's key, which did not sign it": lambda: signed(by=IMPOSTOR),
    "our authority's name, another key": lambda: signed(by=NAMESAKE),
    # Altered
    "one word": lambda: corpus.flipped(lasting(stamped())),
    "an empty field over the text, stamped": lambda: corpus.archived(
        corpus.changed(lasting(stamped()), corpus.empty_field), NOW - DAY / 4
    ),
    "a note": lambda: corpus.changed(lasting(stamped()), corpus.note),
    "a field filled in": lambda: corpus.changed(lasting(stamped()), corpus.filled_in),
    "the signature's picture": lambda: corpus.changed(
        lasting(stamped(box=(60, 500, 200, 560))), corpus.repainted
    ),
    "bytes behind the end": lambda: lasting(stamped()) + b"\n% more\n",
    "a signature over the text": lambda: lasting(
        signed(stamped(), field="Signature2", box=(50, 680, 350, 740), stamped=YESTERDAY)
    ),
    "closed, and a signature over the text": lambda: lasting(
        signed(stamped(certify=True), field="Signature2", box=(50, 680, 350, 740), stamped=YESTERDAY)
    ),
}  # fmt: skip
V, X, U = "valid", "invalid", "unknown"
MOOT = (X, U, U, U, U, U)
#        coverage integrity trust time status algorithm purpose → the file's colour
EXPECTED: dict[str, tuple[tuple[str, ...], str]] = {
    "B-LT, ECDSA": ((V, V, V, V, V, V, V), "good"),
    "B-LT, RSASSA-PSS": ((V, V, V, V, V, V, V), "good"),
    "B-LT, RSA 2048, SHA-512": ((V, V, V, V, V, V, V), "good"),
    "B-LTA": ((V, V, V, V, V, V, V), "good"),
    "B-T": ((V, V, V, U, U, V, V), "warn"),
    "B-B": ((V, V, V, V, U, V, V), "warn"),
    "signed, then revoked": ((V, V, V, V, V, V, V), "good"),
    "a second signature, unseen": ((V, V, V, V, V, V, V), "good"),
    "expired since, its stamp's evidence has aged": ((V, V, V, U, V, V, V), "warn"),
    "MD5": ((V, V, V, V, V, X, V), "bad"),
    "SHA-1": ((V, V, V, V, V, X, V), "bad"),
    "RSA 1024": ((V, V, V, V, V, X, V), "bad"),
    "certificate signed over SHA-1": ((V, V, V, V, U, X, V), "bad"),
    "for TLS": ((V, V, V, V, V, V, X), "bad"),
    "for OCSP": ((V, V, V, V, V, V, X), "bad"),
    "for issuing": ((V, V, V, V, V, V, X), "bad"),
    "for nothing that is said": ((V, V, V, V, V, V, U), "warn"),
    "revoked": ((V, V, V, V, X, V, V), "bad"),
    "revoked, which the file leaves out": ((V, V, V, U, U, V, V), "warn"),
    "evidence that had run out": ((V, V, V, U, U, V, V), "warn"),
    "expired, no stamp": ((V, V, V, U, V, V, V), "warn"),
    "a list from after its end": ((V, V, V, V, U, V, V), "warn"),
    "signed after its end": ((V, V, V, X, U, V, V), "bad"),
    "a stamp by an authority past its end": ((V, V, V, U, U, V, V), "warn"),
    "a stamp by whoever": ((V, V, V, U, U, V, V), "warn"),
    "self-signed": ((V, V, U, V, U, V, V), "warn"),
    "unknown issuer": ((V, V, U, V, U, V, V), "warn"),
    "our authority's key, which did not sign it": ((V, V, X, V, U, V, V), "bad"),
    "our authority's name, another key": ((V, V, U, V, U, V, V), "warn"),
    "one word": ((V, *MOOT), "bad"),
    "an empty field over the text, stamped": ((X, V, V, V, V, V, V), "bad"),
    "a note": ((X, V, V, V, V, V, V), "bad"),
    "a field filled in": ((X, V, V, V, V, V, V), "bad"),
    "the signature's picture": ((X, V, V, V, V, V, V), "bad"),
    "bytes behind the end": ((X, V, V, V, V, V, V), "bad"),
    "a signature over the text": ((U, V, V, V, V, V, V), "warn"),
    "closed, and a signature over the text": ((X, V, V, V, V, V, V), "bad"),
}


def examined(pdf: bytes, now: datetime = NOW) -> dict[str, Any]:
    return examine(pdf, [ROOT.der], now)


@pytest.mark.parametrize("name", MADE)
def test_each_fact_is_told_as_it_is(name: str) -> None:
    """Promise P23."""
    facts = examined(MADE[name]())
    first = facts["signatures"][0]["facts"]
    assert (tuple(first[fact].value for fact in NAMES), findings(facts)["tone"]) == EXPECTED[name], first


def test_all_that_reading_needs_is_in_memory_before_a_file_comes(tmp_path: Path) -> None:
    """The process that reads strangers' files can open nothing: what a library brings in late would be missing there."""
    names = ("B-LT, RSASSA-PSS", "B-LTA", "revoked", "a note", "self-signed", "MD5", "one word", "bytes behind the end")
    for place, name in enumerate(names):
        (tmp_path / f"{place}.pdf").write_bytes(MADE[name]())
    (tmp_path / "root.der").write_bytes(ROOT.der)
    (tmp_path / "contract.pdf").write_bytes(corpus.archived(contract_pdf(), YESTERDAY))
    looks = f"""
import pathlib, sys
from signing.papers.examining import examined
folder = pathlib.Path({str(tmp_path)!r})
before = set(sys.modules)
for file in sorted(folder.glob("*.pdf")):
    assert not examined(file.read_bytes(), (folder / "root.der").read_bytes(), known=False)[0]["problem"]
print(sorted(set(sys.modules) - before))
"""
    command = [sys.executable, "-c", looks]
    late = subprocess.run(command, cwd=settings.BASE_DIR, env={}, capture_output=True, text=True, check=False)
    assert (late.stdout, late.stderr) == ("[]\n", "")
