"""The file of an application: everything that people look at before they approve it, and one hash over all of it.

Each app's part tells its own: `papers` what is hashed, `hands` whose hands were in it. So whatever changes after a
decision changes the hash, by whatever way it was changed."""

import hashlib
import json
from typing import Any

from enrollment import journey
from enrollment.consents import PURPOSES
from enrollment.journey import SENDERS_BACK
from enrollment.models import Application, Introduction, Trail
from enrollment.models.introduction import LEVEL
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


def seen(application: Application) -> str:
    """What an agent has before the eyes when vouching: what was declared, and the pictures. What follows at home (account,
    contract, PIN) is not part of it."""
    fresh = Application.objects.select_related("data_key").get(pk=application.pk)
    text = json.dumps([part.seen(fresh) for part in all_parts()], sort_keys=True, ensure_ascii=False, default=str)
    return sealing.blind_index("seen", hashlib.sha256(text.encode()).hexdigest())


def is_sound(application: Application) -> bool:
    """Whether what the rows speak of (pictures, documents) is still what it was; slower, so asked before issuing."""
    return all(part.is_sound(application) for part in all_parts())


def hands_of(application: Application) -> set[int]:
    """Who opened, assisted, captured or sent the customer, and whom it is about: none of them may decide."""
    return {hand for part in all_parts() for hand in part.hands(application)}


# ── Enrollment's own part ──


def papers(application: Application) -> dict[str, Any]:
    order = application.order
    bought = ("reference", "kind", "months", "signings", "total", "status")
    return {
        "reference": application.reference,
        "channel": application.channel,
        "branch": application.branch_id,
        "account": application.user_id,
        "declared": application.declared,
        "person": application.person_index,
        "plan": application.plan and application.plan.code,
        "order": {name: getattr(order, name) for name in bought} if order else None,
        "introduced": introduced(application),
        "consents": sorted(
            application.consents.filter(withdrawn_at=None, purpose__in=REQUIRED).values_list(
                "purpose", "version", "text_hash"
            )
        ),
    }


def introduced(application: Application) -> tuple[str, ...] | None:
    """By whom, and what was said: its hash, for it is sealed in its own place."""
    introduction = Introduction.of(application)
    return (introduction.dialect, introduction.transaction, introduction.said_hash) if introduction else None


def declared(application: Application) -> dict[str, Any]:
    return {"reference": application.reference, "declared": application.declared, "person": application.person_index}


def is_ours(application: Application) -> bool:
    """Also the way by which it came in: another asks for less, as for no attestation, or lets somebody else say who it is."""
    fresh = Application.objects.select_related("data_key").get(pk=application.pk)
    if not fresh.is_ours:
        return False
    introduction = Introduction.of(fresh)
    if fresh.channel in journey.INTRODUCED or introduction:
        return introduction is not None and says_the_same(introduction, fresh)
    return True


def says_the_same(introduction: Introduction, application: Application) -> bool:
    """What was said is as it was, and so it was declared."""
    declaration = application.declaration
    try:
        said = introduction.locked
    except (sealing.Broken, sealing.Erased):
        return False
    same_person = introduction.person_index == application.person_index and introduction.level >= LEVEL
    return bool(declaration) and same_person and all(getattr(declaration, name) == said[name] for name in said)


def hands(application: Application) -> set[int]:
    moved = Trail.objects.filter(application=application, verb__in=("opened", "finished", "moved"))
    movers = moved.exclude(origin__in=SENDERS_BACK).exclude(actor=None).values_list("actor", flat=True)
    passed = Trail.objects.filter(application=application, verb=Trail.PASSED).values_list("items", flat=True)
    agents = {int(agent) for each in passed for agent in each.values() if agent}  # of before, and of now
    same_person = User.objects.filter(username=application.person_index).values_list("pk", flat=True)
    gains = application.referred_agent_id  # by its certificate
    named = (hand for hand in (application.user_id, application.agent_id, gains) if hand)
    return {*movers, *agents, *same_person, *named}
