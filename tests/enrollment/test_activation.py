"""The code that opens the account, and what a stranger can learn from it: nothing."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal import wording
from portal.models import Code, Message, User
from tests.conftest import People, at_once
from tests.enrollment.conftest import PASSWORD, Customer, code_sent, messages_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def waiting(customer: Customers) -> Customer:
    return customer().opens().chooses().declares().pays_nothing()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def said(answer: object) -> str:
    page = answer.content.decode()  # type: ignore[attr-defined]
    errors = re.search(r"data-errors>.*?</div>", page, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", errors.group()).split()) if errors else ""


def test_the_right_code_opens_the_account_signs_in_and_moves_on(customer: Customers) -> None:
    walker = waiting(customer)
    answer = walker.activates()
    assert answer.headers["Location"] == "/application/"
    user = User.objects.with_number(walker.declaration.number)
    assert user
    assert user.check_password(PASSWORD)
    assert (user.full_name, user.phone, user.roles) == (
        walker.declaration.full_name,
        walker.declaration.phone,
        ["customer"],
    )
    assert Application.objects.get(user=user).step == Step.CAPTURE
    assert walker.client.get("/account/").status_code == 200
    assert messages_of("activated") == 1


def test_a_wrong_code_says_where_to_look_and_how_many_tries_are_left(customer: Customers) -> None:
    walker = waiting(customer)
    bad = wrong(code_sent("activation_code"))
    assert "còn 4 lần thử" in said(walker.activates(bad))
    assert "còn 3 lần thử" in said(walker.activates(bad))
    assert "SMS" in said(walker.activates(bad))


def test_number_and_code_are_wrong_in_the_same_words(customer: Customers, person: People) -> None:
    """An unknown number, one whose account is active and one that waits: five tries each, the same answers."""
    walker = waiting(customer)
    active = person()
    heard = []
    for number in (walker.declaration.number, "001190000007", active.id_number):
        stranger = customer()
        stranger.declaration = replace(walker.declaration, number=number)
        heard.append([said(stranger.activates("000000")) for _try in range(6)])
    assert heard[0] == heard[1] == heard[2]
    assert len(set(heard[0])) > 3


def test_asking_again_says_the_same_of_every_number(customer: Customers, person: People) -> None:
    walker = waiting(customer)
    active = person()
    answers = []
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        for number in (walker.declaration.number, "001190000007", active.id_number):
            client = Client()
            first = client.post("/activate/again/", {"number": number}, follow=True).content.decode()
            second = said(client.post("/activate/again/", {"number": number}))
            answers.append((re.findall(r"Nếu số giấy tờ[^<]*", first), second))
    assert answers[0] == answers[1] == answers[2]
    assert messages_of("activation_code") == 2
    assert messages_of("known_account") == 1


def test_a_code_opens_the_application_it_was_sent_for_and_no_other(customer: Customers) -> None:
    """A squatter's code must not open the account of whoever comes after him."""
    squatter = waiting(customer)
    code = code_sent("activation_code")
    squatter.post("/application/cancel/")
    victim = (
        customer(number=squatter.declaration.number, phone="0988123456").opens().chooses().declares().pays_nothing()
    )
    assert not victim.application.is_duplicate
    thief = customer()
    thief.declaration = victim.declaration
    if code != code_sent("activation_code"):
        assert "chưa đúng" in said(thief.activates(code))
        assert not User.objects.exists()


def test_a_claim_without_a_code_of_its_own_is_undone(customer: Customers) -> None:
    holder = waiting(customer)
    old = code_sent("activation_code")
    duplicate = (
        customer(number=holder.declaration.number, phone="0988123456").opens().chooses().declares().pays_nothing()
    )
    holder.post("/application/cancel/")
    duplicate.post("/activate/resend/")  # too soon after its own, so nothing is claimed
    assert duplicate.application.is_duplicate
    duplicate.activates(old)
    assert not User.objects.exists()


def test_after_asking_again_the_tries_are_alike_too(customer: Customers) -> None:
    walker = waiting(customer)
    heard = []
    for number in (walker.declaration.number, "001190000007"):
        stranger = customer()
        stranger.declaration = replace(walker.declaration, number=number)
        for _try in range(6):
            stranger.activates("000000")
        first = stranger.post("/activate/again/", {"number": number}).status_code
        heard.append((first, [said(stranger.activates("000000")) for _try in range(3)]))
    assert heard[0] == heard[1]


def pair(customer: Customers) -> tuple[Customer, Customer]:
    """A fresh application, and one whose number is taken."""
    taken = waiting(customer)
    return waiting(customer), customer(
        number=taken.declaration.number, phone="0988123456"
    ).opens().chooses().declares().pays_nothing()


def waits(walker: Customer) -> str:
    """Whether the page lets one ask for another code now."""
    [seconds] = re.findall(r'data-wait="(\d+)"', walker.client.get("/activate/").content.decode())
    return "about a minute" if int(seconds) > 30 else seconds


def test_in_its_own_browser_a_duplicate_is_answered_like_any_other(customer: Customers) -> None:
    heard = []
    for walker in pair(customer):
        answers = [said(walker.activates("000000")) for _try in range(6)]
        answers.append(waits(walker))
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            walker.post("/activate/resend/")
            answers += [said(walker.activates("000000")) for _try in range(2)]
        with time_machine.travel(timezone.now() + timedelta(minutes=4)):
            answers.append(walker.post("/activate/again/", {"number": walker.declaration.number}).headers["Location"])
            answers += [said(walker.activates("000000")) for _try in range(2)]
            answers.append(waits(walker))
        heard.append(answers)
    assert heard[0] == heard[1]


@pytest.mark.parametrize("hours", [0, 5])
def test_ten_times_again_and_a_day_later_numbers_still_answer_alike(customer: Customers, hours: int) -> None:
    walker, heard = waiting(customer), []
    for number in (walker.declaration.number, "001190000007"):
        stranger, answers = customer(), []
        stranger.declaration = replace(walker.declaration, number=number)
        with time_machine.travel(timezone.now() + timedelta(hours=20)) as clock:
            for _time in range(11):
                answers.append(stranger.post("/activate/again/", {"number": number}).status_code)
                clock.shift(timedelta(minutes=2))
            answers += [said(stranger.activates("000000")) for _try in range(6)]
            clock.shift(timedelta(hours=hours))
            answers += [said(stranger.activates("000000")) for _try in range(2)]
        heard.append(answers)
    assert heard[0] == heard[1]


def test_asking_for_a_strangers_number_spends_nothing_of_theirs(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    for minute in range(1, 15):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * minute)):
            Client().post("/activate/again/", {"number": walker.declaration.number})
    walker.pays_nothing()
    assert messages_of("activation_code") == 1


def test_a_new_code_ends_the_old_one(customer: Customers) -> None:
    walker = waiting(customer)
    old = code_sent("activation_code")
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        walker.post("/activate/resend/")
        walker.activates(old)
        if old != code_sent("activation_code"):
            assert not User.objects.exists()
        assert walker.activates().status_code == 302


def test_resending_at_once_asks_to_wait(customer: Customers) -> None:
    walker = waiting(customer)
    page = walker.client.post("/activate/resend/", follow=True).content.decode()
    assert "vui lòng chờ" in page
    assert re.search(r'data-wait="[1-9]\d?"', page)
    assert messages_of("activation_code") == 1


def test_codes_are_sent_within_a_budget(customer: Customers) -> None:
    walker = waiting(customer)
    for minute in range(1, 15):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * minute)):
            walker.post("/activate/resend/")
    assert messages_of("activation_code") == 10


def test_a_late_code_is_refused_and_another_works(customer: Customers) -> None:
    walker = waiting(customer)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert "chưa đúng" in said(walker.activates())
        walker.post("/activate/again/", {"number": walker.declaration.number})
        assert walker.activates().status_code == 302


def test_a_code_of_no_number_and_a_number_without_a_code_spend_no_try(customer: Customers) -> None:
    walker = waiting(customer)
    for form in ({"number": walker.declaration.number}, {"code": "000000"}):
        walker.post("/activate/", form)
    assert Code.objects.get(live=True).tries_left == 5


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_sixty_wrong_codes_at_once_five_are_looked_at(customer: Customers) -> None:
    """Promise P9, as far as activation."""
    walker = waiting(customer)
    right = int(code_sent("activation_code"))

    def guess(place: int) -> str:
        another = customer()
        another.declaration = walker.declaration
        return said(another.activates(f"{(right + 1 + place) % 1_000_000:06}"))

    answers = at_once(60, guess)
    assert sum("lần thử" in str(answer) for answer in answers) <= 5
    assert said(walker.activates(f"{right:06}"))  # the right one is too late by now
    assert not User.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_right_code_thirty_times_at_once_opens_one_account(customer: Customers) -> None:
    walker = waiting(customer)
    code = code_sent("activation_code")

    def enter(_place: int) -> int:
        another = customer()
        another.declaration = walker.declaration
        return int(another.activates(code).status_code)

    assert at_once(30, enter).count(302) == 1
    assert User.objects.count() == 1


def test_a_mistyped_contact_is_corrected_and_the_old_code_ends(customer: Customers) -> None:
    walker = waiting(customer)
    old = code_sent("activation_code")
    answer = walker.post("/activate/contact/", {"phone": "0988 777 555", "email": "moi@example.vn"})
    assert answer.status_code == 302
    declared = walker.application.declaration
    assert declared
    assert (declared.phone, declared.email) == ("0988777555", "moi@example.vn")
    assert Message.objects.filter(template="enrollment/messages/activation_code", masked="09•••••555").count() == 1
    if old != code_sent("activation_code"):
        assert "chưa đúng" in said(walker.activates(old))
    assert walker.activates().status_code == 302


def test_a_confirmed_phone_is_not_corrected_here(customer: Customers) -> None:
    walker = waiting(customer)
    Application.objects.update(proved_at=timezone.now())
    assert walker.client.get("/activate/contact/").headers["Location"] == "/activate/"


def test_the_messages_say_the_code_and_no_number(customer: Customers) -> None:
    walker = waiting(customer)
    code = code_sent("activation_code")
    for message in Message.objects.filter(template="enrollment/messages/activation_code"):
        text = wording.sms_text(message) if message.channel == "sms" else "".join(wording.email_parts(message))
        assert code in text
        assert walker.declaration.number not in text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_sms_fits_one_part(language: str, settings: object) -> None:
    settings.SITE_URL = "https://smartca.example.vn"  # type: ignore[attr-defined]
    params = {
        "activation_code": ["123456", "24"],
        "phone_code": ["123456", "10"],
        "resume_code": ["123456", "10"],
        "reminder": ["ABCD2345", "28/11/2026"],
        "reminder_account": ["ABCD2345", "28/11/2026"],
        "known_account": [],
        "known_application": ["ABCD2345"],
        "activated": [],
        "displaced": ["ABCD2345"],
        "contested": ["12:00 28/11/2026"],
        "invitation": ["VNPT Bà Rịa - Vũng Tàu", f"https://smartca.example.vn/invited/?t={24 * 'x'}", "10"],
        "moved_here": ["ABCD2345", "VNPT Bà Rịa - Vũng Tàu"],
    }
    for name, values in params.items():
        text = wording.sms_text(
            Message(template=f"enrollment/messages/{name}", language=language, channel="sms", params=values)
        )
        assert len(text) <= 160, f"{name}: {len(text)}"
        assert text.isascii()
