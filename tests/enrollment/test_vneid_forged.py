"""What VNeID says, said wrongly: by somebody else, to somebody else, about somebody else, at another time, in another way."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from enrollment.gateways import vneid_legacy
from enrollment.models import Introduction
from enrollment.standins.vneid.services import Services, b64, plain
from tests.enrollment.citizens import (
    GONE,
    OURS,
    SECRET,
    Citizen,
    Simulator,
    any_simulator,
    fields_of,
    simulator,
)

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator", "simulator"]
FETCH, STATUS, TOKEN, USERINFO = (
    "/api/v1/share/fetch",
    "/api/v1/certificates/get-status",
    "/oauth2/token",
    "/oauth2/userinfo",
)
HOUR = 3600


# ── Of a person, whichever dialect ──

A_CONSENT = {"purpose": "sharing", "version": "2026-11", "language": "vi", "textHash": "x", "at": int(time.time())}
A_FACE = {"result": "MATCH", "score": 97.5, "at": int(time.time())}
NOBODY: dict[str, dict[str, Any]] = {
    "no number": {"citizenPid": ""},
    "a number of eleven": {"citizenPid": "05119600050"},
    "a number that is one": {"citizenPid": 51196000501},
    "a number with letters": {"citizenPid": "05119600050A"},
    "a number of another year": {"citizenPid": "051194000501"},
    "a number of the other sex": {"citizenPid": "051096000501"},
    "a birth date of another": {"birthDate": "17/05/1994"},
    "no birth date": {"birthDate": GONE},
    "a birth date that is none": {"birthDate": "31/02/1996"},
    "the other sex": {"gender": "Nam"},
    "no name": {"fullName": " "},
    "a name in HTML": {"fullName": "ĐỖ <script>alert(1)</script>"},
    "a name with digits": {"fullName": "ĐỖ THỊ 2"},
    "a name in other letters": {"fullName": "ДО ТHI"},
    "a name without end": {"fullName": "VÂN " * 40},
    "half a letter": {"permanentAddress": "Thôn \ud800"},
    "an address without end": {"permanentAddress": "x" * 9000},
    "no level": {"accountLevel": GONE},
    "a level that is true": {"accountLevel": True},
    "a level in words": {"accountLevel": "hai"},
    "a level beyond": {"accountLevel": 999_999},
    "a level below": {"accountLevel": -2},
    "nobody by name": {"subject": "", "sub": ""},
    "a name of VNeID's without end": {"subject": "x" * 65, "sub": "x" * 65},
    "half a letter of VNeID's name": {"subject": "\udfff", "sub": "\udfff"},
    "consents that are none": {"consents": "sharing"},
    "consents that are words": {"consents": ["sharing"]},
    "consents without end": {"consents": [A_CONSENT] * 21},
    "a consent of tomorrow": {"consents": [{**A_CONSENT, "at": int(time.time()) + 24 * HOUR}]},
    "a consent at no time": {"consents": [{**A_CONSENT, "at": "soon"}]},
    "a face without score": {"faceMatch": {**A_FACE, "score": None}},
    "a face of true": {"faceMatch": {**A_FACE, "score": True}},
    "a face beyond": {"faceMatch": {**A_FACE, "score": 101}},
    "a face of no number": {"faceMatch": {**A_FACE, "score": float("nan")}},
    "a face of tomorrow": {"faceMatch": {**A_FACE, "at": int(time.time()) + 24 * HOUR}},
    "a face at the end of days": {"faceMatch": {**A_FACE, "at": 999_999_999_999}},
}


@pytest.mark.parametrize("said", NOBODY.values(), ids=NOBODY.keys())
def test_it_refuses_who_is_nobody(any_simulator: Simulator, said: dict[str, Any]) -> None:
    citizen = Citizen(any_simulator).is_said_to_be(**said)
    citizen.is_refused(citizen.agrees())
    assert Introduction.objects.get().said is None


def test_what_it_does_not_know_it_lets_by(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).is_said_to_be(bloodType="O", deep={"of": ["nothing"]}, faceMatch=[])
    assert citizen.comes().status_code == 200
    assert citizen.introduction.facts["face"] is None


def test_a_face_of_last_week_says_nothing_of_who_was_there(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).is_said_to_be(faceMatch={**A_FACE, "at": int(time.time()) - 7 * 24 * HOUR})
    assert citizen.comes().status_code == 200
    assert citizen.introduction.facts["face"] is None


def test_a_face_that_does_not_match_is_no_match(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).is_said_to_be(faceMatch={**A_FACE, "result": "match"})
    citizen.comes()
    assert citizen.introduction.facts["face"]["matched"] is False


# ── The token of shared data ──


def decoded(part: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return fields


def claiming(**differently: Any) -> Callable[[Services, str], str]:
    """Signed by VNeID, of other things; a number is added to the time that was there."""

    def forge(services: Services, token: str) -> str:
        said = decoded(token.split(".")[1])
        for name, value in differently.items():
            said[name] = said[name] + value if name in ("iat", "exp") and isinstance(value, int) else value
        return services.jws({name: value for name, value in said.items() if value is not GONE})

    return forge


def heading(**differently: Any) -> Callable[[Services, str], str]:
    return lambda services, token: services.jws(decoded(token.split(".")[1]), **differently)


def signing(alg: str, sign: Callable[[Services, bytes], bytes]) -> Callable[[Services, str], str]:
    """In another way."""

    def forge(services: Services, token: str) -> str:
        head = b64(json.dumps({"alg": alg, "kid": services.kid}).encode())
        text = f"{head}.{token.split('.')[1]}"
        return f"{text}.{b64(sign(services, text.encode()))}"

    return forge


def with_the_public_key(services: Services, text: bytes) -> bytes:
    public = services.key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64decode(signed_by(pem, text))


def signed_by(secret: bytes, text: bytes) -> bytes:
    mac = hashes.Hash(hashes.SHA256())
    mac.update(secret + text)
    return base64.b64encode(mac.finalize())


def with_rsa(_services: Services, text: bytes) -> bytes:
    [key] = vneid_legacy.private_keys(OURS)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def by_another(_services: Services, token: str) -> str:
    other = Services(_services.world, _services.partner)
    other.kid = _services.kid
    return other.jws(decoded(token.split(".")[1]))


def with_signature(change: Callable[[bytes], bytes]) -> Callable[[Services, str], str]:
    def forge(_services: Services, token: str) -> str:
        text, _dot, signature = token.rpartition(".")
        return f"{text}.{b64(change(base64.urlsafe_b64decode(signature + '==')))}"

    return forge


def other_claims_under_the_signature(services: Services, token: str) -> str:
    head, claims, signature = token.split(".")
    return ".".join((head, b64(json.dumps({**decoded(claims), "accountLevel": 3}).encode()), signature))


def deep(_services: Services, token: str) -> str:
    head, _claims, signature = token.split(".")
    return ".".join((head, b64(b"[" * 30_000), signature))


TOKENS: dict[str, Callable[[Services, str], str]] = {
    "no algorithm": signing("none", lambda _services, _text: b""),
    "no algorithm, and a signature": signing("none", lambda services, text: b"x" * 64),
    "HS256 by the public key": signing("HS256", with_the_public_key),
    "HS256 by the shared secret": signing("HS256", lambda _services, text: signed_by(SECRET.encode(), text)),
    "RS256": signing("RS256", with_rsa),
    "ES256 in small letters": heading(alg="es256"),
    "an unknown key": heading(kid="unknown"),
    "another's key by that name": by_another,
    "what must be understood": heading(crit=["b64"], b64="false"),
    "two parts": lambda _services, token: token.rpartition(".")[0],
    "four parts": lambda _services, token: f"{token}.x",
    "five parts": lambda _services, token: f"{token}.x.y",
    "empty": lambda _services, _token: "",
    "cut short": lambda _services, token: token[:-20],
    "r and s changed over": with_signature(lambda raw: raw[32:] + raw[:32]),
    "63 bytes of a signature": with_signature(lambda raw: raw[:-1]),
    "65 bytes of a signature": with_signature(lambda raw: raw + b"\0"),
    "a signature of naught": with_signature(lambda _raw: bytes(64)),
    "no base64": lambda _services, token: token.replace(".", ".*", 1),
    "other claims": other_claims_under_the_signature,
    "a list for claims": lambda services, _token: services.jws([1]),  # type: ignore[arg-type]
    "deep": deep,
    "without end": claiming(more="x" * 120_000),
    "of another issuer": claiming(iss="https://vneid.example"),
    "of no issuer": claiming(iss=GONE),
    "for another": claiming(aud="OTHER"),
    "for us among others": claiming(aud=["SMARTCA", "OTHER"]),
    "for nobody": claiming(aud=GONE),
    "of another asking": claiming(nonce="x" * 32),
    "of no asking": claiming(nonce=GONE),
    "eight minutes old": claiming(iat=-480),
    "of in five minutes": claiming(iat=300, exp=300),
    "of no time": claiming(iat=GONE),
    "ended": claiming(exp=-600),
    "without end of its time": claiming(exp=GONE),
    "of true": claiming(iat="true"),
    "of another transaction": claiming(txn="VN0000000000000000"),
    "of no transaction": claiming(txn=GONE),
}


def with_token(simulator: Simulator, forge: Callable[[Services, str], str]) -> None:
    simulator.alter(FETCH, lambda reply: plain({"token": forge(simulator.services, fields_of(reply)["token"])}))


@pytest.mark.parametrize("forge", TOKENS.values(), ids=TOKENS.keys())
def test_it_refuses_a_token(simulator: Simulator, forge: Callable[[Services, str], str]) -> None:
    with_token(simulator, forge)
    citizen = Citizen(simulator)
    citizen.is_refused(citizen.agrees())


def test_it_refuses_the_token_of_another(simulator: Simulator) -> None:
    """Kept by whoever could read it, and given for the next."""
    tokens: list[str] = []

    def keeps_the_first(_services: Services, token: str) -> str:
        tokens.append(token)
        return tokens[0]

    with_token(simulator, keeps_the_first)
    first, second = Citizen(simulator), Citizen(simulator)
    assert first.comes().status_code == 200
    second.is_refused(second.agrees())


@pytest.mark.parametrize("seconds", [-110, 110])
def test_two_clocks_may_differ_by_two_minutes(simulator: Simulator, seconds: int) -> None:
    with_token(simulator, claiming(iat=seconds, exp=seconds))
    assert Citizen(simulator).comes().status_code == 200


# ── Keys of VNeID's turn ──


def test_a_new_key_of_vneids_is_looked_for(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Citizen(simulator).comes().status_code == 200
    simulator.services.key, simulator.services.kid = ec.generate_private_key(ec.SECP256R1()), "new"
    monkeypatch.setattr("enrollment.gateways.vneid_shared.AGAIN", 0)
    assert Citizen(simulator).comes().status_code == 200


def test_a_key_that_vneid_took_back_counts_no_longer(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Citizen(simulator).comes().status_code == 200
    simulator.alter("/.well-known/jwks.json", lambda _reply: plain({"keys": []}))
    monkeypatch.setattr("enrollment.gateways.vneid_shared.ANEW", 0)
    citizen = Citizen(simulator)
    citizen.is_refused(citizen.agrees())


@pytest.mark.parametrize(
    "odd",
    [{"kty": "RSA"}, {"crv": "P-384"}, {"use": "enc"}, {"alg": "ES384"}, {"x": "*"}, {"x": "AAAA"}, {"kid": "other"}],
)
def test_a_key_for_something_else_does_not_serve(simulator: Simulator, odd: dict[str, str]) -> None:
    jwk = {**simulator.services.jwk(), **odd}
    simulator.alter("/.well-known/jwks.json", lambda _reply: plain({"keys": [jwk, 7]}))
    citizen = Citizen(simulator)
    citizen.is_refused(citizen.agrees())


def test_unknown_names_of_keys_are_not_looked_for_each_time(simulator: Simulator) -> None:
    with_token(simulator, heading(kid="unknown"))
    for _time in range(3):
        citizen = Citizen(simulator)
        citizen.goes(citizen.agrees())
    assert simulator.asked.count("/.well-known/jwks.json") == 1
