"""What can be done with an application. None of it knows HTTP."""

from enrollment.steps import activation, declaration, inviting, leaving, opening, pairing, payment, plan, resuming

__all__ = ["activation", "declaration", "inviting", "leaving", "opening", "pairing", "payment", "plan", "resuming"]
