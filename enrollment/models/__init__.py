"""Places, the application that stands at one step, what it has agreed to, and the subscription that it leads to."""

from enrollment.models.agreed import Approval, Consent
from enrollment.models.application import ORDERED, Application, OfApplication, Subscription, Trail
from enrollment.models.introduction import Introduction, Link, Notice, Report
from enrollment.models.pairing import Pairing
from enrollment.models.places import Province, Ward

__all__ = [
    "ORDERED",
    "Application",
    "Approval",
    "Consent",
    "Introduction",
    "Link",
    "Notice",
    "OfApplication",
    "Pairing",
    "Province",
    "Report",
    "Subscription",
    "Trail",
    "Ward",
]
