"""What messages say: one template for each, an SMS and an e-mail in the language of whom it is to."""

from contextlib import AbstractContextManager

from django.conf import settings
from django.db.models import Q
from django.template import Context, Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from portal import sealing, writing
from portal.models import Message, User

HOPELESS = (TemplateDoesNotExist, TemplateSyntaxError, sealing.Broken)  # such a message can never be worded


def in_language_of(user: User) -> AbstractContextManager[None]:
    return translation.override(user.language)


def sms_text(message: Message) -> str:
    """Without accents, on one line: 160 of the plainest letters are one part on every phone."""
    return " ".join(writing.fold(_rendered(message, "sms")).split())


def button(paragraph: str) -> tuple[str, str]:
    """ "Đăng nhập: https://…" by itself is a button in the HTML; as text it keeps its address."""
    label, _colon, address = paragraph.rpartition(": ")
    return (
        (label, address) if label and address.startswith(("https://", "http://")) and " " not in address else ("", "")
    )


def email_parts(message: Message) -> tuple[str, str, str]:
    """Subject, text and HTML of one template: its first line is the subject, each paragraph serves both bodies."""
    subject, _blank, body = _rendered(message, "email").strip().partition("\n")
    with translation.override(message.language):
        paragraphs = [
            _("Kính gửi Quý khách,"),
            *(" ".join(part.split()) for part in body.split("\n\n") if part.strip()),
        ]
        foot = f"{_('Tổng đài chăm sóc khách hàng')}: 1800 1260 {_('nhánh 1, miễn phí')}"
        html = render_to_string(
            "portal/messages/base.html",
            {
                "subject": subject,
                "paragraphs": [(paragraph, *button(paragraph)) for paragraph in paragraphs],
                "foot": foot,
                "language": message.language,
            },
        )
    return subject.strip(), "\n\n".join([*paragraphs, foot]) + "\n", html


def _rendered(message: Message, kind: str) -> str:
    params = {f"p{place}": value for place, value in enumerate(message.params, 1)}
    with translation.override(message.language):
        words = Engine.get_default().get_template(f"{message.template}.{kind}.txt")
        return words.render(Context({**params, "site": site_of(message)}, autoescape=False))


def site_of(message: Message) -> str:
    """Where its links lead: of what is about an account of staff's, to the desk, the only door at which they may enter."""
    if settings.DESK_URL == settings.SITE_URL or not message.template.startswith("portal/"):
        return settings.SITE_URL
    theirs = Q(phone_index=message.recipient_index) | Q(email_index=message.recipient_index)
    is_staffs = User.objects.filter(theirs, is_staff=True).exists()
    return settings.DESK_URL if is_staffs else settings.SITE_URL
