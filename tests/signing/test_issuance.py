"""One certificate for an approved file, however often and however roughly the job runs."""

import base64
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from django.db import connection, connections
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving
from portal.models import Event, Message, User
from portal.refusals import Refusal
from signing.authority.gateways import ca
from signing.authority.models import Authority, Issued
from signing.authority.profile import public_of
from signing.models import Certificate, Key, Paper
from signing.steps import issuance, signatures, standing
from signing.steps.issuance import der_of
from tests.conftest import at_once
from tests.signing.conftest import again, approved, certificate_of, lay_keys, sure, to

State = Certificate.State


@pytest.fixture
def waiting(deciders: tuple[User, User]) -> Application:
    """Approved, and not yet issued."""
    return to(Step.ISSUANCE, deciders)


def refused(application: Application) -> bool:
    issuance.issue_due()
    return certificate_of(application).issued_at is None


def test_what_is_issued_names_the_person_and_the_key_of_the_file(waiting: Application) -> None:
    issuance.issue_due()
    certificate, declaration = certificate_of(waiting), waiting.declaration
    read = x509.load_der_x509_certificate(der_of(certificate))
    assert declaration
    assert [str(part.value) for part in read.subject] == [
        "VN", "Quảng Ngãi", "Xã Mỏ Cày", declaration.full_name, f"CCCD:{declaration.number}"
    ]  # fmt: skip
    assert public_of(read.public_key()) == bytes(sure(certificate.key).public)
    assert (certificate.state, again(waiting).step) == (State.ACCEPTANCE_WAITING, Step.ACCEPTANCE)
    assert issuance.recheck() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_thirty_at_once_make_one(waiting: Application) -> None:
    """Promise P2."""
    at_once(30, lambda _place: issuance.attempt(certificate_of(waiting)))
    assert Certificate.issued().filter(application=waiting).count() == 1
    assert Event.objects.filter(verb="certificate issued").count() == 1
    assert Event.objects.filter(verb="certificate intended").count() == 1
    assert Message.objects.filter(template="signing/messages/certificate_issued").count() == 2


# ── Killed anywhere ──

FILES = tuple(
    f"signing/{name}.py"
    for name in (
        "steps/issuance",
        "authority/register",
        "authority/gateways/ca",
        "authority/gateways/within",
        "authority/profile",
        "authority/ocsp",
    )
)
KILLS = 200


def run_and_die(line: int) -> bool:
    """The job in a process of its own, killed as the kernel kills before its n-th line. Whether it died."""
    connections.close_all()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    child = os.fork()
    if child == 0:
        # Where Playwright's loop runs, close_all() does not see the connection from before it; the child, in which no loop
        # runs, does see it, and would leave it to the parent in mid-transaction.
        _inherited, connection.connection = connection.connection, None
        count = 0

        def trace(frame: Any, event: str, _more: Any) -> Any:
            nonlocal count
            if not frame.f_code.co_filename.endswith(FILES):
                return None
            if event == "line":
                count += 1
                if count == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            issuance.issue_due()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.long
def test_killed_two_hundred_times_it_loses_none_and_doubles_none(deciders: tuple[User, User]) -> None:
    """Promise P1: after each kill the intent is the same or not there yet, and in the end it is issued."""
    kills, line, applications = 0, 1, []
    while kills < KILLS:
        application = to(Step.ISSUANCE, deciders)
        applications.append(application)
        intended = ""
        while certificate_of(application).issued_at is None:
            Certificate.objects.filter(application=application).update(due_at=timezone.now() - timedelta(seconds=1))
            kills += run_and_die(line)
            line += 3 if kills > 20 else 1
            certificate = certificate_of(application)
            assert intended in ("", certificate.serial)
            intended = certificate.serial
            if line > 400:
                line = 2
        assert certificate_of(application).serial == intended
    assert len(applications) >= 2
    issuance.issue_due()
    for application in applications:
        certificate = certificate_of(application)
        assert again(application).step == Step.ACCEPTANCE
        assert issuance.fault_of(certificate) == ""
        for verb in ("certificate intended", "certificate issued"):
            assert Event.objects.filter(verb=verb, about=f"application:{application.pk}").count() == 1
        posted = Message.objects.filter(intent__startswith=f"certificate {certificate.pk} ")
        assert posted.count() == 2


def test_an_intent_that_was_left_is_finished_with_its_own_serial(waiting: Application) -> None:
    """Promise P1: within two minutes of a restart, for the sweep runs every ten seconds."""
    assert issuance.intend(certificate_of(waiting))
    serial = certificate_of(waiting).serial
    issuance.issue_due()
    assert certificate_of(waiting).serial == serial
    assert certificate_of(waiting).issued_at


# ── Authority ──


def test_a_status_alone_issues_nothing(deciders: tuple[User, User]) -> None:
    """Promise P6: the approvals and the hash are asked, whatever the columns say."""
    application = to(Step.REVIEW)
    Application.objects.filter(pk=application.pk).update(step=Step.ISSUANCE, reached=Step.ISSUANCE)
    Certificate.objects.filter(application=application).update(state=State.ISSUE_WAITING)
    assert refused(application)
    assert not certificate_of(application).serial


@pytest.mark.parametrize("between", ["intent", "approval"])
def test_an_edit_after_the_approval_stops_it(between: str, waiting: Application) -> None:
    """Promise P6."""
    if between == "intent":
        issuance.intend(certificate_of(waiting))
    declaration = waiting.declaration
    assert declaration
    changed = {**declaration.as_json(), "full_name": "Trần Văn Mẫu Khác"}
    Application.objects.filter(pk=waiting.pk).update(declared=waiting.sealed("declared", changed))
    assert refused(waiting)


@pytest.mark.parametrize("between", ["voided", "granted anew"])
def test_the_approval_is_read_again_before_anything_is_signed(
    between: str, waiting: Application, deciders: tuple[User, User]
) -> None:
    """Promise P6: of the file nothing changed, only what two people say of it."""
    issuance.intend(certificate_of(waiting))
    approving.void(waiting)
    if between == "granted anew":
        approved(again(waiting), *deciders)
    assert refused(waiting)
    with pytest.raises(issuance.Nonconforming, match="the approval does not stand"):
        issuance.check_intent(issuance.certificate_of(waiting))


@pytest.mark.parametrize("step", [Step.REVIEW, Step.ACCEPTANCE, Step.STOPPED])
def test_what_was_signed_is_stored_at_its_own_step_alone(step: Step, waiting: Application) -> None:
    """Promise P14: moved by whatever means while the authority signed."""
    issuance.intend(certificate_of(waiting))
    certificate = issuance.certificate_of(waiting)
    signed = ca.authority().issue(issuance.intent_of(certificate))
    Application.objects.filter(pk=waiting.pk).update(step=step)
    with pytest.raises(issuance.Nonconforming, match="stands elsewhere"):
        issuance.store(certificate, signed)
    assert certificate_of(waiting).issued_at is None
    assert certificate_of(waiting).state == State.ISSUE_WAITING
    assert again(waiting).step == step


def test_a_contract_that_was_swapped_stops_it(waiting: Application) -> None:
    paper = Paper.of(waiting, Paper.Kind.CONTRACT)
    assert paper
    file, _digest = signatures.keep(b"%PDF another", waiting.data_key)
    Paper.objects.filter(pk=paper.pk).update(file=file)
    assert refused(waiting)


def test_a_key_that_was_swapped_stops_it(waiting: Application, deciders: tuple[User, User]) -> None:
    other = Key.objects.get(subscription=to(Step.REVIEW).subscription)
    mine = Key.objects.get(subscription=waiting.subscription)
    Key.objects.filter(pk=mine.pk).update(public=bytes(other.public), custody=bytes(other.custody or b""))
    assert refused(waiting)


def test_an_intent_that_was_altered_is_not_signed(waiting: Application) -> None:
    """Promise P3: it is linted again just before it is signed."""
    issuance.intend(certificate_of(waiting))
    certificate = certificate_of(waiting)
    content = issuance.content_of(certificate).replace(b"@example.vn", b"@exbmple.vn")
    Certificate.objects.filter(pk=certificate.pk).update(
        content=Certificate._meta.get_field("content").sealed(base64.b64encode(content).decode(), certificate)
    )
    assert refused(waiting)


def test_what_cannot_conform_waits_for_a_person_and_is_tried_again_later(
    waiting: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signing.authority.lint.LONGEST", {"2.5.4.3": 5})
    assert refused(waiting)
    assert not certificate_of(waiting).serial
    assert certificate_of(waiting).due_at > timezone.now() + timedelta(seconds=20)
    monkeypatch.undo()
    lay_keys()


def test_sent_back_and_approved_again_it_gets_another_serial(waiting: Application, deciders: tuple[User, User]) -> None:
    issuance.intend(certificate_of(waiting))
    before = certificate_of(waiting).serial
    waiting.send_back({"card-front": "glare"})
    again(waiting).finish()
    approved(again(waiting), *deciders)
    again(waiting).finish()
    issuance.issue_due()
    assert certificate_of(waiting).serial not in ("", before)


def test_the_nightly_look_finds_what_was_changed(waiting: Application, deciders: tuple[User, User]) -> None:
    issuance.issue_due()
    other = to(Step.ACCEPTANCE, deciders)
    assert issuance.recheck() == 0
    theirs = certificate_of(other)
    Issued.objects.filter(serial=certificate_of(waiting).serial).update(
        fingerprint=standing.serial_of(theirs).fingerprint
    )
    assert issuance.recheck() == 1


# ── The small table of states ──


@pytest.mark.parametrize(
    ("act", "then", "refuses"),
    [
        (standing.suspend, State.SUSPENDED, standing.suspend),
        (standing.revoke, State.REVOKED, standing.revoke),
        (standing.revoke, State.REVOKED, standing.suspend),
    ],
)
def test_a_certificate_moves_as_its_table_allows(
    act: Callable[[Certificate], None],
    then: State,
    refuses: Callable[[Certificate], None],
    deciders: tuple[User, User],
) -> None:
    certificate = certificate_of(to(Step.COMPLETE, deciders))
    act(certificate)
    assert certificate_of(certificate.application).state == then
    with pytest.raises(Refusal):
        refuses(certificate_of(certificate.application))


def test_every_state_of_smartca_is_in_the_table() -> None:
    assert set(Certificate.MOVES) == {state.value for state in State}
    assert [state.value for state in State] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]


def test_what_has_run_out_says_so(deciders: tuple[User, User]) -> None:
    certificate = certificate_of(to(Step.COMPLETE, deciders))
    Issued.objects.filter(serial=certificate.serial).update(not_after=timezone.now())
    standing.expire()
    assert certificate_of(certificate.application).state == State.EXPIRED


def test_a_paid_term_of_three_years_is_what_the_certificate_lasts(deciders: tuple[User, User]) -> None:
    certificate = certificate_of(to(Step.ACCEPTANCE, deciders))
    assert certificate.not_after
    assert certificate.not_before
    assert certificate.not_after.year - certificate.not_before.year == 1
    assert Authority.now("issuing") == certificate.issuer
