"""Rough handling that once broke something: kept here so that it never does again."""

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving, leaving, opening
from portal.models import Allowance, Message, User
from portal.refusals import Refusal
from signing.authority import lists, timestamps
from signing.authority.gateways import ca
from signing.authority.gateways.vault import Broken
from signing.authority.models import Authority, Issued, Reason
from signing.demo import people
from signing.models import PIN_TRIES, Act, Certificate, Key, Paper
from signing.papers import examining, pades
from signing.steps import acceptance, contract, issuance, performing, sealing, signatures, standing
from tests.conftest import at_once
from tests.signing.authority.conftest import revoked_in
from tests.signing.conftest import again, approved, at_contract, browser_of, certificate_of, confirmed, to
from tests.signing.papers.test_paper import text
from tests.signing.test_acts import asked, given


def code_sent() -> str:
    message = Message.objects.filter(template="signing/messages/contract_code").latest("created_at")
    assert message.params
    return str(message.params[0])


def declared(application: Application, **differently: str) -> Application:
    declaration = application.declaration
    assert declaration
    more: dict[str, Any] = {**differently}
    changes = application.as_declared(dataclasses.replace(declaration, **more))
    Application.objects.filter(pk=application.pk).update(**changes)
    return again(application)


# ── Where nothing goes on ──


def test_staff_stop_what_nobody_accepts_and_its_certificate_is_revoked(
    deciders: tuple[User, User], staff: Callable[..., User], signed_in: Callable[[User], Client], client: Client
) -> None:
    """Else its number would be held for ever, and a certificate that nobody wants would be called good."""
    application = to(Step.ACCEPTANCE, deciders)
    acceptance.prepare(application)
    owner = browser_of(application)
    operator = signed_in(staff("supervisor"))
    page = f"/admin/enrollment/application/{application.pk}/"
    assert "Dừng hồ sơ" in operator.get(f"{page}change/").content.decode()
    operator.post(f"{page}stop/", {"reason": "staff"})
    certificate = certificate_of(application)
    assert again(application).step == Step.STOPPED
    assert (certificate.state, standing.serial_of(certificate).reason) == (
        Certificate.State.REVOKED,
        Reason.CESSATION,
    )
    lists.publish_due()
    assert int(certificate.serial, 16) in revoked_in(client)
    assert "Đã thu hồi" in owner.get("/certificate/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        leaving.erase()
    assert issuance.recheck() == 0  # what a certificate was issued on is kept
    assert owner.get("/register/").status_code == 200


def test_stopped_while_the_customer_signs_one_of_the_two_wins(
    deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    application, real = to(Step.ACCEPTANCE, deciders), acceptance.certificate_signed

    def stopped_meanwhile(*given_on: Any) -> bytes:
        leaving.stop(again(application), "staff")
        return real(*given_on)

    monkeypatch.setattr(acceptance, "certificate_signed", stopped_meanwhile)
    assert given(*asked(application)).answer == "moved"
    assert certificate_of(application).state == Certificate.State.REVOKED
    assert not Paper.objects.filter(application=application, kind="minutes", state="sealed").exists()


def stored_and_stopped(application: Application) -> list[Any]:
    """The authority's certificate is stored while the application is stopped."""
    intent = certificate_of(application)
    intent.application = again(application)
    signed = ca.authority().issue(issuance.intent_of(intent))
    acts = [lambda: issuance.store(intent, signed), lambda: leaving.stop(again(application), "staff")]
    return at_once(2, lambda place: acts[place]())


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_issued_and_stopped_at_once_neither_waits_for_the_other_for_ever(deciders: tuple[User, User]) -> None:
    for _turn in range(6):
        application = to(Step.ISSUANCE, deciders)
        issuance.intend(certificate_of(application))
        outcomes = stored_and_stopped(application)
        assert all(outcome is None or isinstance(outcome, (Refusal, issuance.Nonconforming)) for outcome in outcomes), (
            outcomes
        )
        issued = Certificate.issued().filter(application=application).exists()
        assert issued == (again(application).reached == Step.ACCEPTANCE)


def test_leave_to_process_withdrawn_at_the_last_step_stops_it(deciders: tuple[User, User]) -> None:
    """Promise P19."""
    application = to(Step.ACCEPTANCE, deciders)
    opening.withdraw(application.consents.get(purpose="personal-data"))
    assert again(application).reason == "consent-withdrawn"
    assert certificate_of(application).revoked_at


def test_what_cannot_be_issued_is_not_approved(deciders: tuple[User, User]) -> None:
    application = to(Step.REVIEW)
    Paper.objects.filter(application=application).update(state=Paper.State.AGREED)
    with pytest.raises(Refusal, match="not-whole"):
        approved(application, *deciders)
    Paper.objects.filter(application=application).update(state=Paper.State.SEALED)
    approved(application, *deciders)


def test_a_contract_whose_key_was_erased_is_listed_no_more(deciders: tuple[User, User]) -> None:
    application = to(Step.PIN)
    owner, paper = browser_of(application), Paper.of(application, Paper.Kind.CONTRACT)
    assert paper
    leaving.cancel(application)
    assert owner.get(f"/certificate/documents/{paper.pk}/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        leaving.erase()
    assert owner.get(f"/certificate/documents/{paper.pk}/").status_code == 404
    assert paper.number not in owner.get("/certificate/documents/").content.decode()


def test_one_unreadable_row_hides_no_other_from_the_nightly_look(deciders: tuple[User, User]) -> None:
    first, second = to(Step.ACCEPTANCE, deciders), to(Step.ACCEPTANCE, deciders)
    Certificate.objects.filter(application=first).update(der=certificate_of(second).sealed("content", "x"))
    Issued.objects.filter(serial=certificate_of(second).serial).update(fingerprint="0" * 64)
    assert issuance.recheck() == 2


@pytest.mark.parametrize("why", ["locked", "ended"])
def test_who_cannot_sign_is_told_before_a_pin_is_typed(why: str, deciders: tuple[User, User]) -> None:
    application = to(Step.ACCEPTANCE, deciders)
    if why == "locked":
        Key.objects.filter(subscription=application.subscription).update(tries_left=0)
    else:
        Issued.objects.update(not_after=timezone.now())
    page = browser_of(application).get("/application/acceptance/").content.decode()
    assert ("bị khóa" if why == "locked" else "không còn hiệu lực") in page
    assert 'id="pin"' not in page


# ── One bad file among many ──


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_one_that_fails_for_ever_does_not_stop_the_others(deciders: tuple[User, User]) -> None:
    bad, good = to(Step.ISSUANCE, deciders), to(Step.ISSUANCE, deciders)
    approving.void(bad)
    long_ago = timezone.now() - timedelta(minutes=1)
    Certificate.objects.filter(application=bad).update(faults=1000, due_at=long_ago)
    issuance.issue_due()
    assert certificate_of(good).issued_at
    assert certificate_of(bad).due_at > timezone.now() + timedelta(minutes=7)


def test_a_domain_in_its_own_letters_is_certified_in_plain_ones(deciders: tuple[User, User]) -> None:
    application = declared(at_contract(), email="an@tênmiền.vn")
    for step in (people.sign_contract, people.make_pin):
        step(application)
        application = again(application)
    approved(application, *deciders)
    application.finish()
    issuance.issue_due()
    read = x509.load_der_x509_certificate(issuance.der_of(certificate_of(application)))
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["an@" + "tênmiền.vn".encode("idna").decode()]


def test_a_signer_that_was_paused_does_not_bring_back_what_was_given_up(deciders: tuple[User, User]) -> None:
    """Promise P1."""
    application = to(Step.ISSUANCE, deciders)
    issuance.intend(certificate_of(application))
    held = certificate_of(application)
    held.application = application
    signed = ca.authority().issue(issuance.intent_of(held))
    application.send_back({"card-front": "glare"})
    issuance.store(held, signed)
    assert certificate_of(application).issued_at is None
    assert Issued.objects.get(issued_at=None).revoked_at
    assert Issued.objects.get(issued_at=None).serial == held.serial


def test_sent_back_from_the_last_step_it_comes_to_the_review_again(deciders: tuple[User, User]) -> None:
    application = to(Step.ISSUANCE, deciders)
    application.send_back({"card-front": "glare"})
    assert certificate_of(application).state == Certificate.State.APPROVAL_WAITING
    again(application).finish()
    assert again(application).step == Step.REVIEW


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_a_revocation_under_way_while_a_list_is_made_is_in_the_next(
    deciders: tuple[User, User], client: Client
) -> None:
    """Promise P4: the revocation wakes whoever makes that next list at once."""
    certificate, issuer = certificate_of(to(Step.COMPLETE, deciders)), Authority.now("issuing")
    moved, listed = threading.Event(), threading.Event()

    def revoke() -> None:
        with transaction.atomic():
            standing.revoke(certificate, 1)
            moved.set()
            listed.wait(5)
        connection.close()

    other = threading.Thread(target=revoke)
    other.start()
    moved.wait(5)
    lists.publish(issuer)
    listed.set()
    other.join()
    lists.publish_due()
    assert int(certificate.serial, 16) in revoked_in(client)


# ── Documents ──


@pytest.mark.parametrize("marker", ["QXZ000JKV", "QXZ007JKV", "QXJ000JKV"])
def test_a_marker_in_what_a_customer_wrote_is_printed_as_written(marker: str, tmp_path: Path) -> None:
    application = declared(at_contract(), address=f"{marker} " + "W" * 110)
    contract.begin(application, place="", device=f"{marker} " + "W" * 280)
    paper = contract.sign_with(application, strokes=people.hand())
    assert paper.shown
    assert marker in text(paper.shown.read(), tmp_path)
    contract.send_code(application)
    contract.agree(application, code_sent())
    sealing.seal_due()
    assert Paper.objects.get(application=application).state == Paper.State.SEALED


def test_a_code_asked_for_while_the_other_tab_signs_harms_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    application = at_contract()
    contract.begin(application, place="", device="")
    contract.sign_with(application, strokes=people.hand())
    contract.send_code(application)
    digits, running = code_sent(), contract.running
    Allowance.objects.all().delete()

    def slow(mine: Application) -> Paper:
        paper = running(mine)
        monkeypatch.setattr(contract, "running", running)
        contract.agree(again(application), digits)
        return paper

    monkeypatch.setattr(contract, "running", slow)
    with pytest.raises(Refusal):
        contract.send_code(application)
    sealing.seal_due()
    assert Paper.objects.get(application=application).state == Paper.State.SEALED


@pytest.mark.once  # and never beside Playwright, in whose loop pyHanko cannot run
def test_a_certificate_for_documents_vouches_for_no_time(deciders: tuple[User, User]) -> None:
    """Else whoever has one could date his own signature back."""
    organisation = timestamps.signer_of("organisation")
    shown = Paper.of(to(Step.ACCEPTANCE, deciders), "contract")
    assert shown
    assert shown.shown
    forged = partial(timestamps.stamp, signer=organisation, now=timezone.now() - timedelta(days=300))
    pdf = pades.sign(shown.shown.read(), organisation, "x", stamp=forged)
    [signature] = examining.examine(pdf, [bytes(Authority.now("root").certificate or b"")], timezone.now())[
        "signatures"
    ]
    assert signature["stamp"] == {}
    early = partial(timestamps.stamp, signer=timestamps.signer_of("timestamp"), now=timezone.now() + timedelta(days=9))
    pdf = pades.sign(shown.shown.read(), organisation, "x", stamp=early)
    [signature] = examining.examine(pdf, [bytes(Authority.now("root").certificate or b"")], timezone.now())[
        "signatures"
    ]
    assert signature["stamp"] == {}


# ── Acts ──


@pytest.mark.parametrize("secret", ["\ud800", "\x00" * 6, "9" * 5000])
def test_whatever_a_secret_is_made_of_the_act_is_settled(secret: str, deciders: tuple[User, User]) -> None:
    act = given(*asked(to(Step.ACCEPTANCE, deciders), secret=secret))
    assert act.state == Act.State.REFUSED
    assert act.answer in ("garbled", "wrong-secret")


def test_while_the_vault_is_away_no_try_is_spent(deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch) -> None:
    application = to(Step.ACCEPTANCE, deciders)

    def away(*_: Any) -> bytes:
        raise Broken("away")

    for place in range(PIN_TRIES + 1):
        with monkeypatch.context() as patched:
            patched.setattr("signing.custody.check", away)
            assert confirmed(application, Act.Kind.ACCEPT).answer == "failed", place
    assert Key.objects.get(subscription=application.subscription).tries_left == PIN_TRIES
    assert confirmed(application, Act.Kind.ACCEPT).state == Act.State.DONE


def test_what_was_told_as_failed_is_not_signed_after_all(
    deciders: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise P11: the page and the paper never say different things."""
    application, lasting = to(Step.ACCEPTANCE, deciders), signatures.lasting

    def slow(*args: Any) -> bytes:
        Act.objects.filter(state="taken").update(ends_at=timezone.now() - timedelta(minutes=3))
        performing.perform_due()
        return lasting(*args)

    monkeypatch.setattr(acceptance, "lasting", slow)
    assert confirmed(application, Act.Kind.ACCEPT).answer == "failed"
    minutes = Paper.of(application, Paper.Kind.MINUTES)
    assert minutes
    assert minutes.state == Paper.State.OPEN
    assert again(application).step == Step.ACCEPTANCE
