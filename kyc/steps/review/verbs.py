"""The whole law of who may do what where: a rule for each verb, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kyc.models import Case
from kyc.steps.review import acts
from kyc.steps.review.queues import APPROVER, REVIEWER, SUPERVISOR
from kyc.steps.review.turns import Choice

Queue = Case.Queue


@dataclass(frozen=True)
class Rule:
    queues: tuple[str, ...]
    roles: tuple[str, ...]
    held: bool = True  # only by whoever holds the file
    needs: tuple[str, ...] = ()


RULES: dict[str, Rule] = {
    "take": Rule(
        (Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR), held=False
    ),
    "take-over": Rule(
        (Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR), held=False
    ),
    "assign": Rule(
        (Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION), (SUPERVISOR,), held=False, needs=("to",)
    ),
    "release": Rule((Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR)),
    "pass": Rule((Queue.APPRAISAL,), (REVIEWER,)),
    "ask": Rule((Queue.APPRAISAL,), (REVIEWER,)),
    "agree": Rule((Queue.SECOND,), (REVIEWER,)),
    "disagree": Rule((Queue.SECOND,), (REVIEWER,), needs=("note",)),
    "recall": Rule(
        (Queue.APPROVAL,), (REVIEWER,), held=False
    ),  # undone by the one who did it, while nobody looks at it
    "approve": Rule((Queue.APPROVAL,), (APPROVER,)),
    "return": Rule((Queue.APPROVAL,), (APPROVER,), needs=("note",)),
    "send-back": Rule((Queue.APPRAISAL, Queue.APPROVAL), (REVIEWER, APPROVER), needs=("items",)),
    "hold": Rule((Queue.APPRAISAL, Queue.APPROVAL), (REVIEWER, APPROVER), needs=("reason", "until")),
    "resume": Rule((Queue.HOLD,), (REVIEWER, APPROVER, SUPERVISOR), held=False),
    "reject": Rule((Queue.APPRAISAL, Queue.APPROVAL), (REVIEWER, APPROVER), needs=("reason",)),
    "uphold": Rule((Queue.OBJECTION,), (REVIEWER, APPROVER, SUPERVISOR)),
    "reopen": Rule((Queue.OBJECTION,), (REVIEWER, APPROVER, SUPERVISOR)),
}
TAKES = ("take", "take-over", "assign", "release")
SHOWN = (
    "pass",
    "approve",
    "send-back",
    "reject",
    "agree",
    "disagree",
    "hold",
    "reopen",
    "uphold",
)  # decided as it was shown


DOINGS: dict[str, Callable[[Case, Any, Choice], None]] = {
    "take": acts.take,
    "take-over": acts.take_over,
    "assign": acts.assign,
    "release": acts.release,
    "pass": acts.pass_on,
    "approve": acts.approve,
    "return": acts.return_to_appraisal,
    "recall": acts.recall,
    "send-back": acts.send_back,
    "hold": acts.hold,
    "resume": acts.resume,
    "ask": acts.ask,
    "agree": acts.agree,
    "disagree": acts.disagree,
    "reject": acts.reject,
    "uphold": acts.uphold,
    "reopen": acts.reopen,
}
