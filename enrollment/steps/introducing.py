"""Asking VNeID who somebody is, from one browser, and taking its answer: verified, young, once, and for this browser alone.

What came back is kept before VNeID is asked what it stands for, so an hour's absence of VNeID loses nothing. Every refusal
is written down; the person is told what to do, and never whose the answer was."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import consents
from enrollment.gateways import vneid_dialects
from enrollment.gateways.vneid import Asked, Away, Declined, Forged, Over, Returned, Shared, VNeID
from enrollment.identity import Declaration
from enrollment.models import Application, Consent, Introduction, Notice
from enrollment.models.introduction import hash_of
from portal import audit, jobs, sealing
from portal.allowances import Limit
from portal.models import DataKey, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
Outcome = TypeVar("Outcome")
OPEN_FOR = timedelta(minutes=15)  # for the person in VNeID
WAITS_FOR = timedelta(hours=12)  # what came back, for a VNeID that is away; no longer than a session
GOOD_FOR = timedelta(minutes=30)  # what was said, until it is taken
ASKINGS = Limit("vneid askings", 30, timedelta(hours=1))  # of one browser
FROM_NETWORK = Limit("vneid askings from network", 3000, timedelta(hours=1))
FETCHES = Limit("vneid fetches", 40, timedelta(hours=1))  # of one browser
AGREED_FOR = timedelta(days=30)  # what was agreed to in VNeID before the person comes
NEVER = datetime.min.replace(tzinfo=UTC)
FAILED = 1  # the hub's word for it
# Why an introduction ended, as it is written down.
DECLINED, FORGED, OVER, LAPSED, REPLACED, AGAIN = "declined", "forged", "over", "lapsed", "replaced", "again"


def closed() -> Refusal:
    return Refusal("no-vneid", _("Đăng ký qua VNeID hiện chưa mở. Quý khách đăng ký trên trang này hoặc tại quầy."))


def away() -> Refusal:
    return Refusal(
        "vneid-away",
        _("VNeID đang bận hoặc gián đoạn. Những gì đã làm được giữ nguyên; Quý khách thử lại sau ít phút."),
        status=503,
        wait=30,
    )


def over() -> Refusal:
    return Refusal(
        "vneid-over",
        _(
            "Lần chuyển từ VNeID này không còn dùng được hoặc không thuộc trình duyệt này. Quý khách bắt đầu lại từ VNeID."
        ),
    )


def declined() -> Refusal:
    return Refusal("vneid-declined", _("Quý khách đã không đồng ý trên VNeID nên không có gì được gửi tới VNPT."))


def port() -> VNeID:
    speaker = vneid_dialects.vneid()
    if speaker is None:
        raise closed()
    return speaker


def index(kind: str, value: str) -> str:
    return sealing.blind_index(f"introduction {kind}", value)


# ── There ──


def begin(browser: str, back: str, *, hint: str = "", language: str = "vi", network: str = "") -> str:
    """Where to send the browser. What goes out is in no table, and comes back to this browser alone."""
    speaker = port()
    for limit, holder in ((ASKINGS, index("browser", browser)), (FROM_NETWORK, network)):
        if holder:
            limit.require(holder, _("Quý khách đã thử nhiều lần. Vui lòng thử lại sau một giờ."))
    state, nonce = (secrets.token_urlsafe(24) for _secret in range(2))
    key = DataKey.make()
    row = Introduction.objects.create(
        dialect=speaker.code,
        state=index("state", state),
        browser=index("browser", browser),
        nonce=index("nonce", nonce),
        data_key=key,
        ticket={"state": state, "nonce": nonce, "back": back, "language": language},
    )
    try:
        started = speaker.start(Asked(state, nonce, back, hint, language))
    except (Away, Over) as wrong:
        end(row, OVER, why=str(wrong))
        raise away() from wrong
    except Forged as wrong:
        refuse(row, FORGED, why=str(wrong))
        raise away() from wrong
    if started.transaction:
        Introduction.objects.filter(pk=row.pk, returned_at=None).update(transaction=started.transaction)
    return started.address


def known(browser: str) -> "QuerySet[Introduction]":
    """Those of this browser that nothing has come of yet."""
    return Introduction.objects.select_related("data_key").filter(browser=index("browser", browser), ended="")


# ── And back ──


def come_back(query: str, state: str, transaction_code: str, browser: str) -> Introduction:
    """The browser is here again. By our state, which VNeID gave to whoever consented and to nobody else: who began the asking
    knows VNeID's name for it too. Of this browser, in time, once."""
    row = known(browser).filter(state=index("state", state)).first()
    if row is None:
        audit.record("introduction refused", result="refused", reason="unknown")
        raise over()
    in_time = Introduction.objects.filter(pk=row.pk, returned_at=None, asked_at__gt=timezone.now() - OPEN_FOR)
    is_first = in_time.update(returned_at=timezone.now())
    row.refresh_from_db()  # of two that come at once the second sees that the first was there
    if not is_first:
        refuse(row, AGAIN if row.returned_at else LAPSED, ends=not row.returned_at)
        raise over()
    returned = judged(row, lambda: port().returned(query, transaction_code, asked_of(row)))
    if row.transaction and returned.transaction and returned.transaction != row.transaction:
        refuse(row, "another transaction")
        raise over()
    keep_ticket(row, returned)
    return fetch(row)


def asked_of(row: Introduction) -> Asked:
    ticket = row.ticket or {}
    return Asked(ticket["state"], ticket["nonce"], ticket["back"], language=ticket.get("language", "vi"))


def keep_ticket(row: Introduction, returned: Returned) -> None:
    ticket = {**(row.ticket or {}), "returned": {"transaction": returned.transaction, **returned.ticket}}
    Introduction.objects.filter(pk=row.pk, said_at=None).update(ticket=row.sealed("ticket", ticket))
    row.ticket = ticket


def again(row: Introduction) -> Introduction:
    """VNeID was away when the browser came back; the person presses, or their page does."""
    FETCHES.require(row.browser, _("Quý khách đã thử nhiều lần. Vui lòng thử lại sau một giờ."))
    if row.returned_at is None or row.returned_at < timezone.now() - WAITS_FOR:
        refuse(row, LAPSED)
        raise over()
    return fetch(row)


def fetch(row: Introduction) -> Introduction:
    brought = dict((row.ticket or {}).get("returned") or {})
    if not brought:
        refuse(row, OVER)
        raise over()
    returned = Returned(brought.pop("transaction", ""), brought)
    return keep(row, judged(row, lambda: port().fetch(returned, asked_of(row))))


def judged(row: Introduction, ask: Callable[[], Outcome]) -> Outcome:
    """What VNeID's words mean here. Away, it is asked again; else this asking is over, and why is written down."""
    try:
        return ask()
    except Away as wrong:
        log.warning("vneid away", introduction=row.pk, reason=str(wrong))
        raise away() from wrong
    except Declined as no:
        refuse(row, DECLINED)
        raise declined() from no
    except Over as wrong:
        refuse(row, OVER)
        raise over() from wrong
    except Forged as wrong:
        refuse(row, FORGED, why=str(wrong))
        raise over() from wrong


def refuse(row: Introduction, reason: str, *, ends: bool = True, why: str = "") -> None:
    if ends:
        end(row, reason[:20], why=why)
    audit.record("introduction refused", row, result="refused", reason=reason)


def end(row: Introduction, reason: str, *, why: str) -> None:
    """What VNeID has answered for stays as it is: of two tabs that asked at once one is late, and harms nothing."""
    Introduction.objects.filter(pk=row.pk, ended="", said_at=None).update(ended=reason, ticket=None)
    if why:
        log.warning("introduction ended", introduction=row.pk, ended=reason, reason=why)


def keep(row: Introduction, shared: Shared) -> Introduction:
    """The answer, once: of two that came at once the database takes one, and of one transaction one."""
    if not _keep(row, shared):
        refuse(row, AGAIN)
        raise over()
    return row


@transaction.atomic
def _keep(row: Introduction, shared: Shared) -> bool:
    said = shared.as_json()
    row.said, row.said_hash, row.transaction = said, hash_of(said), shared.transaction
    row.subject, row.person_index = index("subject", shared.subject), User.username_for(shared.number)
    row.level, row.said_at = shared.level, timezone.now()
    row.mac = row.mac_of_row
    facts = {name: getattr(row, name) for name in ("said_hash", "transaction", "subject", "person_index", "level")}
    failed = Notice.objects.filter(transaction=shared.transaction, state=FAILED).exists()
    try:
        with transaction.atomic():
            kept = not failed and Introduction.objects.filter(pk=row.pk, said_at=None, ended="").update(
                **facts, said_at=row.said_at, mac=row.mac, said=row.sealed("said", said), ticket=None
            )
    except IntegrityError:  # this transaction has been answered for already
        return False
    if kept:
        audit.record("introduction received", row, level=shared.level, dialect=row.dialect)
    return bool(kept)


def notice(name: str, transaction_code: str, state: int) -> None:
    """The hub told of a transaction: twice, late, out of order, or before its own answer. What was taken is not touched."""
    Notice.objects.get_or_create(name=name, defaults={"transaction": transaction_code, "state": state})
    if state == FAILED:
        waiting = Introduction.objects.filter(transaction=transaction_code, application=None, ended="")
        waiting.update(ended=DECLINED, ticket=None)


# ── What was agreed to there ──


def agreed_there(introduction: Introduction) -> dict[str, tuple[consents.Text, datetime]]:
    """The texts that are ours, word for word; lately, and not before the person withdrew the same."""
    agreed = {}
    for row in introduction.facts["agreed"]:
        text = consents.read_elsewhere(row["purpose"], row["version"], row["language"], row["text_hash"])
        at = datetime.fromisoformat(row["at"])
        if text and at > introduction.asked_at - AGREED_FOR and at > withdrawn(introduction, text.purpose):
            agreed[text.purpose] = (text, at)
    return agreed


def withdrawn(introduction: Introduction, purpose: str) -> datetime:
    """When this person last did, if ever."""
    index = introduction.person_index
    theirs = Q(application__person_index=index) | Q(application__introductions__person_index=index)
    before = Consent.objects.filter(theirs, purpose=purpose).exclude(withdrawn_at=None).order_by("-withdrawn_at")
    return before.values_list("withdrawn_at", flat=True).first() or NEVER


# ── What was said is locked ──


def check_unaltered(application: Application, declaration: Declaration) -> None:
    introduction = Introduction.of(application)
    said = introduction.locked if introduction else {}
    if any(getattr(declaration, name) != value for name, value in said.items()):
        audit.record("introduced declaration refused", application, result="refused")
        raise Refusal(
            "introduced",
            _(
                "Thông tin nhận từ VNeID không sửa ở đây được. Nếu sai, Quý khách sửa tại VNeID rồi bấm “Lấy lại từ VNeID”."
            ),
            status=400,
        )


# ── On schedule ──


def tidy() -> None:
    """What nobody took goes, with its key; of what was refused the trail tells."""
    now = timezone.now()
    nobodys = Introduction.objects.filter(application=None, links=None)
    old = nobodys.filter(Q(asked_at__lt=now - WAITS_FOR) | Q(said_at__lt=now - 2 * GOOD_FOR))
    jobs.each(jobs.through(old), forget)
    Notice.objects.filter(at__lt=now - 7 * WAITS_FOR).delete()


@transaction.atomic
def forget(row: Introduction) -> None:
    if Introduction.objects.filter(pk=row.pk, application=None).delete()[0]:
        row.data_key.delete()
