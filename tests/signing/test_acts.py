"""Acts that only the customer can do: five wrong PINs in all, nothing but what was shown, once, in time."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal import wording
from portal.celery import app as celery
from portal.models import Event, Message, User
from portal.refusals import Refusal
from signing import custody, envelope
from signing.authority.gateways.vault import vault
from signing.authority.models import Authority, Issued
from signing.models import PIN_TRIES, Act, Certificate, Entry, Key, Paper
from signing.steps import acceptance, acts, performing, signatures
from tests.conftest import at_once
from tests.signing.conftest import PIN, again, at_contract, browser_of, certificate_of, confirmed, sure, to

State, Kind = Act.State, Act.Kind


@pytest.fixture
def accepting(deciders: tuple[User, User]) -> Application:
    return to(Step.ACCEPTANCE, deciders)


def asked(application: Application, **differently: Any) -> tuple[Act, dict[str, Any]]:
    """An act as the page asks for it, and what the browser would enclose."""
    act = acceptance.ask(application)
    return act, {**fields_of(act), **differently}


def fields_of(act: Act) -> dict[str, Any]:
    until = act.ends_at.timestamp() * 1000
    return {"act": act.nonce, "until": until, "batch": act.batch, "way": "pin", "secret": PIN}


def enclosed(fields: dict[str, Any]) -> bytes:
    return envelope.enclosed(fields, bytes(Authority.now("exchange").public))


def owner(act: Act) -> User:
    assert act.user
    return act.user


def given(act: Act, fields: dict[str, Any]) -> Act:
    acts.give(owner(act), act.nonce, envelope.text(enclosed(fields)))
    performing.perform_due()
    act.refresh_from_db()
    return act


def another(act: Act, nonce: str, **more: Any) -> Act:
    """Beside the one that was asked for, about the same."""
    other = Act.objects.create(
        subscription=act.subscription, key=act.key, application=act.application, kind=act.kind, user=act.user,
        nonce=nonce, ends_at=timezone.now() + timedelta(minutes=2), **more,
    )  # fmt: skip
    Entry.objects.bulk_create(
        [Entry(act=other, position=each.position, digest=each.digest, paper=each.paper) for each in act.entries.all()]
    )
    return other


# ── Five in all ──


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_sixty_wrong_pins_at_once_five_are_tried(accepting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise P10: in the database, so a Redis that is emptied in between brings none back."""
    tried, first = list[str](), acceptance.ask(accepting)
    opened = custody.opened

    def counted(*args: Any) -> Any:
        tried.append("once")
        if len(tried) == 3:
            flush()
        return opened(*args)

    monkeypatch.setattr(custody, "opened", counted)
    guesses = [another(first, f"nonce-{place}", state=State.TAKEN) for place in range(60)]

    def guess(place: int) -> None:
        act = guesses[place]
        fields = {**fields_of(act), "secret": f"{200_000 + place * 7}"}
        Act.objects.filter(pk=act.pk).update(state=State.GIVEN, envelope=enclosed(fields))
        performing.perform(Act.objects.select_related("key", "application", "user").get(pk=act.pk))

    at_once(60, guess)
    assert len(tried) == PIN_TRIES
    assert Key.objects.get(subscription=accepting.subscription).tries_left == 0
    answers = list(Act.objects.filter(nonce__startswith="nonce-").values_list("answer", flat=True))
    assert (answers.count("wrong-secret"), answers.count("locked")) == (4, 56)
    assert confirmed(accepting, Kind.ACCEPT).answer == "locked"  # the right one comes too late
    assert Event.objects.filter(verb="pin locked").count() == 1


def flush() -> None:
    with celery.connection_for_write() as line:
        channel: Any = line.default_channel
        channel.client.flushall()


def test_a_right_pin_gives_back_what_wrong_ones_took(accepting: Application) -> None:
    for left in (4, 3, 2, 1):
        act = confirmed(accepting, Kind.ACCEPT, "280417")
        assert (act.answer, act.tries_left) == ("wrong-secret", left)
    assert confirmed(accepting, Kind.ACCEPT).state == State.DONE
    assert Key.objects.get(subscription=accepting.subscription).tries_left == PIN_TRIES


def test_the_owner_is_told_once_when_the_pin_locks(accepting: Application) -> None:
    """By SMS and by e-mail, with what to do: whoever typed it stands before the page."""
    for _time in range(PIN_TRIES - 1):
        confirmed(accepting, Kind.ACCEPT, "280416")
    assert not Message.objects.filter(template="signing/messages/pin_locked").exists()
    for _time in range(3):
        assert confirmed(accepting, Kind.ACCEPT, "280416").answer == "locked"
    sms, email = Message.objects.filter(template="signing/messages/pin_locked").order_by("-channel")
    holder = sure(accepting.user)
    assert (sms.recipient, email.recipient) == (holder.phone, holder.email)
    words, (subject, body, _html) = wording.sms_text(sms), wording.email_parts(email)
    assert "bi khoa" in words
    assert "18001260" in words
    assert len(words) <= 160
    assert subject == "Mã PIN ký số đã bị khóa"
    assert "/counters/" in body


def test_a_try_is_counted_even_if_the_signer_falls_while_it_tries(
    accepting: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(*_args: Any) -> bytes:
        raise SystemExit

    monkeypatch.setattr(custody, "opened", falls)
    act, fields = asked(accepting)
    with pytest.raises(SystemExit):
        given(act, fields)
    assert Key.objects.get(subscription=accepting.subscription).tries_left == PIN_TRIES - 1


# ── Only what was shown, once, in time ──


@pytest.mark.parametrize(
    ("differently", "answer"),
    [
        ({"batch": "0" * 64}, "other-document"),
        ({"batch": envelope.batch_digest([])}, "other-document"),
        ({"batch": None}, "other-document"),
        ({"act": "another"}, "garbled"),
        ({"way": "nothing"}, "garbled"),
        ({"way": ["pin"]}, "garbled"),
        ({"until": 0}, "late"),
        ({"until": "soon"}, "garbled"),
        ({"until": 10**30}, "garbled"),
        ({"secret": {"a": 1}}, "wrong-secret"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(differently: dict[str, Any], answer: str, accepting: Application) -> None:
    """Promise P11."""
    assert given(*asked(accepting, **differently)).answer == answer
    assert sure(Paper.of(accepting, Paper.Kind.MINUTES)).state == Paper.State.OPEN


def test_a_file_swapped_after_it_was_shown_is_not_signed(accepting: Application) -> None:
    """Promise P11: the signer hashes the very bytes that it would sign."""
    act, fields = asked(accepting)
    file, _digest = signatures.keep(b"%PDF-1.7 another", accepting.data_key)
    Paper.objects.filter(entries__act=act).update(shown=file)
    assert given(act, fields).answer == "other-document"
    file, digest = signatures.keep(b"%PDF-1.7 another", accepting.data_key)
    Paper.objects.filter(entries__act=act).update(shown=file, shown_hash=digest)
    act, fields = asked(accepting)
    Entry.objects.filter(act=act).update(digest=digest)
    assert given(act, {**fields, "batch": "f" * 64}).answer == "other-document"


def test_an_envelope_is_opened_once_and_forgotten(accepting: Application) -> None:
    """Promise P11: a replay finds its act taken."""
    act, fields = asked(accepting, secret="280417")
    sealed = envelope.text(enclosed(fields))
    acts.give(owner(act), act.nonce, sealed)
    performing.perform_due()
    act.refresh_from_db()
    assert (act.state, act.envelope) == (State.REFUSED, None)
    with pytest.raises(Refusal):
        acts.give(owner(act), act.nonce, sealed)
    later, _fields = asked(accepting)
    acts.give(owner(later), later.nonce, sealed)  # yesterday's envelope under today's act
    performing.perform_due()
    later.refresh_from_db()
    assert later.answer == "garbled"


def test_after_two_minutes_nothing_is_signed(accepting: Application) -> None:
    """Promise P11."""
    act, fields = asked(accepting)
    Act.objects.filter(pk=act.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refusal):
        given(act, fields)
    performing.perform_due()
    act.refresh_from_db()
    assert (act.state, act.answer) == (State.REFUSED, "late")


@pytest.mark.parametrize("content", [b"", b"x" * 40, b"\x04" + b"x" * 200, b"\x00" * 500])
def test_what_was_not_sealed_to_the_signer_is_not_opened(content: bytes, accepting: Application) -> None:
    act, _fields = asked(accepting)
    refused = ""
    try:
        acts.give(owner(act), act.nonce, envelope.text(content))
    except Refusal as no:
        refused = no.code
    if refused:
        assert refused == "garbled"
        return
    performing.perform_due()
    act.refresh_from_db()
    assert act.answer == "garbled"


def test_the_pin_is_nowhere_in_what_the_database_keeps(accepting: Application) -> None:
    """Promise P11, as far as rows: the whole portal's memory has a test of its own."""
    _act, fields = asked(accepting)
    sealed = enclosed(fields)
    assert PIN.encode() not in sealed
    key = Key.objects.get(subscription=accepting.subscription)
    assert PIN.encode() not in bytes(key.custody or b"") + bytes(key.request or b"")


def test_another_customer_cannot_give_or_ask_after_it(accepting: Application, deciders: tuple[User, User]) -> None:
    stranger = to(Step.ACCEPTANCE, deciders).user
    assert stranger
    act, fields = asked(accepting)
    sealed = envelope.text(enclosed(fields))
    with pytest.raises(Refusal):
        acts.give(stranger, act.nonce, sealed)
    assert acts.answer_of(stranger, act.nonce)["state"] == State.REFUSED


def test_a_suspended_or_ended_certificate_signs_nothing(accepting: Application) -> None:
    """Circular 15/2025: its status is looked at before anything is signed."""
    Issued.objects.update(not_after=timezone.now())
    assert confirmed(accepting, Kind.ACCEPT).answer == "not-in-force"
    assert Key.objects.get(subscription=accepting.subscription).tries_left == PIN_TRIES


def test_minutes_are_signed_once_also_by_two_tabs(accepting: Application) -> None:
    first, fields = asked(accepting)
    second = another(first, "second")
    assert given(first, fields).state == State.DONE
    assert given(second, {**fields, "act": "second"}).answer == "moved"
    assert again(accepting).step == Step.COMPLETE
    assert certificate_of(accepting).state == Certificate.State.ACTIVE


def test_a_signature_that_does_not_verify_is_not_kept(accepting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """SmartCA knows the state: "Ký BBNT lỗi, chữ ký không hợp lệ"; the customer may try again."""
    right = signatures.by_customer
    monkeypatch.setattr(acceptance, "by_customer", lambda pdf, *more: right(pdf, *more).replace(b"obj", b"Obj", 1))
    assert confirmed(accepting, Kind.ACCEPT).answer == "failed"
    assert certificate_of(accepting).state == Certificate.State.ACCEPTANCE_FAILED
    monkeypatch.undo()
    settings.SIGNER = True
    assert confirmed(accepting, Kind.ACCEPT).state == State.DONE
    settings.SIGNER = False


# ── Batches, and whose they are ──


def test_a_batch_of_a_thousand_fits_an_envelope_and_is_signed_by_one_confirmation(accepting: Application) -> None:
    """Promise P11: one digest stands for all, and the signer comes to it anew from what it signs."""
    contents = [f"document {place}".encode() for place in range(1000)]
    batch = [Entry(digest=sha256(content).hexdigest(), label=f"{place}.pdf") for place, content in enumerate(contents)]
    certificate = certificate_of(accepting)
    act = acts.ask(Kind.ACCEPT, sure(certificate.subscription), batch, key=certificate.key)
    signatures = list[bytes]()

    def sign_all(act: Act, confirmation: acts.Confirmation) -> None:
        confirmation.require([sha256(content).hexdigest() for content in contents])
        pair = acts.unlocked(act, confirmation)
        signatures.extend(vault().sign(pair, content) for content in contents)
        acts.settle(act, State.DONE)

    acts.give(owner(act), act.nonce, envelope.text(enclosed(fields_of(act))))
    performing.perform_due({Kind.ACCEPT: sign_all})
    act.refresh_from_db()
    assert (act.state, len(signatures)) == (State.DONE, 1000)
    assert act.entries.filter(state=Entry.State.SIGNED).count() == 1000


@pytest.mark.parametrize("change", ["another order", "one less", "one more"])
def test_a_batch_that_differs_from_what_was_shown_is_refused_with_all_its_entries(
    change: str, accepting: Application
) -> None:
    shown = [sha256(name.encode()).hexdigest() for name in "abc"]
    differently = {"another order": shown[::-1], "one less": shown[:2], "one more": [*shown, shown[0]]}[change]
    certificate = certificate_of(accepting)
    batch = [Entry(digest=digest, label="x") for digest in differently]
    act = acts.ask(Kind.ACCEPT, sure(certificate.subscription), batch, key=certificate.key)
    assert given(act, {**fields_of(act), "batch": envelope.batch_digest(shown)}).answer == "other-document"
    assert {each.state for each in act.entries.all()} == {Entry.State.REFUSED}


def test_a_newer_application_does_not_take_a_running_act_from_its_owner(accepting: Application) -> None:
    """Once the page read "Đã quá 2 phút" while the act was at work."""
    client = browser_of(accepting)
    act, fields = asked(accepting)
    newer = at_contract()
    Application.objects.filter(pk=newer.pk).update(user=accepting.user)
    place = f"/application/act/{act.nonce}/"
    assert client.get(place).json()["state"] == State.ASKED
    answer = client.post(place, {"envelope": envelope.text(enclosed(fields))}).json()
    assert (answer["state"], answer["said"]) == (State.GIVEN, "")
    performing.perform_due()
    assert client.get(place).json()["state"] == State.DONE
