"""What enrollment brings along."""

from enrollment import dossier, metrics, seeds
from enrollment.audited import VERBS
from enrollment.demo import doors
from enrollment.journey import Step
from enrollment.parts import Part
from enrollment.steps import activation, payment, subscribing

APPLICATIONS = "enrollment.view_application"
MONEY = ("enrollment.view_payment", "enrollment.view_refund")
PART = Part(
    begins={Step.PAYMENT: payment.arrived, Step.ACTIVATION: activation.arrived, Step.CONTRACT: subscribing.arrived},
    papers=dossier.papers,
    hands=dossier.hands,
    verbs=VERBS,
    permissions={
        **dict.fromkeys(("agent", "reviewer", "approver"), (APPLICATIONS,)),
        "supervisor": (
            *(APPLICATIONS, "enrollment.change_application"),
            *(*MONEY, "enrollment.change_refund", "enrollment.view_invoice"),
            *("enrollment.view_plan", "enrollment.add_plan", "enrollment.change_plan"),
        ),
        "operator": (
            *(APPLICATIONS, "enrollment.change_application"),
            *(*MONEY, "enrollment.view_invoice", "enrollment.change_invoice"),
        ),
        "auditor": (APPLICATIONS, *MONEY),
    },
    schedule={
        "enrollment.tasks.ask_about_payments": 30,
        "enrollment.tasks.issue_invoices": 30,
        "enrollment.tasks.tidy": 3600,
    },
    seed=seeds.seed,
    gauges=metrics.standing,
    doors=doors.doors,
    urls=tuple(doors.urls),
    benches="enrollment.demo.benches",
)
