import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery import Celery
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends import locmem
from django.db import connection, transaction
from django.utils import timezone

from portal import outbox, waking, wording
from portal.gateways import sms
from portal.gateways.delivery import Undelivered
from portal.models import Message, User
from tests.conftest import People, at_once
from tests.postgresql import free_port

pytestmark = pytest.mark.django_db


class Phone:
    """A gateway that remembers, or refuses as told."""

    def __init__(self, refusal: Undelivered | None = None) -> None:
        self.texts: list[sms.Text] = []
        self.refusal = refusal
        self.odd = ""

    def send(self, text: sms.Text) -> str:
        if text.to == self.odd:
            raise RuntimeError("nobody foresaw this")
        self.texts.append(text)
        if self.refusal:
            raise self.refusal
        return f"provider-{len(self.texts)}"


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    phone = Phone()
    monkeypatch.setattr(sms, "gateway", lambda: phone)
    return phone


@pytest.fixture
def user(person: People) -> User:
    return person(language="vi")


def post(user: User, intent: str = "test", **more: Any) -> list[Message]:
    return outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent=intent, **more)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def test_a_message_goes_by_sms_and_e_mail(user: User, phone: Phone) -> None:
    post(user)
    assert outbox.deliver() == 2
    assert [text.to for text in phone.texts] == [user.phone]
    assert mail.outbox[0].to == [user.email]
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


def test_the_local_gateway_puts_sms_where_the_demo_desk_finds_them(user: User) -> None:
    post(user)
    outbox.deliver()
    [letter] = (settings.STATE / "inbox" / "sms").glob("*.json")
    assert "135790" in json.loads(letter.read_text())["body"]


def test_the_same_intent_posts_once(user: User, phone: Phone) -> None:
    """Promise P8, as far as messages go."""
    post(user)
    post(user)
    outbox.deliver()
    assert len(phone.texts) == len(mail.outbox) == 1


def test_a_cause_that_is_undone_posts_nothing(user: User) -> None:
    with transaction.atomic():
        post(user)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_once_sent_a_message_forgets_what_it_said_and_to_whom(user: User, phone: Phone) -> None:
    post(user)
    outbox.deliver()
    for row in Message.objects.values():
        assert row["recipient"] is row["params"] is None
        assert "135790" not in repr(row)
        assert user.phone not in repr(row)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("password_reset", ["135790", "15"]),
        ("security_changed", ["khóa sinh trắc học (thêm)", "23:59 31/12/2026"]),
        ("account_opened", ["Thẩm định viên, Người duyệt"]),
    ],
)
def test_an_sms_is_one_part_of_plain_letters_with_no_link_but_ours(
    template: str, params: list[str], language: str
) -> None:
    message = Message(template=f"portal/messages/{template}", language=language, params=params)
    text = wording.sms_text(message)
    assert text.isascii()
    assert len(text) <= 160
    assert not set(text) & set("#&")
    assert all(link.startswith(settings.SITE_URL) for link in re.findall(r"https?://\S+", text))
    subject, plain, html = wording.email_parts(message)
    assert subject
    assert "{" not in text + plain + html
    assert subject in html
    assert f'lang="{language}"' in html


def test_html_in_a_parameter_stays_text(user: User) -> None:
    """Promise P16, as far as messages go."""
    message = Message(template="portal/messages/account_opened", language="vi", params=["<script>alert(1)</script>"])
    _subject, plain, html = wording.email_parts(message)
    assert "<script>" in plain
    assert "<script>" not in html


def test_a_failed_message_waits_longer_each_time_and_then_is_dead(
    user: User, phone: Phone, clock: time_machine.Traveller
) -> None:
    phone.refusal = Undelivered("busy")
    post(user)
    waits = []
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.deliver()
        message = Message.objects.get(channel="sms")
        waits.append((message.due_at - timezone.now()).total_seconds())
        clock.shift(timedelta(seconds=waits[-1] + 1))
    assert waits[:4] == [10, 20, 40, 80]
    assert (message.status, message.error) == ("dead", "busy")
    assert outbox.deliver() == 0
    phone.refusal = None
    assert outbox.resend(Message.objects.all()) == 1
    outbox.deliver()
    assert Message.objects.get(channel="sms").status == "sent"


def test_a_final_no_is_not_tried_again(user: User, phone: Phone) -> None:
    phone.refusal = Undelivered("no such number", final=True)
    post(user)
    outbox.deliver()
    assert Message.objects.get(channel="sms").status == "dead"


def test_a_message_that_cannot_be_worded_is_given_up_alone(user: User, phone: Phone) -> None:
    outbox.post("portal/messages/unknown", ["x"], user, intent="first")
    post(user)
    outbox.deliver()
    assert len(phone.texts) == len(mail.outbox) == 1
    assert set(Message.objects.filter(status="dead").values_list("error", flat=True)) == {"TemplateDoesNotExist"}


class OddServer(locmem.EmailBackend):
    """A mail server that does with one of the letters what nobody foresaw."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if messages[0].to == ["odd@example.vn"]:
            raise RuntimeError("nobody foresaw this")
        return super().send_messages(messages)


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_what_nobody_foresaw_in_a_gateway_costs_one_message(
    channel: str, person: People, phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    users = [person() for _ in range(3)] + [person(email="odd@example.vn")] + [person() for _ in range(4)]
    phone.odd = users[3].phone if channel == "sms" else ""
    if channel == "email":
        monkeypatch.setattr(settings, "EMAIL_BACKEND", "tests.portal.test_outbox.OddServer")
    for user in users:
        post(user, intent=f"test {user.pk}")
    outbox.deliver()
    [failed] = Message.objects.exclude(status="sent")
    assert (failed.intent, failed.error) == (f"test {users[3].pk} {channel}", "RuntimeError")
    assert (failed.status, failed.lost) == ("due", 1)  # it may have gone: once more, and then no more
    assert "message failed unforeseen" in caplog.text


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_what_nobody_foresaw_in_the_wording_costs_one_message(channel: str, person: People, phone: Phone) -> None:
    users = [person() for _ in range(8)]
    for user in users:
        post(user, intent=f"test {user.pk}")
    odd = Message.objects.get(intent=f"test {users[3].pk} {channel}")
    odd.params = 5
    odd.save()
    outbox.deliver()
    [failed] = Message.objects.exclude(status="sent")
    assert (failed.intent, failed.error) == (f"test {users[3].pk} {channel}", "TypeError")
    assert (failed.status, failed.lost) == ("due", 0)


def test_a_message_past_its_time_is_not_sent(user: User, phone: Phone, clock: time_machine.Traveller) -> None:
    post(user, good_until=timezone.now() + timedelta(minutes=15))
    clock.shift(timedelta(minutes=16))
    outbox.deliver()
    assert phone.texts == []
    assert set(Message.objects.values_list("status", flat=True)) == {"lapsed"}


def test_a_sender_that_died_is_followed_once_and_no_more(
    user: User, phone: Phone, clock: time_machine.Traveller
) -> None:
    """Promise P17: at most one duplicate, ever."""
    post(user)
    assert len(outbox.take()) == 2  # and here the sender is killed
    assert outbox.take() == []
    clock.shift(outbox.LEASE + timedelta(seconds=1))
    assert len(outbox.take()) == 2  # the second is killed too
    clock.shift(outbox.LEASE + timedelta(seconds=1))
    assert outbox.take() == []
    assert set(Message.objects.values_list("status", flat=True)) == {"dead"}


def test_an_answer_that_never_came_is_doubted_once(user: User, phone: Phone, clock: time_machine.Traveller) -> None:
    phone.refusal = Undelivered("ReadTimeout", doubtful=True)
    post(user)
    for _ in range(5):
        outbox.deliver()
        clock.shift(timedelta(minutes=30))
    assert len(phone.texts) == 2
    assert Message.objects.get(channel="sms").status == "dead"


def test_a_report_that_is_faster_than_the_answer_is_kept(user: User, phone: Phone) -> None:
    post(user)
    [message, _mail] = outbox.take()
    outbox.report(message.pk, delivered=True)
    outbox.sent(message, "late answer")
    kept = Message.objects.get(channel="sms")
    assert (kept.status, kept.recipient, kept.params) == ("delivered", None, None)


def test_what_was_doubted_and_then_reported_is_not_sent_again(
    user: User, phone: Phone, clock: time_machine.Traveller
) -> None:
    phone.refusal = Undelivered("ReadTimeout", doubtful=True)
    [message, _mail] = post(user)
    outbox.deliver()
    outbox.report(message.pk, delivered=True)
    clock.shift(timedelta(minutes=30))
    outbox.deliver()
    assert len(phone.texts) == 1


def test_a_sender_that_comes_back_late_settles_nothing_of_its_followers(
    user: User, phone: Phone, clock: time_machine.Traveller
) -> None:
    post(user)
    [late, _mail] = outbox.take()
    clock.shift(outbox.LEASE + timedelta(seconds=1))
    outbox.take()
    outbox.failed(late, "too late to say")
    assert Message.objects.get(pk=late.pk).status == "sending"


def test_delivery_reports_need_the_token_that_went_with_the_message(user: User, phone: Phone, client: Any) -> None:
    post(user)
    outbox.deliver()
    report = phone.texts[0].report_url.removeprefix(settings.SITE_URL)
    message = Message.objects.get(channel="sms")
    assert client.get(f"/api/sms/{message.pk}/{'0' * 32}/?status=1").status_code == 404
    assert message.status == "sent"
    assert client.get(report, {"status": "1"}).status_code == 200
    assert Message.objects.get(channel="sms").status == "delivered"


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_away_the_request_goes_on_at_once_and_the_sweep_sends(
    user: User, phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = Celery("away", broker=f"redis://127.0.0.1:{free_port()}")
    away.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(waking, "celery", away)
    with transaction.atomic():
        post(user)
    outbox.waker.thread.submit(int).result()  # the word before it has been sent
    assert "broker away" in caplog.text
    assert Message.objects.filter(status="due").count() == 2
    outbox.deliver()
    assert len(phone.texts) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_delivers_by_a_real_broker(user: User) -> None:
    worker = ["env", f"DATABASE_URL={database_url()}", sys.executable, "-m", "celery", "-A", "portal", "--skip-checks"]
    process = subprocess.Popen(
        [*worker, "worker", "--pool", "threads", "-c", "2", "--without-gossip", "--without-mingle"]
    )
    try:
        post(user)
        for _ in range(100):
            if Message.objects.filter(status="sent").count() == 2:
                break
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait()
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


def database_url() -> str:
    place = connection.settings_dict
    return f"postgres://{place['USER']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_send_each_message_once(person: People, phone: Phone) -> None:
    users = [person() for _ in range(5)]
    for place in range(40):
        post(users[place % 5], intent=f"test {place}")
    at_once(8, lambda _place: outbox.deliver())
    assert len(phone.texts) == 40
    assert len({text.id for text in phone.texts}) == 40
    assert Message.objects.filter(status="sent").count() == 80


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_thirty_identical_causes_at_once_post_one_message(user: User, phone: Phone) -> None:
    """Promise P8, as far as messages go."""
    at_once(30, lambda _place: post(user))
    assert Message.objects.count() == 2
