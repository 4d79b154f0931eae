"""What can be done with an application. None of it knows HTTP."""

from enrollment.steps import activation, declaration, joining, leaving, opening, payment, plan, resuming

__all__ = ["activation", "declaration", "joining", "leaving", "opening", "payment", "plan", "resuming"]
