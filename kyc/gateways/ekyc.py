"""A service that compares faces and tells a living person from a picture: VNPT eKYC (IDG) as publicly documented, or on
one machine nobody, who says so. What could not be asked is "not performed", and people decide."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.allowances import Limit

log = structlog.get_logger(__name__)
ASKED = ("card-genuine", "liveness", "match")
AWAY = ("down", "resting")
TIMES = (4, 10)  # seconds: to connect, to answer
FAILURES = Limit("ekyc failures", 5, timedelta(seconds=60), sliding=True)  # then it is left alone for a minute


@dataclass(frozen=True)
class Finding:
    outcome: str = "not-performed"  # as in models.Check.Outcome
    facts: Mapping[str, Any] = field(default_factory=dict)


class Ekyc(Protocol):
    def ask(self, images: Mapping[str, bytes]) -> dict[str, Finding]:
        """A finding for each of ASKED about these pictures (Evidence kinds); of a face alone, whether it lives."""


class LocalEkyc:
    """It cannot know, so it does not say."""

    def ask(self, images: Mapping[str, bytes]) -> dict[str, Finding]:
        return {name: Finding(facts={"why": "no-service"}) for name in ASKED}


class Down(Exception):
    """Slow, wrong or away."""


@dataclass(frozen=True)
class VnptEkyc:
    """`vnpt+https://token-id:token-key@api.idg.vnpt.vn/?access=…&sure=95&unsure=80` (thresholds are not public)."""

    base: str
    token_id: str
    token_key: str
    access: str
    sure: float = 95.0
    unsure: float = 80.0

    def ask(self, images: Mapping[str, bytes]) -> dict[str, Finding]:
        if FAILURES.is_spent(self.holder):
            return {name: Finding(facts={"why": "resting"}) for name in ASKED}
        try:
            findings = self._ask(images)
        except Down as wrong:
            FAILURES.spend(self.holder)
            log.warning("ekyc down", reason=str(wrong))
            return {name: Finding(facts={"why": "down"}) for name in ASKED}
        FAILURES.restore(self.holder)
        return findings

    @property
    def holder(self) -> str:
        return hashlib.sha256(self.base.encode()).hexdigest()

    def _ask(self, images: Mapping[str, bytes]) -> dict[str, Finding]:
        session = str(uuid.uuid4())
        hashes = {kind: self._add(kind, images[kind]) for kind in ("card-front", "face-near") if kind in images}
        findings = {name: Finding(facts={"why": "no-picture"}) for name in ASKED}
        front, face = hashes.get("card-front"), hashes.get("face-near")
        if front and face:
            genuine = self._post("ai/v1/card/liveness", {"img": front, "client_session": session})
            findings["card-genuine"] = self._living(genuine)
        if face:
            alive = self._post("ai/v1/face/liveness", {"img": face, "client_session": session})
            findings["liveness"] = self._living(alive)
        if front and face:
            match = self._post("ai/v1/face/compare", {"img_front": front, "img_face": face, "client_session": session})
            findings["match"] = self._matching(match)
        return findings

    @staticmethod
    def _living(answer: Mapping[str, Any]) -> Finding:
        word = answer.get("liveness")
        outcome = {"success": "pass", "failure": "fail"}.get(str(word), "unsure")
        return Finding(outcome, {"liveness": str(word)[:20]})

    def _matching(self, answer: Mapping[str, Any]) -> Finding:
        """A word and a number that do not agree are no match."""
        try:
            likely = float(answer.get("prob", "nan"))
        except (TypeError, ValueError):
            likely = float("nan")
        if answer.get("msg") == "MATCH" and likely >= self.sure:
            outcome = "pass"
        elif answer.get("msg") == "NOMATCH" and not likely >= self.unsure:
            outcome = "fail"
        else:
            outcome = "unsure"
        return Finding(outcome, {"prob": None if likely != likely else likely})

    # ── The wire ──

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.access}",
            "Token-id": self.token_id,
            "Token-key": self.token_key,
            "mac-address": "TEST1",
        }

    def _add(self, kind: str, picture: bytes) -> str:
        form = {"title": kind, "description": "smartca"}
        answer = self._call(
            "file-service/v1/addFile", data=form, files={"file": (f"{kind}.jpg", picture, "image/jpeg")}
        )
        key = answer.get("hash")
        if not isinstance(key, str) or not key:
            raise Down("no hash")
        return key

    def _post(self, path: str, question: dict[str, Any]) -> Mapping[str, Any]:
        return self._call(path, json={**question, "token": self.token_id})

    def _call(self, path: str, **sent: Any) -> Mapping[str, Any]:
        try:
            answer = requests.post(
                f"{self.base}/{path}", headers=self._headers(), timeout=TIMES, allow_redirects=False, **sent
            )
            envelope = answer.json() if answer.status_code == 200 else {}
        except (requests.RequestException, ValueError) as wrong:
            raise Down(type(wrong).__name__) from wrong
        content = envelope.get("object") if isinstance(envelope, dict) else None
        if not isinstance(content, dict) or envelope.get("message") != "IDG-00000000":
            raise Down(
                f"{path} {answer.status_code} {str(envelope.get('message', ''))[:20] if isinstance(envelope, dict) else ''}"
            )
        return content


@cache
def gateway() -> Ekyc:
    url = urlsplit(settings.EKYC_URL)
    if url.scheme == "local":
        return LocalEkyc()
    if url.scheme not in ("vnpt+https", "vnpt+http"):
        raise ImproperlyConfigured("EKYC_URL is neither local: nor vnpt+https://…")
    options = {name: values[0] for name, values in parse_qs(url.query).items()}
    return VnptEkyc(
        base=f"{url.scheme.partition('+')[2]}://{url.netloc.rpartition('@')[2]}",
        token_id=unquote(url.username or ""),
        token_key=unquote(url.password or ""),
        access=options.get("access", ""),
        sure=float(options.get("sure", 95)),
        unsure=float(options.get("unsure", 80)),
    )
