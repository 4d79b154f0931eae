"""The code that proves the phone or the mailbox, and the account that it opens.

Whoever asks about a number learns nothing: an unknown one, one that waits and one that is taken get the same answers."""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps import budgets, holding
from enrollment.steps.notifying import notify
from portal import audit, codes, jobs, outbox, sealing
from portal.accounts.opening import open_account
from portal.accounts.passwords import check_password_for
from portal.accounts.reset import post_to_nobody
from portal.accounts.signing_in import network_of
from portal.allowances import Limit
from portal.models import Code, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
PURPOSE = "activation"
LASTS = timedelta(hours=24)
MOST_WAITING = 10  # of one number, among which a code typed elsewhere is looked for
TRIES = Limit("activation tries", codes.TRIES, codes.DAY)  # per number, until a new code is asked for


def code_of(application: Application) -> str:
    """What its code hangs on: this application, this person, this phone. A code for another, or for the phone before a
    correction, opens nothing here."""
    return sealing.blind_index(PURPOSE, f"{application.pk} {application.person_index} {application.phone_index}")


@transaction.atomic
def invite(application: Application, *, network: str = "", at_once: bool = False, unmetered: bool = False) -> None:
    """Make a code and send it to the phone and mailbox of this very application, whoever holds the number: so it tells
    nobody anything, and proves what is the own. Who holds the number is told that somebody asked."""
    budgets.count_number(application)
    if not unmetered:
        budgets.count_code(application)
    code = codes.make(
        PURPOSE,
        code_of(application),
        lasts=LASTS,
        account=application.phone_index,
        network=network,
        at_once=at_once,
        unmetered=unmetered,
    )
    TRIES.restore(application.person_index)
    if application.is_duplicate and not holding.claim(application):
        holding.notify_holder(application)
    notify(
        application,
        "activation_code",
        [code.digits, str(int(LASTS.total_seconds() // 3600))],
        intent=f"{PURPOSE} {application.pk} {code.expires_at.timestamp()}",
        good_until=code.expires_at,
    )


def arrived(application: Application) -> None:
    """The code goes out at once; whoever has an account needs none. Where nothing was paid it draws on the budget of whoever
    is there; who paid gets it in any case, and it is the gateway that is there."""
    if application.user_id:
        application.finish()
        return
    order = application.order
    place = audit.actor.get().place if order is None or order.total == 0 else ""
    try:
        invite(application, network=network_of(place) if place else "", at_once=True)
    except Refusal as no:  # a budget of codes is spent: the page says so and offers another later
        log.warning("no activation code", code=no.code)


def waiting(person: str) -> "QuerySet[Application]":
    """For a code: whoever holds the number first."""
    return Application.objects.filter(person_index=person, step=Step.ACTIVATION).order_by("is_duplicate", "pk")


def nobody(person: str) -> str:
    """What codes for a number hang on where no application waits; its budget is nobody's who comes later."""
    return sealing.blind_index("nobody", person)


def request_code(number: str, network: str, known: Application | None = None) -> None:
    """ "Kích hoạt lại tài khoản?": for anyone who types a number. Pause and budget are the number's own, whether or not
    anything waits for it, and so the answer tells nothing."""
    person = User.username_for(number)
    with transaction.atomic():
        code = codes.make(PURPOSE, nobody(person), lasts=LASTS, network=network)
        TRIES.restore(person)
        application = own(known, person) or waiting(person).filter(is_duplicate=False).first()
        if application is None:
            post_to_nobody(code)
        else:
            invite(application, unmetered=True)
        if user := holding.account_of(person):
            outbox.post("enrollment/messages/known_account", [], user, intent=f"known {person} {timezone.localdate()}")


def own(known: Application | None, person: str) -> Application | None:
    """The one that this browser holds, if it waits for this person's code."""
    fits = known and known.step == Step.ACTIVATION and known.person_index == person
    return known if fits else None


def meant(person: str, digits: str) -> Application | None:
    """Typed in another browser: the application that the digits were sent for, else the one of whoever holds the number."""
    candidates = list(waiting(person)[:MOST_WAITING])
    right = [each for each in candidates if codes.is_meant(PURPOSE, code_of(each), digits)]
    return next(iter(right + candidates), None)


def check(number: str, code: str, known: Application | None = None) -> Application:
    """Return the application that the code opens; on a device that a counter let in that one alone. Tries are counted by number
    first, and by code as well: a number for which nothing waits, or whose code has run out, gets the answers of any other."""
    person = User.username_for(number)
    is_let_in = known is not None and known.channel == Channel.COUNTER
    application = own(known, person) or (None if is_let_in else meant(person, code))
    left = TRIES.spend(person)
    if left is None:
        raise codes.ended()
    try:
        codes.check(PURPOSE, code_of(application) if application else nobody(person), code, account=person)
    except Refusal as no:
        if no.code == "code-guesses-spent":
            raise
        if left == 0 or (application and application is known and ends(application) is None):
            raise codes.ended() from no
        raise codes.wrong(left) from no
    if application is None:
        raise codes.ended()
    TRIES.restore(person)
    holding.prove(application)
    return application


@transaction.atomic
def activate(application: Application, password: str, *, email: str = "") -> User:
    """After the code was right: the account is opened, and the application moves on with it. The e-mail is told with the
    password where the declaration left it open."""
    if application.declaration is None or application.step != Step.ACTIVATION:
        raise codes.ended()
    if "email" in application.later:
        application.correct(replace(application.declaration, email=email))
    declared = application.declaration
    assert declared
    check_password_for(
        password, number=declared.number, full_name=declared.full_name, phone=declared.phone, email=declared.email
    )
    holding.take(application)
    budgets.count_account(application)
    try:
        with transaction.atomic():
            user = open_account(
                number=declared.number,
                full_name=declared.full_name,
                phone=declared.phone,
                email=declared.email,
                roles=["customer"],
                password=password,
                language=application.language,
                demo=application.is_demo,
            )
    except IntegrityError as taken:
        raise holding.known() from taken
    application.orders.update(buyer=user)
    application.finish(user=user)
    audit.record("account activated", application, user=user)
    outbox.post("enrollment/messages/activated", [], user, intent=f"activated {application.pk}")
    return user


@transaction.atomic
def correct_contact(application: Application, phone: str, email: str = "", *, network: str) -> None:
    """Until a code has proved them, phone and e-mail may be corrected; the code sent to the old ones ends here."""
    declared = application.declaration
    if declared is None or application.proved_at or application.step != Step.ACTIVATION:
        raise Refusal("contact-confirmed", _("Số điện thoại đã được xác nhận nên không đổi được ở bước này."))
    budgets.count_correction(application)
    application.correct(replace(declared, phone=phone, email=email))
    invite(application, network=network, at_once=True)


def ends(application: Application) -> datetime | None:
    """Until when the code that was sent is good."""
    live = Code.objects.filter(purpose=PURPOSE, target=code_of(application), live=True, expires_at__gt=timezone.now())
    return live.values_list("expires_at", flat=True).first()


def seconds_to_resend(application: Application) -> int:
    pause, target = codes.pause_of(PURPOSE), code_of(application)
    return pause.seconds_to_wait(target) if pause.is_spent(target) else 0


# ── On schedule ──


def pass_on() -> None:
    """Numbers whose holders let their grace go by, to whoever has proved a phone or mailbox since; these get a new code."""
    due = Application.objects.filter(
        is_duplicate=True, step=Step.ACTIVATION, proved_at__lt=timezone.now() - holding.GRACE
    ).select_related("data_key")
    jobs.each(jobs.through(due), _pass_on)


@transaction.atomic
def _pass_on(application: Application) -> None:
    try:
        holding.take(application)
    except Refusal as no:
        log.info("number not passed on", application=application.reference, code=no.code)
        return
    invite(application, at_once=True, unmetered=True)
