"""The audit trail and the messages as staff read them: found, told in words, taken away on the record."""

import ast
import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from portal import audit, changes, outbox
from portal.accounts import changing
from portal.admin.trail import EXPORTS, messages_in_words
from portal.audit.reading import FIELDS
from portal.models import Event, Message, User
from tests.conftest import People
from tests.enrollment.test_application import an_application

pytestmark = pytest.mark.django_db
EVENTS, MESSAGES = "/admin/portal/event/", "/admin/portal/message/"


@pytest.fixture
def auditor(staff: People, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(staff("auditor"))


def sought(client: Client, page: str, term: str) -> str:
    answer = client.post(page, {"q": term})
    assert term not in answer.headers["Location"]
    return rows_of(client, answer.headers["Location"])


def rows_of(client: Client, address: str) -> str:
    return client.get(address).content.decode().partition('id="result_list"')[2]


def exported(client: Client, query: str = "") -> list[list[str]]:
    answer = client.post(f"{EVENTS}export/{query}")
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("known", ["id_number", "phone", "email"])
def test_what_a_person_did_and_what_was_done_to_them_is_found(auditor: Client, person: People, known: str) -> None:
    user, other = person(), person()
    audit.record("password changed", user, user=user, reason="theirs")
    audit.record("password changed", user, reason="done to them")
    audit.record("password changed", other, reason="another's")
    rows = sought(auditor, EVENTS, str(getattr(user, known)))
    assert "theirs" in rows
    assert "done to them" in rows
    assert "another's" not in rows
    assert Event.objects.filter(verb="trail searched").exists()


def test_what_was_done_in_a_file_is_found_by_its_reference(auditor: Client) -> None:
    application, other = an_application(), an_application()
    for each in (application, other):
        audit.record("application stopped", each, reason=f"of {each.reference}")
    rows = sought(auditor, EVENTS, application.reference.lower())
    assert f"of {application.reference}" in rows
    assert other.reference not in rows


def test_a_day_is_found_both_ends_within(auditor: Client) -> None:
    today = timezone.localtime().replace(hour=12)
    for days in (3, 2, 1):
        with time_machine.travel(today - timedelta(days=days)):
            audit.record("password changed", "user:0", reason=f"{days} days ago")
    first, last = (f"{today - timedelta(days=days):%d/%m/%Y}" for days in (3, 2))
    rows = rows_of(auditor, f"{EVENTS}?from_day={first}&to_day={last}")
    assert "3 days ago" in rows
    assert "2 days ago" in rows
    assert "1 days ago" not in rows
    assert "1 days ago" in rows_of(auditor, f"{EVENTS}?from_day=x&to_day=")


def test_a_day_is_written_as_everywhere_and_a_wrong_one_is_told(auditor: Client) -> None:
    page = auditor.get(f"{EVENTS}?from_day=28/03/2026").content.decode()
    assert 'placeholder="dd/mm/yyyy" value="28/03/2026"' in page
    assert 'type="date"' not in page
    assert "Ngày chưa đúng" not in page
    assert "Ngày chưa đúng" in auditor.get(f"{EVENTS}?from_day=30/02/2026").content.decode()


@pytest.mark.parametrize(
    ("language", "said"),
    [("vi", "Vai trò: Thẩm định viên → Thẩm định viên, Giám sát"), ("en", "Role: Reviewer → Reviewer, Supervisor")],
)
def test_old_and_new_stand_side_by_side_in_the_readers_words(
    staff: People, signed_in: Callable[[User], Client], language: str, said: str
) -> None:
    client = signed_in(staff("auditor", language=language))
    audit.record(
        "password changed", "user:0", before={"roles": ["reviewer"]}, after={"roles": ["reviewer", "supervisor"]}
    )
    assert said.lower() in rows_of(client, EVENTS).lower()


@pytest.mark.parametrize(("reads", "said"), [("vi", "Đang hoạt động: có → không"), ("en", "Active: yes → no")])
@pytest.mark.parametrize("acts", ["vi", "en"])
def test_what_two_people_did_is_told_in_the_readers_words_not_in_theirs(
    staff: People, signed_in: Callable[[User], Client], acts: str, reads: str, said: str
) -> None:
    with translation.override(acts):
        changes.propose(
            "account changed",
            changing.about(staff("agent")),
            {"is_active": False},
            staff("operator"),
            reason="nghỉ việc từ mai",
        )
    assert said in rows_of(signed_in(staff("auditor", language=reads)), EVENTS)


def test_a_value_that_nobody_knows_any_more_is_told_as_it_was_put_down(auditor: Client) -> None:
    audit.record("change proposed", "user:0", kind="policy", before={"status": "Nháp cũ"}, after={})
    assert "Nháp cũ →" in rows_of(auditor, EVENTS)


def test_the_trail_leaves_as_it_is_shown_and_that_is_on_the_record(auditor: Client, person: People) -> None:
    user = person()
    audit.record("password changed", user, reason="=1+1")
    audit.record("sign-out", user, user=user)
    head, *lines = exported(auditor, "?verb=password+changed")
    assert head[:2] == ["Lúc", "Ai"]
    [line] = lines
    assert "Đổi mật khẩu" in line
    assert f"user:{user.pk}" in line
    entry = Event.objects.get(verb="trail exported")
    assert entry.details == {"count": 1, "fields": ["verb"]}


def test_no_cell_is_a_formula(auditor: Client) -> None:
    audit.record("password changed", "=cmd()", before=["-1"], after="+2")
    [line] = exported(auditor, "?verb=password+changed")[1:]
    assert not [cell for cell in line if cell[:1] in ("=", "+", "-", "@")]


def test_so_many_exports_a_day_and_none_by_a_link_or_a_stranger(
    auditor: Client, person: People, signed_in: Callable[[User], Client]
) -> None:
    assert auditor.get(f"{EVENTS}export/").status_code == 403
    assert signed_in(person()).post(f"{EVENTS}export/").status_code == 302
    answers = [auditor.post(f"{EVENTS}export/").status_code for _time in range(EXPORTS.times + 1)]
    assert answers == [200] * EXPORTS.times + [429]


def test_an_export_has_an_end(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.admin.trail.MOST", 2)
    for _entry in range(3):
        audit.record("password changed", "user:0")
    assert len(exported(auditor)) == 1 + 2


@pytest.mark.parametrize("known", ["phone", "email"])
def test_what_was_sent_to_somebody_is_found_also_when_the_address_is_gone(
    auditor: Client, person: People, known: str
) -> None:
    user, other = person(), person()
    for whose in (user, other):
        outbox.post("portal/messages/password_reset", ["135790", "15"], whose, intent=f"trial {whose.pk}")
    outbox.deliver()
    assert not Message.objects.exclude(recipient=None).exists()
    [message] = Message.objects.filter(intent=f"trial {user.pk} {'sms' if known == 'phone' else 'email'}")
    rows = sought(auditor, MESSAGES, str(getattr(user, known)))
    assert str(message.pk) in rows
    assert rows.count("action-select") <= 1
    assert Event.objects.filter(verb="messages searched").exists()


def test_what_was_sent_about_a_file_is_found_by_its_reference(auditor: Client, person: People) -> None:
    application, user = an_application(), person()
    for about, intent in ((f"application:{application.pk}", "about it"), ("", "about nothing")):
        outbox.post("portal/messages/password_reset", ["1", "2"], user, intent=intent, about=about)
    rows = sought(auditor, MESSAGES, application.reference)
    shown = {str(key) for key in Message.objects.values_list("pk", flat=True) if str(key) in rows}
    assert shown == {
        str(key) for key in Message.objects.filter(intent__startswith="about it").values_list("pk", flat=True)
    }


def test_what_does_not_exist_is_found_nowhere(auditor: Client) -> None:
    audit.record("password changed", "user:0", reason="somebody's")
    for term in ("HS-KHONGCO", "0912000000", "a@b.vn", "user:999999"):
        assert "somebody's" not in sought(auditor, EVENTS, term)


def test_every_value_of_an_entry_has_a_word() -> None:
    own = {"user", "result", "request"}  # who and how it went stand in columns of their own
    named = {
        word.arg
        for app in ("portal", "enrollment", "kyc", "signing")
        for file in (settings.BASE_DIR / app).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "looks.look", "looks.refuse")
        for word in call.keywords
        if word.arg
    }
    assert named - own - set(FIELDS) == set()


@pytest.mark.parametrize("day", ["31/12/9999", "30/12/9999", "01/01/0001", "x", "30/02/2026", "2026-03-28"])
def test_a_day_that_no_clock_says_harms_nothing(day: str, auditor: Client) -> None:
    for name in ("from_day", "to_day"):
        assert auditor.get(f"{EVENTS}?{name}={day}").status_code == 200


def test_an_entry_names_whom_and_what_it_is_about(auditor: Client, staff: People, person: People) -> None:
    colleague, customer, application = staff("agent", full_name="Võ Thị Mẫu Tên"), person(), an_application()
    for about in (colleague, customer, application, "user:999999"):
        audit.record("password changed", about, user=colleague)
    rows = rows_of(auditor, f"{EVENTS}?verb=password+changed")
    assert f'<a href="/admin/portal/user/{colleague.pk}/change/">Võ Thị Mẫu Tên</a>' in rows
    assert f"Khách hàng số {customer.pk}" in rows
    assert customer.full_name not in rows
    assert f"Hồ sơ {application.reference}" in rows
    assert "user:999999" in rows  # gone: what is left is its label
    assert f"user:{colleague.pk}" not in rows


def test_naming_a_page_of_entries_costs_a_query_for_each_kind(
    auditor: Client, person: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _time in range(12):
        audit.record("password changed", person())
        audit.record("application stopped", an_application())
    with django_assert_max_num_queries(24):
        auditor.get(EVENTS)


def test_every_message_says_to_whom_it_goes_and_what_it_says() -> None:
    templates = {
        f"{letter.parents[1].name}/messages/{letter.name.partition('.')[0]}"
        for kind in ("sms", "email")
        for letter in (settings.BASE_DIR / "templates").glob(f"*/messages/*.{kind}.txt")
    }
    assert set(messages_in_words()) == templates


def test_messages_are_listed_by_what_they_say(auditor: Client, person: People) -> None:
    outbox.post("portal/messages/password_reset", ["135790", "15"], person(), intent="x")
    page = auditor.get(MESSAGES).content.decode()
    assert "Chủ tài khoản: mã đặt lại mật khẩu" in page
    assert ">portal/messages/password_reset<" not in page


def test_the_trails_verbs_stand_under_the_part_that_does_them(auditor: Client) -> None:
    page = auditor.get(EVENTS).content.decode()
    for group in ("Tài khoản và hệ thống", "Thẩm định", "Ký số"):
        assert f'<li class="group">{group}</li>' in page
