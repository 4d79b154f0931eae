"""The lasting link between a person in VNeID and the account with us: made with the account by consent, ended by its
withdrawal; and through it what VNeID is told, in order, until it has heard or the link ended."""

from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from enrollment.gateways import vneid_dialects
from enrollment.gateways.vneid import Away, Forged, Over, Telling
from enrollment.journey import Step
from enrollment.models import Application, Introduction, Link, Report
from enrollment.steps.introducing import agreed_there
from portal import audit, jobs
from portal.waking import Waker

log = structlog.get_logger(__name__)
SHARING = "sharing"  # the consent on which it stands
DONE, FAILED, WORKING, MADE = range(4)
# At which step VNeID may show what (DOORS §1a: "made, not activated yet").
STATES = {
    Step.PLAN: WORKING,
    Step.REVIEW: WORKING,
    Step.PIN: MADE,
    Step.COMPLETE: DONE,
    Step.STOPPED: FAILED,
}
LEASE = timedelta(seconds=60)  # longer than a telling takes
PAUSES = [timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600, 3600, 3600, 14400, 14400)]
waker = Waker("enrollment.tasks.report")


def arrived(application: Application) -> None:
    """With the move that it tells of."""
    link = make(application)
    if link is None:
        return
    Report.objects.get_or_create(
        application=application,
        move=application.moves,
        defaults={"link": link, "state": STATES[Step(application.step)]},
    )
    transaction.on_commit(waker.wake, robust=True)


def is_agreed(application: Application) -> bool:
    return application.consents.filter(purpose=SHARING, withdrawn_at=None).exists()


def make(application: Application) -> Link | None:
    """Where there is an account, an introduction that counts, and the person's word for it."""
    introduction = Introduction.of(application) if application.user_id else None
    if introduction is None or application.user is None or not is_agreed(application):
        return None
    if not introduction.is_ours or introduction.person_index != application.user.username:
        log.error("no link by this introduction", application=application.pk, alarm=True)
        return None
    if link := current(application):
        return link
    # What the person agreed to stands in what VNeID said; and what they ended is not begun anew on the same word.
    if SHARING not in agreed_there(introduction) or Link.objects.filter(introduction=introduction).exists():
        return None
    for closed in Link.objects.filter(subject=introduction.subject, ended_at=None, user__is_active=False):
        finish(closed, application)
    try:
        with transaction.atomic():
            link = Link.objects.create(user=application.user, subject=introduction.subject, introduction=introduction)
    except IntegrityError:  # linked to somebody else, or by somebody else: nothing is told
        log.error("linked otherwise", application=application.pk, alarm=True)
        return None
    audit.record("vneid linked", application, user=application.user)
    return link


def current(application: Application) -> Link | None:
    """The link that stands between this account and the very person who was introduced."""
    introduction = Introduction.of(application)
    if introduction is None or not introduction.is_ours:
        return None
    link = Link.objects.filter(user=application.user, subject=introduction.subject, ended_at=None).first()
    return link if link and link.is_ours else None


@transaction.atomic
def end(application: Application) -> None:
    """The consent was withdrawn: nothing more is told, and nothing is answered."""
    links = Link.objects.filter(user=application.user, ended_at=None) if application.user_id else Link.objects.none()
    for link in links:
        finish(link, application)


def finish(link: Link, application: Application) -> None:
    link.ended_at = timezone.now()
    Link.objects.filter(pk=link.pk).update(ended_at=link.ended_at, mac=link.mac_of_row)
    link.reports.filter(status=Report.Status.DUE).update(status=Report.Status.WITHDRAWN)
    audit.record("vneid link ended", application, user=link.user)


# ── Telling ──


def deliver() -> None:
    """Of each application the oldest first: a later word never overtakes an earlier one."""
    if vneid_dialects.vneid() is None:
        return
    due = Report.objects.filter(status=Report.Status.DUE, due_at__lte=timezone.now()).order_by("application", "move")
    first: dict[int, Report] = {}
    for report in due.select_related("link", "application")[:500]:
        first.setdefault(report.application_id, report)
    jobs.each(list(first.values()), tell)


def tell(report: Report) -> None:
    """Leased before it is sent, so that two workers do not send it at once; heard twice, its name makes it once."""
    mine = Report.objects.filter(pk=report.pk, status=Report.Status.DUE, attempts=report.attempts)
    earlier = Report.objects.filter(application=report.application_id, move__lt=report.move, status=Report.Status.DUE)
    if not earlier.exists() and mine.update(attempts=F("attempts") + 1, due_at=timezone.now() + LEASE):
        settle(report, *attempt(report))


def attempt(report: Report) -> tuple[Report.Status, str]:
    """Through the link on which it was written, if that still stands between these two."""
    speaker, link = vneid_dialects.vneid(), current(report.application)
    if speaker is None or not Link.objects.filter(pk=report.link_id, ended_at=None).exists():
        return Report.Status.WITHDRAWN, ""
    if link is None or link.pk != report.link_id or not is_agreed(report.application) or not report.is_ours:
        return Report.Status.DEAD, "no link of ours"
    try:
        speaker.tell(telling(report))
    except Over:
        return Report.Status.DEAD, "unknown there"
    except (Away, Forged) as wrong:
        is_last = report.attempts + 1 >= len(PAUSES)
        return Report.Status.DEAD if is_last else Report.Status.DUE, str(wrong)
    return Report.Status.HEARD, ""


def settle(report: Report, status: Report.Status, error: str) -> None:
    now = timezone.now()
    open_one = Report.objects.filter(pk=report.pk, status=Report.Status.DUE)
    open_one.update(
        status=status,
        error=error[:60],
        heard_at=now if status == Report.Status.HEARD else None,
        due_at=now + PAUSES[min(report.attempts, len(PAUSES) - 1)],
    )
    if status == Report.Status.DEAD:
        log.error("vneid not told", report=report.pk, reason=error, alarm=True)


def telling(report: Report) -> Telling:
    introduction = Introduction.of(report.application)
    return Telling(
        name=f"{report.application.reference}-{report.move}",
        transaction=introduction.transaction if introduction else "",
        state=report.state,
        at=report.at,
    )


def replay(report: Report) -> bool:
    """By staff: once more from the beginning. What its owner withdrew stays withdrawn, and what is no longer so untold."""
    later = Report.objects.filter(application=report.application_id, move__gt=report.move, status=Report.Status.HEARD)
    if later.exists():
        return False
    again = Report.objects.filter(
        pk=report.pk, status__in=(Report.Status.DEAD, Report.Status.HEARD), link__ended_at=None
    )
    replayed = again.update(status=Report.Status.DUE, attempts=0, due_at=timezone.now(), error="")
    if replayed:
        audit.record("vneid told again", report.application)
        transaction.on_commit(waker.wake, robust=True)
    return bool(replayed)


# ── Answering ──


def state_of(transaction_code: str) -> dict[str, object] | None:
    """What VNeID may know of this one: the state, and nothing else; None where nothing stands between us."""
    introduction = Introduction.objects.filter(transaction=transaction_code, ended="").exclude(application=None).first()
    application = introduction.application if introduction else None
    if application is None or current(application) is None or not is_agreed(application):
        return None
    written = filter(lambda report: report.is_ours, Report.objects.filter(application=application).order_by("-move"))
    newest = next(written, None)
    return {"transactionCode": transaction_code, "statusCode": newest.state if newest else WORKING}
