"""What can be done with an application. None of it knows HTTP."""

from enrollment.steps import (
    activation,
    confirmation,
    declaration,
    introducing,
    inviting,
    leaving,
    linking,
    opening,
    pairing,
    payment,
    plan,
    resuming,
    welcoming,
)

__all__ = [
    "activation",
    "confirmation",
    "declaration",
    "introducing",
    "inviting",
    "leaving",
    "linking",
    "opening",
    "pairing",
    "payment",
    "plan",
    "resuming",
    "welcoming",
]
