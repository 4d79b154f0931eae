"""Applications at every step of signing, with the signer's keys made once for a whole run of tests."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from argon2.low_level import hash_secret_raw
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client

from enrollment import dossier, journey
from enrollment.demo.people import seed_application, walk
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps import approving
from portal.demo.people import DEMO_PASSWORD
from portal.models import User
from signing import custody
from signing.authority import ceremony, lists
from signing.authority.models import Authority, RevocationList
from signing.authority.remembered import forget
from signing.demo import people
from signing.models import Act, Certificate

Thing = TypeVar("Thing")
SERIAL = count(100_000)
KEYS: list[dict[str, Any]] = []
LISTS: list[dict[str, Any]] = []
PAIRS: dict[int, list[rsa.RSAPrivateKey]] = defaultdict(list)
PIN = people.DEMO_PIN


@pytest.fixture(autouse=True)
def _signer(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests look at the signer from within; that others cannot sign has tests of its own."""
    monkeypatch.setattr(settings, "SIGNER", True)


@pytest.fixture(autouse=True)
def _founded(_signer: None, db: None) -> None:
    """Making the keys takes seconds, so they are made once and laid into each test's database."""
    forget()
    lay_keys()


@pytest.fixture(autouse=True)
def _pairs(_founded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a customer's key made for each test: a test is given, one after the other, those that earlier ones made."""
    make, turns = rsa.generate_private_key, defaultdict[int, Iterator[int]](count)

    def next_pair(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        turn, pairs = next(turns[key_size]), PAIRS[key_size]
        while len(pairs) <= turn:
            pairs.append(make(public_exponent, key_size))
        return pairs[turn]

    monkeypatch.setattr(rsa, "generate_private_key", next_pair)


@pytest.fixture(autouse=True)
def _quick_pins() -> Iterator[None]:
    """As passwords are hashed quickly in the tests' settings; what a guess really costs has a test of its own."""

    def quick(secret: bytes, salt: bytes, **cost: Any) -> bytes:
        return hash_secret_raw(secret, salt, **{**cost, "time_cost": 1, "memory_cost": 8})

    with pytest.MonkeyPatch.context() as patch:  # its own, so that a test that undoes its patches leaves this one
        patch.setattr(custody, "hash_secret_raw", quick)
        yield


def sure(thing: Thing | None) -> Thing:
    """Of something that a test has put there itself."""
    assert thing is not None
    return thing


def lay_keys() -> None:
    if not KEYS:
        ceremony.hold()
        lists.publish_due()
        KEYS.extend(map(dict, Authority.objects.order_by("pk").values()))
        LISTS.extend(map(dict, RevocationList.objects.order_by("pk").values()))
        return
    Authority.objects.bulk_create([Authority(**row) for row in KEYS], ignore_conflicts=True)
    RevocationList.objects.bulk_create([RevocationList(**row) for row in LISTS], ignore_conflicts=True)


def newly_laid(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authorities and customers' keys that sign in another way, by a ceremony of their own."""
    monkeypatch.setattr(settings, "AUTHORITY_KIND", kind)
    monkeypatch.setattr(settings, "KEY_KIND", kind)
    monkeypatch.setattr(settings, "ROOT_FOLDER", folder / "root")
    for way in ("rsa", "pss"):
        monkeypatch.setitem(ceremony.ROOT_KINDS, way, f"{way}-2048")  # longer ones take seconds to make
    RevocationList.objects.all().delete()
    for authority in Authority.objects.order_by("-pk"):
        authority.delete()
    ceremony.hold()
    lists.publish_due()
    forget()


def at_contract(plan: str = "theo-luot-12", name: str = "Lý Thị Mẫu Xuân") -> Application:
    """Declared, settled, activated; the pictures are the tests' of kyc."""
    number = f"079190{next(SERIAL)}"
    seed_application(name, number, f"0912{number[6:]}", plan, Step.CAPTURE)
    application = again(Application.objects.get(person_index=User.username_for(number)))
    application.finish()
    return again(application)


def again(application: Application) -> Application:
    return Application.objects.select_related("data_key", "plan", "user", "subscription").get(pk=application.pk)


def to(step: Step, deciders: tuple[User, User] | None = None, **more: Any) -> Application:
    """To this step by the verbs that people use, and through the review by two people."""
    return onward(at_contract(**more), step, deciders)


def onward(application: Application, step: Step, deciders: tuple[User, User] | None = None) -> Application:
    while application.step != step:
        if application.step == Step.REVIEW:
            assert deciders
            approved(application, *deciders)
            application = again(application)
            application.finish()
            application = again(application)
        else:
            before, application = application.step, again(walk(application, after(application)))
            assert application.step != before, f"nobody walks {before}"
    return application


def after(application: Application) -> Step:
    return journey.after(Channel(application.channel), Step(application.step))


def approved(application: Application, first: User, second: User) -> None:
    digest = dossier.digest(application)
    approving.appraise(application, digest, first)
    approving.approve(application, digest, second)


def certificate_of(application: Application) -> Certificate:
    return Certificate.objects.select_related("register__issuer", "key", "application__data_key").get(
        application=application
    )


def confirmed(application: Application, kind: Act.Kind, pin: str = PIN) -> Act:
    return people.confirm(application, kind, pin)


def browser_of(application: Application, client: Client | None = None) -> Client:
    """Signed in as its customer, through the real form."""
    browser = client or Client()
    browser.post("/sign-in/", {"login": sure(application.user).id_number, "password": DEMO_PASSWORD})
    assert "_auth_user_id" in browser.session
    return browser


@pytest.fixture
def deciders(staff: Callable[..., User]) -> tuple[User, User]:
    return staff("reviewer"), staff("approver")
