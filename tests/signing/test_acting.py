"""Acts that only the customer can do: five wrong PINs in all, nothing but what was shown, once, in time."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal.celery import app as celery
from portal.models import Event, User
from portal.refusals import Refusal
from signing import custody, envelope
from signing.authority.models import Authority, Issued
from signing.models import PIN_TRIES, Act, Certificate, Key, Paper
from signing.steps import acceptance, acting, sealing
from signing.steps.doing import DOINGS
from tests.conftest import at_once
from tests.signing.conftest import PIN, again, certificate_of, confirmed, to

State, Kind = Act.State, Act.Kind


@pytest.fixture
def accepting(deciders: tuple[User, User]) -> Application:
    return to(Step.ACCEPTANCE, deciders)


def asked(application: Application, **differently: Any) -> tuple[Act, dict[str, Any]]:
    """An act as the page asks for it, and what the browser would seal."""
    paper = acceptance.prepare(application)
    act = acting.ask(application, Kind.ACCEPT, paper, [paper.shown_hash])
    told = {
        "act": act.nonce,
        "until": act.ends_at.timestamp() * 1000,
        "digests": act.digests,
        "way": "pin",
        "secret": PIN,
    }
    return act, {**told, **differently}


def given(act: Act, told: dict[str, Any]) -> Act:
    sealed = envelope.sealed(told, bytes(Authority.now("exchange").public))
    acting.give(act.application, act.nonce, envelope.text(sealed))
    acting.perform_due(DOINGS)
    act.refresh_from_db()
    return act


# ── Five in all ──


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_sixty_wrong_pins_at_once_five_are_tried(accepting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise P10: in the database, so a Redis that is emptied in between brings none back."""
    paper, tried = acceptance.prepare(accepting), list[str]()
    opened = custody.opened

    def counted(*args: Any) -> bytes:
        tried.append("once")
        if len(tried) == 3:
            flush()
        return opened(*args)

    monkeypatch.setattr(custody, "opened", counted)
    acts = [
        Act.objects.create(
            application=accepting, kind=Kind.ACCEPT, paper=paper, digests=[paper.shown_hash], state=State.TAKEN,
            nonce=f"nonce-{place}", ends_at=timezone.now() + timedelta(minutes=2), user=accepting.user,
        )
        for place in range(60)
    ]  # fmt: skip

    def guess(place: int) -> None:
        told = {"act": acts[place].nonce, "until": (timezone.now() + timedelta(minutes=1)).timestamp() * 1000,
                "digests": [paper.shown_hash], "way": "pin", "secret": f"{200_000 + place * 7}"}  # fmt: skip
        content = envelope.sealed(told, bytes(Authority.now("exchange").public))
        Act.objects.filter(pk=acts[place].pk).update(state=State.GIVEN, envelope=content)
        acting.perform(Act.objects.select_related("application", "user").get(pk=acts[place].pk), DOINGS)

    at_once(60, guess)
    assert len(tried) == PIN_TRIES
    assert Key.objects.get(application=accepting).tries_left == 0
    answers = list(Act.objects.filter(application=accepting, kind=Kind.ACCEPT).values_list("answer", flat=True))
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
    assert Key.objects.get(application=accepting).tries_left == PIN_TRIES


def test_a_try_is_counted_even_if_the_signer_falls_while_it_tries(
    accepting: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(*_args: Any) -> bytes:
        raise SystemExit

    monkeypatch.setattr(custody, "opened", falls)
    act, told = asked(accepting)
    with pytest.raises(SystemExit):
        given(act, told)
    assert Key.objects.get(application=accepting).tries_left == PIN_TRIES - 1


# ── Only what was shown, once, in time ──


@pytest.mark.parametrize(
    ("differently", "answer"),
    [
        ({"digests": ["0" * 64]}, "other-document"),
        ({"digests": []}, "other-document"),
        ({"digests": None}, "other-document"),
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
    assert Paper.of(accepting, Paper.Kind.MINUTES).state == Paper.State.OPEN  # type: ignore[union-attr]


def test_a_file_swapped_after_it_was_shown_is_not_signed(accepting: Application) -> None:
    """Promise P11: the signer hashes the very bytes that it would sign."""
    act, told = asked(accepting)
    file, _digest = sealing.keep(b"%PDF-1.7 another", accepting.data_key)
    Paper.objects.filter(acts=act).update(shown=file)
    assert given(act, told).answer == "other-document"
    file, digest = sealing.keep(b"%PDF-1.7 another", accepting.data_key)
    Paper.objects.filter(acts=act).update(shown=file, shown_hash=digest)
    act, told = asked(accepting)
    Act.objects.filter(pk=act.pk).update(digests=[digest])
    assert given(act, {**told, "digests": ["f" * 64]}).answer == "other-document"


def test_an_envelope_is_opened_once_and_forgotten(accepting: Application) -> None:
    """Promise P11: a replay finds its act taken."""
    act, told = asked(accepting, secret="280417")
    sealed = envelope.text(envelope.sealed(told, bytes(Authority.now("exchange").public)))
    acting.give(accepting, act.nonce, sealed)
    acting.perform_due(DOINGS)
    act.refresh_from_db()
    assert (act.state, act.envelope) == (State.REFUSED, None)
    with pytest.raises(Refusal):
        acting.give(accepting, act.nonce, sealed)
    later, _told = asked(accepting)
    acting.give(accepting, later.nonce, sealed)  # yesterday's envelope under today's act
    acting.perform_due(DOINGS)
    later.refresh_from_db()
    assert later.answer == "garbled"


def test_after_two_minutes_nothing_is_signed(accepting: Application) -> None:
    """Promise P11."""
    act, told = asked(accepting)
    Act.objects.filter(pk=act.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refusal):
        given(act, told)
    acting.perform_due(DOINGS)
    act.refresh_from_db()
    assert (act.state, act.answer) == (State.REFUSED, "late")


@pytest.mark.parametrize("sealed", [b"", b"x" * 40, b"\x04" + b"x" * 200, b"\x00" * 500])
def test_what_was_not_sealed_to_the_signer_is_not_opened(sealed: bytes, accepting: Application) -> None:
    act, _told = asked(accepting)
    try:
        acting.give(accepting, act.nonce, envelope.text(sealed))
    except Refusal as no:
        assert no.code == "garbled"  # noqa: PT017
        return
    acting.perform_due(DOINGS)
    act.refresh_from_db()
    assert act.answer == "garbled"


def test_the_pin_is_nowhere_in_what_the_database_keeps(accepting: Application) -> None:
    """Promise P11, as far as rows: the whole portal's memory has a test of its own."""
    _act, told = asked(accepting)
    sealed = envelope.sealed(told, bytes(Authority.now("exchange").public))
    assert PIN.encode() not in sealed
    key = Key.objects.get(application=accepting)
    assert PIN.encode() not in bytes(key.custody or b"") + bytes(key.request or b"")


def test_another_customer_cannot_give_or_ask_after_it(accepting: Application, deciders: tuple[User, User]) -> None:
    other = to(Step.ACCEPTANCE, deciders)
    act, told = asked(accepting)
    sealed = envelope.text(envelope.sealed(told, bytes(Authority.now("exchange").public)))
    with pytest.raises(Refusal):
        acting.give(other, act.nonce, sealed)
    assert acting.answer_of(other, act.nonce)["state"] == State.REFUSED


def test_a_suspended_or_ended_certificate_signs_nothing(accepting: Application) -> None:
    """Circular 15/2025: its status is looked at before anything is signed."""
    Issued.objects.update(not_after=timezone.now())
    assert confirmed(accepting, Kind.ACCEPT).answer == "not-in-force"
    assert Key.objects.get(application=accepting).tries_left == PIN_TRIES


def test_minutes_are_signed_once_also_by_two_tabs(accepting: Application) -> None:
    first, told = asked(accepting)
    second = Act.objects.create(
        application=accepting, kind=Kind.ACCEPT, paper=first.paper, digests=first.digests, nonce="second",
        ends_at=timezone.now() + timedelta(minutes=2), user=accepting.user,
    )  # fmt: skip
    assert given(first, told).state == State.DONE
    assert given(second, {**told, "act": "second"}).answer == "moved"
    assert again(accepting).step == Step.COMPLETE
    assert certificate_of(accepting).state == Certificate.State.ACTIVE


def test_a_signature_that_does_not_verify_is_not_kept(accepting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """SmartCA knows the state: "Ký BBNT lỗi, chữ ký không hợp lệ"; the customer may try again."""
    from signing.steps import sealing as seals

    right = seals.by_customer
    monkeypatch.setattr(acceptance, "by_customer", lambda pdf, *more: right(pdf, *more).replace(b"obj", b"Obj", 1))
    assert confirmed(accepting, Kind.ACCEPT).answer == "failed"
    assert certificate_of(accepting).state == Certificate.State.ACCEPTANCE_FAILED
    monkeypatch.undo()
    settings.SIGNER = True
    assert confirmed(accepting, Kind.ACCEPT).state == State.DONE
    settings.SIGNER = False
