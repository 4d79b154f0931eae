"""Files of whom VNeID introduced: by way of the table, as it would have said what they declare."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from enrollment import identity
from enrollment.gateways.vneid import Face, Shared
from enrollment.journey import Channel, Step
from enrollment.models import Application, Introduction
from enrollment.models.introduction import hash_of
from kyc.models import Case, Check
from kyc.steps import capture, checking
from portal.models import DataKey, User
from tests.kyc.conftest import SERIAL, an_application, finding, given

AT = datetime.fromisoformat("2026-11-20T02:00:00+00:00")
MATCHED, OTHER = Face(True, 0.97, AT), Face(False, 0.41, AT)


def said_of(application: Application, **differently: Any) -> Shared:
    """The very words that were declared."""
    declaration = application.declaration
    assert declaration
    same = ("number", "full_name", "birth_date", "sex", "issued_on", "issued_by")
    shared = Shared(
        transaction=f"GD-{next(SERIAL)}",
        subject=f"vneid-{declaration.number}",
        level=2,
        expires_on=identity.card_ends(declaration.birth_date, declaration.issued_on),
        face=MATCHED,
        **{name: getattr(declaration, name) for name in same},
    )
    return replace(shared, **differently)


def introduce(application: Application, **differently: Any) -> Introduction:
    return introduction(said_of(application, **differently), application)


def introduction(shared: Shared, application: Application | None = None) -> Introduction:
    """Without an application: nobody has taken it yet."""
    said = shared.as_json()
    row = Introduction(
        dialect="hub", state=f"s{next(SERIAL)}", browser="b", nonce="n", data_key=DataKey.make(), said=said,
        said_hash=hash_of(said), transaction=shared.transaction, subject=shared.subject, level=shared.level,
        person_index=User.username_for(shared.number), application=application, said_at=timezone.now(),
    )  # fmt: skip
    row.save()
    row.mac = row.mac_of_row  # over its number too
    row.save(update_fields=["mac"])
    return row


def an_introduced(step: Step = Step.CAPTURE, *, user: User | None = None, **differently: Any) -> Application:
    application = an_application(step, user=user, channel=Channel.VNEID)
    introduce(application, **differently)
    return application


def arriving(**differently: Any) -> Application:
    """With the payment behind it."""
    application = an_introduced(Step.PAYMENT, **differently)
    application.finish()
    return application


def an_introduced_case(*, filmed: bool = True, **differently: Any) -> Case:
    """At the desk, with the face and nothing of a card; or by VNeID's word alone."""
    application = an_introduced(Step.CONTRACT, **differently)
    if filmed:
        capture.give(application, {"face": given()["face"]})
    application.finish()
    return Case.objects.select_related("application__data_key").get(application=application)


def by_sql(introduction: Introduction, **changes: Any) -> None:
    """As whoever has the database alone would."""
    Introduction.objects.filter(pk=introduction.pk).update(**changes)


def by_name(case: Case, name: str) -> Check:
    return next(check for check in checking.findings(finding(case)) if check.name == name)
