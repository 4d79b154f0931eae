"""Who holds an ID number, and how its owner comes by it from somebody who only typed it.

What was shown decides, not who came first. A draft has shown nothing; a code, that the phone or mailbox named in it is the
own; card and face at the review, or VNeID's word, that the number is. So whoever has entered a code goes before whoever has
not; and before an account whose holder never showed the card, after days of grace in which that holder, who is told, may
still do so: of whom VNeID introduced without them. Whose card and face two people have approved, or whom VNeID introduced,
keeps the number."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import dossier, journey
from enrollment.journey import Channel, Step
from enrollment.models import Application, Introduction
from enrollment.steps import leaving
from enrollment.steps.notifying import notify
from portal import outbox
from portal.accounts.closing import close
from portal.models import User
from portal.refusals import Refusal, out_of_step

GRACE = timedelta(days=3)  # for an unproven holder, from when another has proved a phone or mailbox
BY_CODE = [
    channel for channel, route in journey.ROUTES.items() if Step.ACTIVATION in route
]  # accounts opened by a code alone


def known() -> Refusal:
    return Refusal(
        "account-exists",
        _(
            "Số giấy tờ này đã có tài khoản. Quý khách vui lòng đăng nhập; quên mật khẩu thì đặt lại tại trang đăng nhập. "
            "Không còn số điện thoại cũ: mang giấy tờ đến quầy VNPT hoặc gọi 18001260 nhánh 1."
        ),
    )


def held(until: datetime) -> Refusal:
    return Refusal(
        "number-held",
        _(
            "Mã đúng. Nhưng số giấy tờ này đang có một hồ sơ khác, chưa chứng minh bằng giấy tờ. Nếu đến %(until)s hồ sơ đó vẫn "
            "chưa chụp giấy tờ và khuôn mặt, số thuộc về Quý khách và mã mới được gửi. Cần sớm hơn: mang giấy tờ đến quầy VNPT "
            "hoặc gọi 18001260 nhánh 1."
        )
        % {"until": f"{timezone.localtime(until):%H:%M %d/%m/%Y}"},
    )


def looked_at() -> Refusal:
    return Refusal(
        "number-held",
        _(
            "Mã đúng. Nhưng VNPT đang thẩm định giấy tờ và khuôn mặt của một hồ sơ khác cho số giấy tờ này. Nếu đó không phải "
            "Quý khách, hãy gọi ngay 18001260 nhánh 1 hoặc mang giấy tờ đến quầy VNPT; nếu hồ sơ đó không đạt, số thuộc về "
            "Quý khách."
        ),
    )


# ── Who holds it ──


def account_of(person: str) -> User | None:
    return User.objects.filter(username=person).first()


def is_proven(user: User) -> bool:
    """Two people have approved card and face, or VNPT opened the account; not by a code alone."""
    return (
        user.is_staff
        or not user.applications.filter(channel__in=BY_CODE).exists()
        or any(is_approved(each) or is_introduced(each) for each in user.applications.select_related("data_key"))
    )


def is_approved(application: Application) -> bool:
    """It has come past the review, on whichever way in."""
    reached = Step(application.reached)
    return reached != Step.STOPPED and Step.REVIEW in journey.ahead_of(Channel(application.channel), reached)


def is_looked_at(rival: Application) -> bool:
    """Where people decide, or have."""
    return not rival.is_ended and (rival.step == Step.REVIEW or is_approved(rival) or is_introduced(rival))


def is_introduced(application: Application) -> bool:
    """VNeID said who this is, at the level that a certificate wants: as much as two people could tell from a card."""
    introduction = Introduction.of(application)
    return introduction is not None and dossier.says_the_same(introduction, application)


def rivals_of(application: Application) -> "QuerySet[Application]":
    """Those open for the number that this one only declares: of whoever holds it."""
    person = application.person_index
    of_holder = Q(person_index=person, is_duplicate=False) | Q(user__username=person)
    return Application.open_ones().exclude(pk=application.pk).filter(of_holder).select_related("data_key", "user")


def is_contested(application: Application) -> bool:
    """Whether somebody else has proved a phone or mailbox for the same number: reviewers look twice."""
    others = Application.open_ones().filter(person_index=application.person_index, is_duplicate=True)
    return bool(application.person_index) and others.exclude(pk=application.pk).exclude(proved_at=None).exists()


def rows(application: Application) -> list[tuple[str, str]]:
    if not is_contested(application):
        return []
    return [(str(_("Tranh chấp")), str(_("Có người khác đã xác nhận điện thoại hoặc email cho cùng số giấy tờ.")))]


# ── Coming by it ──


def claim(application: Application) -> bool:
    """It may have become free since; the database decides between two who ask at once."""
    if account_of(application.person_index):
        return False
    try:
        with transaction.atomic():
            Application.objects.filter(pk=application.pk).update(is_duplicate=False)
    except IntegrityError:
        return False
    application.is_duplicate = False
    return True


@transaction.atomic
def prove(application: Application, **facts: Any) -> None:
    """A code that went to the phone and mailbox of this very declaration came back. Who holds the number is told."""
    mine = Application.objects.filter(pk=application.pk, phone_index=application.phone_index)
    mine = mine.filter(email_index=application.email_index)
    moment = application.proved_at or timezone.now()
    if mine.update(proved_at=moment, **facts) != 1:
        raise out_of_step()
    application.proved_at = moment
    for name, fact in facts.items():
        setattr(application, name, fact)
    if application.is_duplicate and not claim(application):
        warn_holder(application)


@transaction.atomic
def take(application: Application) -> None:
    """The number, for whoever has proved what is their own; refused where its holder has shown as much or has time to."""
    application.hold()
    if not application.is_duplicate or claim(application):
        return
    account = User.objects.select_for_update().filter(username=application.person_index).first()
    if account and is_proven(account):
        raise known()
    rivals = list(rivals_of(application))
    for rival in rivals:
        rival.hold()
        rival.refresh_from_db()
    if any(map(is_looked_at, rivals)):
        raise looked_at()
    until = kept_until(application)
    if until > timezone.now() and not is_introduced(application) and any(map(has_shown_something, rivals)):
        raise held(until)
    displace(account, rivals)
    if not claim(application):
        raise out_of_step()


def kept_until(application: Application) -> datetime:
    return (application.proved_at or timezone.now()) + GRACE


def has_shown_something(rival: Application) -> bool:
    return not rival.is_ended and bool(rival.user_id or rival.proved_at)


def displace(account: User | None, rivals: list[Application]) -> None:
    """Who has shown nothing goes on as the second; an account whose grace is over is closed, and what hangs on it stops."""
    for rival in rivals:
        if has_shown_something(rival):
            tell_displaced(rival)
            leaving.leave(rival, "displaced")
        else:
            Application.objects.filter(pk=rival.pk).update(is_duplicate=True)
    if account:
        if not rivals and (last := account.applications.select_related("data_key", "user").order_by("pk").last()):
            tell_displaced(last)
        close(account)


def tell_displaced(rival: Application) -> None:
    notify(rival, "displaced", [rival.reference], intent=f"displaced {rival.pk}")


# ── Telling the holder, by the ways that we know already and never by those of whoever asks ──


def notify_holder(application: Application) -> None:
    """Once a day at most: somebody asked."""
    person = application.person_index
    tell_holder(person, account_of(person), rivals_of(application).first())


def tell_holder(person: str, account: User | None, holder: Application | None) -> None:
    intent = f"known {person} {timezone.localdate()}"
    if account:
        outbox.post("enrollment/messages/known_account", [], account, intent=intent)
    elif holder:
        notify(holder, "known_application", [holder.reference], intent=intent)


def warn_holder(application: Application) -> None:
    """Somebody has proved a phone or mailbox: until when the number stays with who has not shown the card."""
    holder = rivals_of(application).first()
    if holder is None or is_looked_at(holder) or not has_shown_something(holder):
        return
    until = f"{timezone.localtime(kept_until(application)):%H:%M %d/%m/%Y}"
    notify(holder, "contested", [until], intent=f"contested {holder.pk} {application.pk}")
