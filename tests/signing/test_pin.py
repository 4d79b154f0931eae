"""Making the PIN: what is refused, what comes of it, and both places in the order of steps."""

from datetime import date

import pytest
from cryptography import x509
from django.conf import settings
from django.test import Client

from enrollment.demo.people import declaration_of_nobody
from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from signing import custody, envelope
from signing.authority import profile
from signing.authority.models import Authority
from signing.demo import people
from signing.envelope import batch_digest
from signing.models import Act, Key
from signing.steps import acts, performing, pin
from tests.conftest import at_once
from tests.signing.conftest import again, browser_of, certificate_of, confirmed, to

TOLD = declaration_of_nobody("Lý Thị Mẫu Xuân", "079190123789", "0912345678")


PATTERNS = """111111 222222 121212 123123 111222 112233 122122 123321 112211 100000 123456 234567 890123 901234 654321 987654
    135791 246802 123987 321654 123789 147258 159260 102030 010203 121314 908070""".split()


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        ("719305", ""),
        ("280417", ""),
        ("917350", ""),
        ("140817", ""),
        *((chosen, "pin-pattern") for chosen in PATTERNS),
        *(
            (chosen, "pin-birth")
            for chosen in ("170590", "900517", "051790", "051990", "199005", "170519", "175199", "751990")
        ),
        ("912345", "pin-number"),
        ("190123", "pin-number"),
        ("12345", "pin-shape"),
        ("1234567", "pin-shape"),
        ("12345a", "pin-shape"),
        ("１２３４５６", "pin-shape"),
        ("", "pin-shape"),
    ],
)
def test_what_others_would_try_first_is_refused(chosen: str, fault: str) -> None:
    assert TOLD.birth_date == date(1990, 5, 17)
    assert next(pin.faults(chosen, TOLD), "") == fault


def test_a_weak_pin_is_refused_by_the_signer_too() -> None:
    application = to(Step.PIN)
    assert confirmed(application, Act.Kind.PIN, "111222").answer == "pin-pattern"
    assert not Key.objects.filter(subscription=application.subscription).exists()
    assert confirmed(application, Act.Kind.PIN).state == Act.State.DONE


def test_the_key_becomes_the_customers_and_proves_itself() -> None:
    pin.fill_pool()
    ready = set(Key.pool(settings.KEY_KIND).values_list("pk", flat=True))
    assert len(ready) == pin.AT_ONCE
    application = to(Step.REVIEW)
    key = Key.objects.get(subscription=application.subscription)
    assert key.pk in ready
    assert key.wrapped is None
    request = x509.load_der_x509_csr(bytes(key.request or b""))
    assert request.is_signature_valid
    assert profile.public_of(request.public_key()) == bytes(key.public)
    named = request.subject.rfc4514_string()
    assert named == f"CN={application.reference}"  # of the person it tells nothing


def test_the_pool_fills_in_turns_until_nothing_is_lacking() -> None:
    assert [pin.fill_pool() for _turn in range(4)] == [True, True, False, False]
    assert Key.pool(settings.KEY_KIND).count() == pin.POOL


def test_an_empty_pool_makes_nobody_wait_for_more_than_one_key() -> None:
    assert not Key.pool(settings.KEY_KIND).exists()
    assert Key.objects.filter(subscription=to(Step.REVIEW).subscription).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_keys_of_the_pool_are_taken_once_each() -> None:
    pin.fill_pool()
    applications = [to(Step.PIN) for _one in range(6)]
    at_once(6, lambda place: people.make_pin(applications[place]))
    assert {again(each).step for each in applications} == {Step.REVIEW}
    assert len(set(Key.objects.exclude(subscription=None).values_list("pk", flat=True))) == 6


@pytest.mark.usefixtures("pin_after_review")
def test_after_the_review_the_pin_leads_straight_to_the_certificate(deciders: tuple[User, User]) -> None:
    application = to(Step.PIN, deciders)
    people.make_pin(application)
    assert again(application).step == Step.ISSUANCE


def test_a_passkey_given_along_opens_the_key_too() -> None:
    application = to(Step.PIN)
    act = pin.ask(application)
    assert act.user
    fields = {"act": act.nonce, "until": act.ends_at.timestamp() * 1000, "batch": act.batch, "way": "pin", "secret": "719305",
            "passkey": {"id": "aWQ=", "salt": "c2FsdA=="}, "prf": "c2VjcmV0" * 8}  # fmt: skip
    enclosed = envelope.enclosed(fields, bytes(Authority.now("exchange").public))
    acts.give(act.user, act.nonce, envelope.text(enclosed))
    performing.perform_due()
    key = Key.objects.get(subscription=application.subscription)
    assert key.passkey == {"id": "aWQ=", "salt": "c2FsdA=="}
    assert custody.opened(key, "passkey", b"c2VjcmV0" * 8) == custody.opened(key, "pin", b"719305")


def test_the_page_says_what_a_pin_must_be_and_sends_strangers_away(client: Client) -> None:
    application = to(Step.PIN)
    assert client.get("/application/pin/")["Location"].startswith("/sign-in/")
    browser_of(application, client)
    page = client.get("/application/pin/").content.decode()
    for words in ("Tạo mã PIN", "Khởi tạo mã PIN", "Xác nhận mã PIN", "Sử dụng sinh trắc học", "Tiếp theo"):
        assert words in page
    assert client.get("/application/contract/")["Location"] == "/application/pin/"
    Application.objects.filter(pk=application.pk).update(step=Step.CONTRACT)
    assert client.get("/application/pin/")["Location"] == "/application/contract/"


def test_an_act_asked_for_by_the_page_names_the_signer_and_its_end(client: Client) -> None:
    application = to(Step.PIN)
    browser_of(application, client)
    question = client.post("/application/act/", headers={"Accept": "application/json"}).json()
    assert question["key"]
    assert question["batch"] == batch_digest([])
    assert client.get(f"/application/act/{question['act']}/").json()["state"] == "asked"
    assert client.post(f"/application/act/{question['act']}/", {"envelope": "!"}).status_code == 400
    assert certificate_of(application).state == 1
