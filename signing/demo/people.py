"""How the demo's people do their steps here: by the same verbs as a browser, in the signer, where the keys are."""

import math
import time
from collections.abc import Callable

from django.db import transaction

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import Message
from signing import envelope
from signing.authority.models import Authority
from signing.models import Act, Certificate
from signing.steps import acceptance, acts, contract, issuance, performing, pin, sealing

DEMO_PIN = "719305"


def hand() -> list[list[list[float]]]:
    """A signature of nobody: a loop, a wave and a line under them."""
    loop = [[0.12 + at / 60 + 0.06 * math.sin(at / 2), 0.45 + 0.3 * math.cos(at / 2), at * 18] for at in range(28)]
    wave = [[0.5 + at / 70, 0.5 + 0.12 * math.sin(at), 700 + at * 15] for at in range(24)]
    line = [[0.1 + at / 12, 0.86 - at / 90, 1200 + at * 20] for at in range(10)]
    return [loop, wave, line]


def sign_contract(application: Application) -> None:
    contract.begin(application, place="127.0.0.1", device="demo")
    contract.sign_with(application, strokes=hand())
    with transaction.atomic():  # read before it is sent, for then it is forgotten
        contract.send_code(application)
        text = Message.objects.filter(template="signing/messages/contract_code").latest("created_at")
        digits = str(text.params[0])
    contract.agree(application, digits)
    sealing.seal_due()


ASKED = {Act.Kind.PIN: pin.ask, Act.Kind.ACCEPT: acceptance.ask}


def confirm(application: Application, kind: Act.Kind, secret: str = DEMO_PIN) -> Act:
    act = ASKED[kind](application)
    fields = {
        "act": act.nonce,
        "until": act.ends_at.timestamp() * 1000,
        "batch": act.batch,
        "way": "pin",
        "secret": secret,
    }
    enclosed = envelope.enclosed(fields, bytes(Authority.now(Authority.Role.EXCHANGE).public))
    assert act.user
    acts.give(act.user, act.nonce, envelope.text(enclosed))
    performing.perform_due()
    for _turn in range(200):  # another thread of the signer may have taken it
        act.refresh_from_db()
        if act.state in (Act.State.DONE, Act.State.REFUSED):
            break
        time.sleep(0.1)
    return act


def make_pin(application: Application) -> None:
    confirm(application, Act.Kind.PIN)


def issue(application: Application) -> None:
    issuance.issue_due()
    for _turn in range(200):  # another thread of the signer may be at it
        if Certificate.issued().filter(application=application).exists():
            break
        time.sleep(0.1)


def accept(application: Application) -> None:
    confirm(application, Act.Kind.ACCEPT)


STEPS: dict[Step, Callable[[Application], None]] = {
    Step.CONTRACT: sign_contract,
    Step.PIN: make_pin,
    Step.ISSUANCE: issue,
    Step.ACCEPTANCE: accept,
}
