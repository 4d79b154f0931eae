"""What the customer is told of the review, by SMS and e-mail, as it happens."""

from enrollment.steps.notifying import notify
from kyc.models import Case


def notify_result(case: Case, what: str) -> None:
    """`what` names the message. One for each outcome of each round: the number of turns is part of the intent."""
    application = case.application
    notify(
        application,
        f"review_{what}",
        [application.reference],
        intent=f"review {case.pk} {what} {case.turns}",
        app="kyc",
    )
