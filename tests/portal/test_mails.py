"""What every e-mail has."""

import re

import pytest
from django.conf import settings

from portal import outbox, wording
from portal.models import Message
from tests.conftest import People


def test_a_mail_has_one_button_whose_address_stands_in_the_text_too() -> None:
    for template in sorted(settings.BASE_DIR.glob("templates/*/messages/*.email.txt")):
        name = f"{template.parts[-3]}/messages/{template.name.removesuffix('.email.txt')}"
        params = ["135790", "15", "3", "4", "https://hoadon.example.vn/tra-cuu", "6"]
        if name.endswith("contract_ready"):
            params[1] = f"{settings.SITE_URL}/certificate/documents/"
        message = Message(template=name, params=params, language="vi")
        _subject, plain, html = wording.email_parts(message)
        buttons = re.findall(r'<a href="(https?://[^"]+)"[^>]*>([^<]+)</a>', html)
        assert len(buttons) == 1, name
        [(address, label)] = buttons
        assert f"\n{label}: {address}\n" in plain, name
        assert plain.startswith("Kính gửi Quý khách,\n")
        assert plain.endswith("nhánh 1, miễn phí\n")


def test_what_is_filled_in_stands_as_written_in_the_text_and_cannot_mark_up_the_html() -> None:
    message = Message(template="portal/messages/account_opened", params=["R&D <b>"], language="vi")
    _subject, plain, html = wording.email_parts(message)
    assert "R&D <b>" in plain
    assert "R&amp;D &lt;b&gt;" in html
    assert "R&D <b>" in wording.sms_text(message)


def test_only_an_address_by_itself_is_a_button() -> None:
    assert wording.button("Đăng nhập: https://x.vn/a/") == ("Đăng nhập", "https://x.vn/a/")
    for paragraph in ("Địa chỉ: https://x.vn/ hoặc gọi", "https://x.vn/", "Mã: 135790", ": https://x.vn/"):
        assert wording.button(paragraph) == ("", "")


@pytest.mark.parametrize(("role", "host"), [("agent", "quay"), ("customer", "smartca")])
def test_staffs_messages_lead_to_the_desks_door(
    role: str, host: str, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the public's, where it is another, they neither sign in nor set a password."""
    monkeypatch.setattr(settings, "SITE_URL", "https://smartca.example.vn")
    monkeypatch.setattr(settings, "DESK_URL", "https://quay.example.vn")
    sms, letter = outbox.post("portal/messages/account_opened", ["Nhân viên quầy"], person(role), intent="opened")
    for words in (wording.sms_text(sms), wording.email_parts(letter)[1]):
        assert f"https://{host}.example.vn/password/forgotten/" in words
