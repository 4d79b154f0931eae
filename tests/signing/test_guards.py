"""Guards that stand behind other guards: each is tried where the one before it was passed by."""

import pytest

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from signing import arrivals, envelope
from signing.authority import ocsp, revocation
from signing.authority.gateways import ca
from signing.authority.gateways.vault import Broken
from signing.authority.models import Authority, Issued
from signing.models import Act, Certificate, Key, Paper
from signing.steps import acceptance, acts, issuance, performing, signatures, standing
from tests.signing.conftest import PIN, again, approved, at_contract, certificate_of, confirmed, sure, to

State = Certificate.State


@pytest.fixture
def accepting(deciders: tuple[User, User]) -> Application:
    return to(Step.ACCEPTANCE, deciders)


def given(act: Act) -> Act:
    """Confirmed as a browser does it, and taken up by the signer."""
    fields = {
        "act": act.nonce,
        "until": act.ends_at.timestamp() * 1000,
        "batch": act.batch,
        "way": "pin",
        "secret": PIN,
    }
    exchange = bytes(Authority.now(Authority.Role.EXCHANGE).public)
    acts.give(sure(act.user), act.nonce, envelope.text(envelope.enclosed(fields, exchange)))
    performing.perform_due()
    act.refresh_from_db()
    return act


def test_a_file_swapped_together_with_its_hash_is_not_signed(accepting: Application) -> None:
    """Promise P11: what was shown is what the batch says, whatever the paper's row says by now."""
    act = acceptance.ask(accepting)
    paper = sure(Paper.of(accepting, Paper.Kind.MINUTES))
    file, digest = signatures.keep(acceptance.printed(paper) + b"\n", accepting.data_key)
    Paper.objects.filter(pk=paper.pk).update(shown=file, shown_hash=digest)
    assert given(act).answer == "other-document"
    assert sure(Paper.of(accepting, Paper.Kind.MINUTES)).state == Paper.State.OPEN


def test_an_act_signs_with_no_key_but_its_owners(accepting: Application, deciders: tuple[User, User]) -> None:
    """Promise P11. Neither the step nor, behind it, the opening of the key lets another's pass; no try is counted."""
    stranger = to(Step.ACCEPTANCE, deciders)
    other = sure(certificate_of(stranger).key)
    act = acceptance.ask(accepting)
    Act.objects.filter(pk=act.pk).update(key=other)
    assert given(act).answer == "moved"
    confirmation = acts.Confirmation("pin", PIN.encode(), "", {})
    with pytest.raises(Broken):
        acts.unlocked(act, confirmation)
    other.refresh_from_db()
    assert other.tries_left == 5


@pytest.mark.parametrize("intended_again", [False, True])
def test_what_was_given_up_while_it_was_signed_is_not_stored(deciders: tuple[User, User], intended_again: bool) -> None:
    """Promise P1, also where another intent stands in its place by now."""
    application = to(Step.ISSUANCE, deciders)
    issuance.intend(issuance.certificate_of(application))
    certificate = issuance.certificate_of(application)
    signed = ca.authority().issue(issuance.intent_of(certificate))
    again(application).send_back({"card-front": "glare"})
    if intended_again:
        again(application).finish()
        approved(again(application), *deciders)
        again(application).finish()
        issuance.intend(issuance.certificate_of(again(application)))
    issuance.store(certificate, signed)
    assert Issued.objects.get(pk=sure(certificate.register).pk).issued_at is None
    assert issuance.certificate_of(again(application)).der is None


# ── Two applications of one subscription, as a renewal will have ──


def further(holder: Application) -> Application:
    application = at_contract()
    changes = {"user": holder.user, "subscription": holder.subscription, "step": Step.PIN, "reached": Step.PIN}
    Application.objects.filter(pk=application.pk).update(**changes)
    return again(application)


def test_a_key_is_of_the_application_in_which_it_got_its_pin(accepting: Application) -> None:
    stopped, going_on = further(accepting), further(accepting)
    assert confirmed(going_on, Act.Kind.PIN).state == Act.State.DONE
    key = issuance.own_key(going_on)
    assert confirmed(stopped, Act.Kind.PIN).state == Act.State.DONE
    assert issuance.own_key(going_on) == key
    arrivals.erased(stopped)
    assert issuance.own_key(going_on) == key
    assert not Key.objects.filter(application=stopped).exclude(custody=None).exists()


# ── The register holds its own promise ──


def test_what_is_revoked_is_neither_held_nor_restored(accepting: Application) -> None:
    certificate = certificate_of(accepting)
    standing.revoke(certificate, 1)
    serial = Issued.objects.get(pk=sure(certificate.register).pk)
    for change in (revocation.hold, revocation.restore, revocation.revoke):
        with pytest.raises(revocation.Ended):
            change(serial)
    serial.refresh_from_db()
    assert (serial.reason, serial.revoked_at is None) == (1, False)


def test_what_is_revoked_does_not_become_expired(accepting: Application) -> None:
    certificate = certificate_of(accepting)
    standing.revoke(certificate, 1)
    Issued.objects.update(not_after=sure(certificate.not_before))
    standing.expire()
    assert certificate_of(accepting).state == State.REVOKED


def test_no_answer_is_signed_ahead_from_a_copy_read_before_the_revocation(accepting: Application) -> None:
    certificate = certificate_of(accepting)
    Issued.objects.update(answer=None, answer_until=None)
    before = Issued.objects.select_related("issuer").get(pk=sure(certificate.register).pk)
    standing.revoke(certificate, 1)
    ocsp.sign_answer(before, before.intended_at)
    assert Issued.objects.get(pk=before.pk).answer is None


def test_the_digest_of_a_batch_is_what_the_page_computes_too() -> None:
    """By a fixed example: a label of its own, order and number count, and nothing but whole digests."""
    first, second = "00" * 32, "11" * 32
    assert envelope.batch_digest([first, second]) == "07674e5a086e2669c63d683dccc503431a1befa83a146ad4f8ba5de8bc7b1beb"
    assert len({envelope.batch_digest(batch) for batch in ([first, second], [second, first], [first], [])}) == 4
    with pytest.raises(ValueError, match="SHA-256"):
        envelope.batch_digest([""])
