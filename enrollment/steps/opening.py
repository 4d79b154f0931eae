"""Opening an application: what was agreed to, purpose by purpose, and a key of its own for what will be told."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import consents, journey
from enrollment.journey import Channel, Step
from enrollment.models import Application, Consent, Trail
from enrollment.steps import leaving, linking
from portal import audit
from portal.models import Branch, DataKey, User
from portal.refusals import Refusal


@transaction.atomic
def open_application(
    agreed: Iterable[str],
    *,
    channel: Channel = Channel.BROWSER,
    user: User | None = None,
    language: str = "vi",
    place: str = "",
    branch: Branch | None = None,
    agent: User | None = None,
    referral: str = "",
    elsewhere: Iterable[Consent] = (),
) -> Application:
    """At a counter agreeing is a step of its own, on the customer's device. `elsewhere`: what was agreed to already where the
    customer comes from."""
    first = journey.first(channel)
    application = Application.objects.create(
        channel=channel,
        step=first,
        reached=first,
        user=user,
        language=language,
        branch=branch,
        agent=agent,
        data_key=DataKey.make(),
        draft={"referral": referral} if referral else None,
    )
    there = set()
    for given in elsewhere:
        given.application, given.channel, given.place = application, application.channel, place
        given.save()
        there.add(given.purpose)
    if Step.CONSENT not in journey.ROUTES[channel]:
        agree(application, {*agreed, *there}, language=language, place=place)
    Trail.note(application, "opened", "")
    return application


@transaction.atomic
def consent(application: Application, agreed: Iterable[str], *, language: str, place: str) -> None:
    """By whoever it is about, who has read what was typed in their name; again after each correction."""
    application.hold()
    agree(application, agreed, language=language, place=place)
    application.finish()


def agree(application: Application, agreed: Iterable[str], *, language: str, place: str) -> None:
    agreed, texts = set(agreed), consents.current(language)
    if any(text.required and text.purpose not in agreed for text in texts):
        raise Refusal("consent-needed", _("Quý khách cần đồng ý với các mục bắt buộc để đăng ký trực tuyến."))
    given = set(application.consents.filter(withdrawn_at=None).values_list("purpose", flat=True))
    Consent.objects.bulk_create(
        Consent(
            application=application,
            purpose=text.purpose,
            version=text.version,
            language=text.language,
            text_hash=text.hash,
            channel=application.channel,
            place=place,
        )
        for text in texts
        if text.purpose in agreed - given
    )


def given_for(application: Application) -> "QuerySet[Consent]":
    """What stands to be read and withdrawn: of this application, and what goes on beyond others of the same account."""
    lasting = Q(application__user=application.user, purpose=linking.SHARING, withdrawn_at=None)
    own = Q(application=application)
    return Consent.objects.filter(own | lasting if application.user_id else own).order_by("pk")


@transaction.atomic
def withdraw(consent: Consent) -> None:
    """At once: an offer is sent no more; without leave to process, an application that is open stops."""
    if not Consent.objects.filter(pk=consent.pk, withdrawn_at=None).update(withdrawn_at=timezone.now()):
        return
    audit.record("consent withdrawn", consent.application, purpose=consent.purpose)
    application = consent.application
    if consent.purpose == linking.SHARING or consents.PURPOSES[consent.purpose].required:
        linking.end(application)
    if consents.PURPOSES[consent.purpose].required and not application.is_ended:
        leaving.leave(application, "consent-withdrawn")
