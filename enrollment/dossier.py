"""The file of an application: everything that people look at before they approve it, and one hash over all of it.

Each app's part tells its own: `papers` what is hashed, `hands` whose hands were in it. So whatever changes after a
decision changes the hash, by whatever way it was changed."""

import hashlib
import json
from typing import Any

from enrollment.consents import PURPOSES
from enrollment.journey import SENDERS_BACK
from enrollment.models import Application, Trail
from enrollment.parts import all_parts
from portal import sealing
from portal.models import User

REQUIRED = [name for name, purpose in PURPOSES.items() if purpose.required]  # an offer may be declined at any time


def digest(application: Application) -> str:
    """Read anew from the database: a copy in memory may be older than what it is asked about. Keyed: the hash alone
    tells nothing of a person. Whose hands were in it is part of it, so that no hand can be wiped away later."""
    fresh = Application.objects.select_related("data_key", "plan").get(pk=application.pk)
    file = {"papers": [part.papers(fresh) for part in all_parts()], "hands": sorted(hands_of(fresh))}
    text = json.dumps(file, sort_keys=True, ensure_ascii=False, default=str)
    return sealing.blind_index("file", hashlib.sha256(text.encode()).hexdigest())


def is_sound(application: Application) -> bool:
    """Whether what the rows speak of (pictures, documents) is still what it was; slower, so asked before issuing."""
    return all(part.is_sound(application) for part in all_parts())


def hands_of(application: Application) -> set[int]:
    """Who opened, assisted or captured, and whom it is about: none of them may decide."""
    return {hand for part in all_parts() for hand in part.hands(application)}


# ── Enrollment's own part ──


def papers(application: Application) -> dict[str, Any]:
    order = application.order
    bought = ("reference", "kind", "months", "signings", "total", "status")
    return {
        "reference": application.reference,
        "channel": application.channel,
        "account": application.user_id,
        "declared": application.declared,
        "person": application.person_index,
        "plan": application.plan and application.plan.code,
        "order": {name: getattr(order, name) for name in bought} if order else None,
        "consents": sorted(
            application.consents.filter(withdrawn_at=None, purpose__in=REQUIRED).values_list(
                "purpose", "version", "text_hash"
            )
        ),
    }


def hands(application: Application) -> set[int]:
    moved = Trail.objects.filter(application=application, verb__in=("opened", "finished", "moved"))
    movers = moved.exclude(origin__in=SENDERS_BACK).exclude(actor=None).values_list("actor", flat=True)
    same_person = User.objects.filter(username=application.person_index).values_list("pk", flat=True)
    named = (hand for hand in (application.user_id, application.agent_id) if hand)
    return {*movers, *same_person, *named}
