"""The key to which browsers enclose PINs: named in each envelope, turned every month, and destroyed an hour later."""

import base64
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from enrollment.journey import Step
from signing import envelope, metrics
from signing.authority import ceremony, exchange
from signing.authority.gateways.vault import Broken
from signing.authority.models import Authority, exchange_key
from signing.models import Act
from signing.steps import acts, performing, pin
from tests.conftest import at_once
from tests.signing.conftest import PIN, sure, to


def fields_of(act: Act) -> dict[str, object]:
    until = act.ends_at.timestamp() * 1000
    return {"act": act.nonce, "until": until, "batch": act.batch, "way": "pin", "secret": PIN}


def given(act: Act, public: bytes) -> Act:
    acts.give(sure(act.user), act.nonce, envelope.text(envelope.enclosed(fields_of(act), public)))
    performing.perform_due()
    act.refresh_from_db()
    return act


def handed_out() -> bytes:
    return base64.b64decode(exchange_key())


def test_an_envelope_under_way_while_the_key_turns_is_opened() -> None:
    act, before = pin.ask(to(Step.PIN)), handed_out()
    exchange.make()
    assert handed_out() != before
    assert given(act, before).state == Act.State.DONE


def test_an_hour_after_it_turned_the_key_before_opens_nothing_and_is_gone() -> None:
    before = handed_out()
    enclosed = envelope.enclosed({"secret": PIN}, before)
    assert envelope.opened(enclosed, exchange.agreed)
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        ceremony.turn_due()
        assert handed_out() != before
        assert envelope.opened(enclosed, exchange.agreed)
        ceremony.turn_due()
        assert envelope.opened(enclosed, exchange.agreed)
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=62)):
        ceremony.turn_due()
        with pytest.raises(exchange.Forgotten):
            envelope.opened(enclosed, exchange.agreed)
        assert given(pin.ask(to(Step.PIN)), before).answer == "garbled"
        assert given(pin.ask(to(Step.PIN)), handed_out()).state == Act.State.DONE
    assert Authority.objects.filter(role=Authority.Role.EXCHANGE).count() == 1


def test_before_its_month_is_over_it_stays() -> None:
    before = handed_out()
    with time_machine.travel(timezone.now() + timedelta(days=29, hours=23)):
        ceremony.turn_due()
    assert handed_out() == before


def test_one_that_others_put_there_opens_nothing() -> None:
    """Whoever writes rows may have browsers write to him; the signer opens nothing of it."""
    live = Authority.now(Authority.Role.EXCHANGE)
    theirs = bytes(Authority.now("issuing").public)
    Authority.objects.filter(pk=live.pk).update(public=theirs)
    with pytest.raises(Broken):
        envelope.opened(envelope.enclosed({}, bytes(live.public)), exchange.agreed)


def test_an_envelope_altered_in_its_name_or_point_is_not_opened() -> None:
    enclosed = envelope.enclosed({"secret": PIN}, handed_out())
    exchange.make()
    other = bytes.fromhex(Authority.now(Authority.Role.EXCHANGE).serial)
    assert other != enclosed[:8]
    with pytest.raises(envelope.Garbled):
        envelope.opened(other + enclosed[8:], exchange.agreed)
    with pytest.raises(envelope.Garbled):
        envelope.opened(enclosed[:8] + b"\x04" + bytes(64) + enclosed[73:], exchange.agreed)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_several_that_turn_it_at_once_one_does() -> None:
    before = handed_out()
    assert at_once(6, lambda _place: exchange.make()) == [None] * 6
    live = Authority.objects.filter(role=Authority.Role.EXCHANGE, live=True)
    assert live.count() == 1
    assert handed_out() != before


def test_the_operator_sees_how_old_it_is() -> None:
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert round(gauge("portal_pin_key_age_seconds") / 86400) == 31
    Authority.objects.filter(role=Authority.Role.EXCHANGE).delete()
    assert gauge("portal_pin_key_age_seconds") == -1


def gauge(name: str) -> float:
    family = next(family for family in metrics.standing() if family.name == name)
    return float(family.samples[0].value)
