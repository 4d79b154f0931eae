"""The row of a key is what the signer made of it, or it is nobody's key: whoever can write rows comes to no certificate
(promise P25)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import Event, User
from signing import custody
from signing.authority import ocsp, profile, requests
from signing.authority.gateways.software import SoftwareVault
from signing.authority.gateways.vault import CUSTOMER, Broken, bond, pair_of, sign_with, vault
from signing.authority.models import Authority, Issued
from signing.models import Act, Certificate, Key
from signing.steps import issuance, pin
from tests.signing.conftest import again, certificate_of, confirmed, sure, to

INTRUDERS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def authoritys(field: str) -> Callable[[], bytes]:
    return lambda: bytes(getattr(Authority.now("issuing"), field))


def another(field: str) -> Callable[[], bytes]:
    return lambda: bytes(getattr(Key.objects.order_by("-pk").first(), field) or b"")


POOL: dict[str, dict[str, Any]] = {
    "the intruder's public half": {"public": lambda: profile.public_of(INTRUDERS)},
    "another's wrapped half": {"wrapped": another("wrapped")},
    "another's whole row": {
        **{name: another(name) for name in ("public", "wrapped", "mac")},
        "made_at": lambda: sure(Key.objects.order_by("-pk").first()).made_at,
    },
    "the authority's wrapped half": {"wrapped": authoritys("wrapped")},
    "the authority's whole key": {"wrapped": authoritys("wrapped"), "public": authoritys("public")},
    "a request made ahead": {"request": lambda: b"made ahead"},
    "a coat of nobody's": {"custody": lambda: b"coat"},
    "a passkey of the intruder's": {"passkey": lambda: {"id": "aWQ=", "salt": "c2FsdA=="}},
    "another time": {"made_at": timezone.now},
    "a time of binding": {"bound_at": timezone.now},
    "no word of the vault's": {"mac": lambda: None},
    "an empty word": {"mac": lambda: b""},
}


def alter(keys: Any, change: dict[str, Callable[[], Any]]) -> None:
    keys.update(**{name: value() for name, value in change.items()})


@pytest.mark.parametrize("change", POOL.values(), ids=POOL)
def test_a_row_of_the_pool_that_was_altered_is_named_and_the_customer_gets_the_next(change: dict[str, Any]) -> None:
    pin.fill_pool()
    ready = list(Key.pool("rsa-2048").order_by("pk").values_list("pk", flat=True))
    alter(Key.objects.filter(pk=ready[0]), change)
    application = to(Step.PIN)
    assert confirmed(application, Act.Kind.PIN).state == Act.State.DONE
    assert Key.objects.get(subscription=application.subscription).pk == ready[1]
    assert not Key.objects.filter(pk=ready[0]).exists()
    refused = Event.objects.get(verb="key refused")
    assert (refused.about, refused.result) == (f"key:{ready[0]}", "refused")


def test_a_pool_altered_from_end_to_end_makes_a_new_key() -> None:
    pin.fill_pool()
    Key.objects.update(public=profile.public_of(INTRUDERS))
    application = to(Step.PIN)
    assert confirmed(application, Act.Kind.PIN).state == Act.State.DONE
    assert bytes(Key.objects.get().public) != profile.public_of(INTRUDERS)
    assert Event.objects.filter(verb="key refused").count() == pin.AT_ONCE


def test_a_key_taken_and_then_altered_is_not_taken_up_again() -> None:
    application = to(Step.PIN)
    taken = pin.taken(application)
    Key.objects.filter(pk=taken.pk).update(public=profile.public_of(INTRUDERS))
    assert confirmed(application, Act.Kind.PIN).state == Act.State.DONE
    assert not Key.objects.filter(pk=taken.pk).exists()


def test_a_key_that_others_gave_to_an_application_is_not_taken_up() -> None:
    pin.fill_pool()
    application, key = to(Step.PIN), sure(Key.objects.order_by("-pk").first())
    Key.objects.filter(pk=key.pk).update(application=application)
    assert pin.taken(application).pk != key.pk
    assert not Key.objects.filter(pk=key.pk).exists()


def test_a_key_that_has_a_certificate_never_comes_back_to_the_pool(deciders: tuple[User, User]) -> None:
    """Also where the row was put back, word for word, as it lay there before its owner came."""
    pin.fill_pool()
    before: dict[str, Any] = dict(Key.objects.order_by("pk").values()[0])
    application = to(Step.ISSUANCE, deciders)
    issuance.issue_due()
    assert Key.of(application) == Key(pk=before["id"])
    Key.objects.filter(pk=before["id"]).update(**before)
    other = to(Step.REVIEW)
    assert sure(Key.of(other)).pk != before["id"]


def test_the_authoritys_key_signs_nothing_for_a_customer() -> None:
    """Even where whoever put it there had the vault's word for the row: the vault knows what each key is for."""
    authority, key = Authority.now("issuing"), pin.new_key()
    key.public, key.wrapped = authority.public, authority.wrapped
    key.mac = custody.vouched(key)
    key.save()
    with pytest.raises(Broken):
        pin.proof_of(key, "HS-1")
    assert vault().sign(pair_of(authority), b"its own")


def test_a_key_is_proven_before_anything_is_built_on_it() -> None:
    """Past the guard before it: beside a public half that the vault was made to vouch for lies the private one of
    another."""
    key, kept, pair = pin.new_key(), vault(), vault().make(CUSTOMER, "rsa-2048")
    assert isinstance(kept, SoftwareVault)
    key.public = profile.public_of(INTRUDERS)
    key.wrapped = kept.encrypt(kept.unwrapped(pair), bond(CUSTOMER, "rsa-2048", key.public))
    with pytest.raises(Broken, match="not signed by its key"):
        pin.proof_of(key, "HS-1")


# ── Between the PIN and the certificate ──


@pytest.fixture
def waiting(deciders: tuple[User, User]) -> Application:
    return to(Step.ISSUANCE, deciders)


def request_by(private: rsa.RSAPrivateKey, name: str, public: bytes = b"") -> bytes:
    return requests.make(name, public or profile.public_of(private), "rsa", partial(sign_with, private))


BOUND: dict[str, dict[str, Any]] = {
    **{name: POOL[name] for name in ("the intruder's public half", "another time", "no word of the vault's")},
    "another's whole row": {name: another(name) for name in ("public", "custody", "request", "mac")},
    "another's request": {"request": another("request")},
    "another's coat": {"custody": another("custody")},
    "the authority's public half": {"public": authoritys("public")},
    "another kind": {"kind": lambda: "p-256"},
    "a passkey of the intruder's": {"passkey": lambda: {"id": "aWQ=", "salt": "c2FsdA=="}},
    "a wrapped half beside the coat": {"wrapped": lambda: b"wrapped"},
    "another time of binding": {"bound_at": timezone.now},
}


@pytest.mark.parametrize("begun", [False, True], ids=["before the intent", "after it"])
@pytest.mark.parametrize("change", BOUND.values(), ids=BOUND)
def test_over_a_row_that_was_altered_nothing_is_issued(
    change: dict[str, Any], begun: bool, waiting: Application
) -> None:
    pin.new_key()
    to(Step.REVIEW)
    if begun:
        issuance.intend(certificate_of(waiting))
    alter(Key.objects.filter(application=waiting), change)
    issuance.issue_due()
    assert certificate_of(waiting).issued_at is None
    for row in Issued.objects.all():
        assert ocsp.status_of(row.issuer, int(row.serial, 16)) != ocsp.GOOD


PROOFS: dict[str, Callable[[Key], bytes]] = {
    "of another key": lambda key: request_by(INTRUDERS, sure(key.application).reference),
    "signed by another": lambda key: request_by(INTRUDERS, sure(key.application).reference, bytes(key.public)),
    "of another application": lambda _key: bytes(sure(Key.objects.exclude(request=None).last()).request or b""),
    "that cannot be read": lambda _key: b"request",
    "of nothing": lambda _key: b"",
}


@pytest.mark.parametrize("begun", [False, True], ids=["before the intent", "after it"])
@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_without_its_proof_no_key_is_certified(
    proof: Callable[[Key], bytes], begun: bool, waiting: Application
) -> None:
    """Past the guard before it: also where the vault was made to vouch for the row."""
    to(Step.REVIEW)
    if begun:
        issuance.intend(certificate_of(waiting))
    key = Key.objects.get(application=waiting)
    key.request = proof(key)
    key.mac = custody.vouched(key)
    key.save()
    issuance.issue_due()
    assert certificate_of(waiting).issued_at is None


def test_what_is_certified_is_the_key_as_it_was_looked_at(waiting: Application) -> None:
    """Not a copy read a moment earlier, which names the same row."""
    issuance.intend(certificate_of(waiting))
    certificate = certificate_of(waiting)
    sure(certificate.key).request = request_by(INTRUDERS, waiting.reference)
    issuance.check_intent(certificate)
    assert (
        requests.fault(issuance.intent_of(certificate).request, waiting.reference, bytes(sure(certificate.key).public))
        == ""
    )


@pytest.mark.parametrize("change", BOUND.values(), ids=BOUND)
def test_with_a_row_that_was_altered_nothing_is_signed(change: dict[str, Any], waiting: Application) -> None:
    """And no try is counted, for none was made."""
    issuance.issue_due()
    to(Step.REVIEW)
    alter(Key.objects.filter(application=waiting), change)
    assert confirmed(again(waiting), Act.Kind.ACCEPT).answer == "failed"
    assert Key.objects.get(application=waiting).tries_left == 5


def test_the_nightly_look_finds_a_key_that_was_altered_or_is_anothers(deciders: tuple[User, User]) -> None:
    mine, theirs = (certificate_of(to(Step.ACCEPTANCE, deciders)) for _time in range(2))
    assert issuance.recheck() == 0
    Certificate.objects.filter(pk=mine.pk).update(key=theirs.key)
    assert issuance.recheck() == 1
    Key.objects.filter(pk=sure(theirs.key).pk).update(public=profile.public_of(INTRUDERS))
    assert issuance.recheck() == 2
