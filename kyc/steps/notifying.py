"""What the customer is told of the review, by SMS and e-mail, as it happens."""

from enrollment.journey import Actor
from enrollment.steps.notifying import notify
from kyc.models import Case


def notify_result(case: Case, what: str) -> None:
    """`what` names the message; of what only a counter can mend it says where that is. One for each outcome of each round:
    the number of turns is part of the intent."""
    application = case.application
    branch = application.branch if application.turn.actor == Actor.AGENT else None
    place = [str(branch), " · ".join(filter(None, (branch.address, branch.hours, branch.phone)))] if branch else []
    notify(
        application,
        f"review_{what}{'_counter' if branch else ''}",
        [application.reference, *place],
        intent=f"review {case.pk} {what} {case.turns}",
        app="kyc",
    )
