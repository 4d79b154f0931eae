"""How many codes go out for an application, to a phone and to a mailbox, and how many numbers and accounts one may serve.

What codes cost a number and a network is counted in portal/codes.py. Here is counted what one application could spread: codes
to ever other phones, and one phone or mailbox behind ever other numbers."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from portal import sealing, writing
from portal.allowances import Limit

DAY = timedelta(days=1)
OF_APPLICATION = Limit("codes of application", 10, DAY)  # to whichever phones and mailboxes it names one after another
TO_MAILBOX = Limit("codes to mailbox", 20, DAY)
CORRECTIONS = Limit("contact corrections", 3, DAY)  # of one application
# A family may share a phone; nobody has so many numbers of ID.
NUMBERS = Limit("numbers behind contact", 5, DAY)
SAME_NUMBER = Limit("number behind contact", 1, DAY)  # the same number again costs nothing more
ACCOUNTS = Limit("accounts behind contact", 3, timedelta(days=30))

TOO_MANY_CODES = _("Quý khách đã yêu cầu quá nhiều mã trong ngày. Vui lòng thử lại vào ngày mai hoặc gọi 18001260.")
TOO_MANY_NUMBERS = _(
    "Số điện thoại hoặc email này đã được dùng cho nhiều số giấy tờ khác. Quý khách hãy dùng số điện thoại và email của chính "
    "mình, hoặc đăng ký tại quầy VNPT."
)


def contacts(application: Application) -> list[str]:
    declared = application.declaration
    assert declared
    mailbox = [sealing.blind_index("mailbox", writing.mailbox(declared.email))] if declared.email else []
    return [application.phone_index, *mailbox]


def count_code(application: Application) -> None:
    """One more code that somebody asked for."""
    OF_APPLICATION.require(str(application.pk), TOO_MANY_CODES)
    for mailbox in contacts(application)[1:]:
        TO_MAILBOX.require(mailbox, TOO_MANY_CODES)


def count_number(application: Application) -> None:
    """This number behind this phone and this mailbox: told before any code goes there, whoever asks for it."""
    for contact in contacts(application):
        if SAME_NUMBER.spend(sealing.blind_index("behind", f"{contact} {application.person_index}")) is not None:
            NUMBERS.require(contact, TOO_MANY_NUMBERS)


def count_correction(application: Application) -> None:
    CORRECTIONS.require(
        str(application.pk),
        _("Quý khách đã sửa số điện thoại, email nhiều lần. Vui lòng thử lại vào ngày mai hoặc gọi 18001260."),
    )


def count_account(application: Application) -> None:
    for contact in contacts(application):
        ACCOUNTS.require(contact, TOO_MANY_NUMBERS)
