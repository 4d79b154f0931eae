"""What the ground floor itself brings along: see parts.py."""

from portal import metrics, seeds
from portal.accounts.changing import CHANGES
from portal.audit.record import VERBS
from portal.parts import Part

PART = Part(
    verbs=VERBS,
    changes=CHANGES,
    schedule={
        "portal.tasks.deliver_messages": 10,
        "portal.tasks.seal_audit": 5,
        "portal.tasks.beat": 10,
        "portal.tasks.tidy": 3600,
    },
    seed=seeds.seed,
    gauges=metrics.gauges,
    benches="portal.demo.benches",
)
