"""Somebody whom VNeID introduced: who that is to us, what they may go on with, and the application that is theirs.

What VNeID said is locked: the declaration takes it from here, and whoever types over it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import consents, identity, journey, parts
from enrollment.journey import Channel, Step
from enrollment.models import Application, Consent, Introduction
from enrollment.models.introduction import LEVEL
from enrollment.steps import holding, leaving, opening
from enrollment.steps.declaration import address_of, keep_draft
from enrollment.steps.introducing import GOOD_FOR, REPLACED, agreed_there, over, refuse
from portal import audit
from portal.models import User
from portal.refusals import Refusal, out_of_step

SOURCE = "vneid"


class Met(Enum):
    """How somebody stands with us, and so what their page offers."""

    STRANGER = "stranger"  # opens an application
    LOW = "low"  # level 2 is needed
    UNFIT = "unfit"  # a card that has ended, or one too young
    KNOWN = "known"  # has an account, and signs in to it first
    UNPROVEN = "unproven"  # there is an account of that number, opened by a code alone: theirs, or a stranger's
    OTHER = "other"  # somebody else is signed in: whose the answer is is not said
    OPEN = "open"  # has an application in progress: goes on with it, or begins anew
    HOLDER = "holder"  # has a certificate in force


@dataclass(frozen=True)
class Welcome:
    met: Met
    application: Application | None = None
    why: Any = ""


def waiting(introduction: Introduction | None) -> Introduction:
    """What was said to this browser, as long as it may still be taken."""
    if introduction is None or not is_fresh(introduction):
        raise over()
    if not introduction.is_ours:
        refuse(introduction, "altered", ends=False)
        raise over()
    return introduction


def is_fresh(introduction: Introduction) -> bool:
    return introduction.said_at is not None and introduction.said_at >= timezone.now() - GOOD_FOR


def meet(introduction: Introduction, user: User | None, own: Application | None) -> Welcome:
    """`own`: what this browser holds by now."""
    account = holding.account_of(introduction.person_index)
    if user and user.username != introduction.person_index:
        return Welcome(Met.OTHER)
    if introduction.level < LEVEL:
        return Welcome(Met.LOW)
    if account and not user:
        return Welcome(Met.KNOWN if holding.is_proven(account) else Met.UNPROVEN)
    rows = list(theirs(introduction, user, own).select_related("data_key", "user", "plan").order_by("-pk"))
    still_open = [each for each in rows if not each.is_ended and is_reached(each, introduction, user, own)]
    if still_open:
        return Welcome(Met.OPEN, still_open[0])
    if living := next(filter(parts.lives, rows), None):
        return Welcome(Met.HOLDER, living)
    wrong = unfit(introduction)
    return Welcome(Met.UNFIT, why=wrong) if wrong else Welcome(Met.STRANGER)


def theirs(introduction: Introduction, user: User | None, own: Application | None) -> "QuerySet[Application]":
    """Of the account; else those declared by this number, those VNeID introduced this person for, and what this browser
    holds of nobody yet."""
    if user:
        return Application.objects.filter(user=user)
    person = introduction.person_index
    introduced = Introduction.objects.filter(person_index=person, ended="").exclude(application=None)
    others = Introduction.objects.exclude(person_index=person).filter(ended="").exclude(application=None)
    blank = Q(pk=own.pk, person_index="") & ~Q(pk__in=others.values("application")) if own else Q(pk=None)
    return Application.objects.filter(
        Q(person_index=person) | Q(pk__in=introduced.values("application")) | blank, user=None
    )


def is_reached(each: Application, introduction: Introduction, user: User | None, own: Application | None) -> bool:
    """By whoever has its account, whoever holds it in this browser, and whoever VNeID introduced for it before."""
    return bool(user) or is_of(introduction, each) or (own is not None and own.pk == each.pk)


def is_of(introduction: Introduction, application: Application) -> bool:
    """Whether VNeID introduced this very person for it; a row that is not ours introduces nobody."""
    before = Introduction.of(application)
    same = before and (before.person_index, before.subject) == (introduction.person_index, introduction.subject)
    return bool(before and same and before.is_ours)


def unfit(introduction: Introduction) -> Any:
    """Why no certificate can be built on what was said; empty if one can. When a card ends VNeID may know better than the
    dates on it."""
    fields, today = introduction.fields, timezone.localdate()
    if "expires_on" in fields and fields["expires_on"] < today:
        ended = {"day": f"{fields['expires_on']:%d/%m/%Y}"}
        return _("Theo VNeID, thẻ đã hết hạn ngày %(day)s. Quý khách vui lòng dùng thẻ mới hoặc hộ chiếu.") % ended
    return next((words for _field, words in identity.faults(identity.Partly(fields), today)), "")


# ── What is known by now ──


def draft_of(introduction: Introduction) -> dict[str, Any]:
    """What the declaration begins with; an address is offered, not locked."""
    fields = introduction.fields
    typed = {name: f"{value:%d/%m/%Y}" if isinstance(value, date) else value for name, value in fields.items()}
    typed.pop("expires_on", None)
    if "issued_by" not in typed and "issued_on" in fields and (issuer := identity.issuer_on(fields["issued_on"])):
        typed["issued_by"] = issuer
    residence = introduction.facts["residence"]
    return {**typed, "residence": residence, **(address_of(residence) if residence else {})}


def still_asked(introduction: Introduction, language: str) -> list[consents.Text]:
    """What was not agreed to there, and must be."""
    there = agreed_there(introduction)
    return [text for text in consents.current(language) if text.required and text.purpose not in there]


# ── Taking it ──


@transaction.atomic
def open_introduced(
    introduction: Introduction,
    agreed: Iterable[str],
    *,
    user: User | None,
    language: str,
    place: str,
    instead: Application | None = None,
) -> Application:
    """An application of its own, on what VNeID said. `instead`: of one in progress, which ends first: never two open."""
    if instead:
        instead.hold()  # the application first, as whoever moves it does
    check_alone(introduction, user, instead)
    if wrong := unfit(introduction):
        raise Refusal("vneid-unfit", wrong)
    if instead:
        leaving.cancel(instead, "anew")
    there = agreed_there(introduction)
    application = opening.open_application(
        agreed,
        channel=Channel.VNEID,
        user=user,
        language=language,
        place=place,
        elsewhere=[consent_of(text, at) for text, at in there.values()],
    )
    attach(introduction, application)
    keep_draft(application, draft_of(introduction))
    return application


def check_alone(introduction: Introduction, user: User | None, instead: Application | None) -> None:
    """Two that open at once for one person, in two tabs or on two phones, go one after the other: the second is led to what
    the first has opened."""
    same = Introduction.objects.filter(person_index=introduction.person_index, ended="")
    list(same.select_for_update().order_by("pk").values_list("pk"))
    taken = same.exclude(application=None).filter(application__user=user).exclude(application__step__in=journey.ENDS)
    if taken.exclude(application=instead).exists():
        raise out_of_step()


def consent_of(text: consents.Text, at: datetime) -> Consent:
    return Consent(
        purpose=text.purpose,
        version=text.version,
        language=text.language,
        text_hash=text.hash,
        source=SOURCE,
        given_at=at,
    )


def attach(introduction: Introduction, application: Application) -> None:
    """One application, once, of whom VNeID knows well enough; of two tabs that ask at once the database takes one."""
    if introduction.level < LEVEL or not introduction.is_ours:
        raise over()
    before = introduction.mac
    introduction.application = application
    mac = introduction.mac_of_row
    free = Introduction.objects.filter(pk=introduction.pk, application=None, ended="", mac=before)
    if not free.update(application=application, mac=mac):
        raise over()
    introduction.mac = mac
    audit.record("introduction taken", application, introduction=introduction.pk)


def renew(introduction: Introduction, application: Application) -> None:
    """VNeID was asked again about the same person: what it says now counts from here on."""
    before = Introduction.of(application)
    if before is None or before.person_index != introduction.person_index:
        refuse(introduction, "another person", ends=False)
        raise over()
    if introduction.level < LEVEL:
        refuse(introduction, "low", ends=False)
        raise over()
    if wrong := unfit(introduction):
        refuse(introduction, "unfit", ends=False)
        raise Refusal("vneid-unfit", wrong)
    _renew(introduction, application, before)


@transaction.atomic
def _renew(introduction: Introduction, application: Application, before: Introduction) -> None:
    application.hold()
    if not Application.objects.filter(pk=application.pk, step=Step.DECLARATION, moves=application.moves).exists():
        raise out_of_step()
    before.ended = REPLACED
    Introduction.objects.filter(pk=before.pk, ended="").update(ended=REPLACED, mac=before.mac_of_row)
    attach(introduction, application)
    # What was spared, and what was signed, was so on the word of before.
    application.ask_again({Step.CAPTURE, Step.CONTRACT})
    keep_draft(application, {**(application.draft or {}), **draft_of(introduction)})


def begin_with(application: Application, introduction: Introduction | None) -> None:
    """Of level 1: what may be kept for the browser's own way, where the card will show it."""
    if introduction is None or not is_fresh(introduction) or application.user_id:
        return
    kept = ("full_name", "number", "birth_date", "sex", "document", "nationality")
    typed = {name: value for name, value in draft_of(introduction).items() if name in kept}
    keep_draft(application, {**(application.draft or {}), **typed})
