"""What enrollment brings along."""

from enrollment import demo, dossier, metrics, seeds
from enrollment.audited import VERBS
from enrollment.journey import Step
from enrollment.parts import Part
from enrollment.steps import activation, payment, subscribing

PART = Part(
    begins={Step.PAYMENT: payment.arrived, Step.ACTIVATION: activation.arrived, Step.CONTRACT: subscribing.arrived},
    papers=dossier.papers,
    hands=dossier.hands,
    verbs=VERBS,
    schedule={
        "enrollment.tasks.ask_about_payments": 30,
        "enrollment.tasks.issue_invoices": 30,
        "enrollment.tasks.tidy": 3600,
    },
    seed=seeds.seed,
    gauges=metrics.standing,
    doors=demo.doors,
    urls=tuple(demo.urls),
    benches="enrollment.benches",
)
