"""The queue: sifted by what stands in the address, filters kept by name, what the customer took back, and by index."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollment.models import Application
from enrollment.orders.models import Plan
from enrollment.steps import leaving, opening
from kyc import board, queue, sifting
from kyc.models import Case, Remark, SavedFilter
from kyc.steps import checking
from portal.models import Branch, User
from portal.refusals import Refusal
from tests.kyc.conftest import MORE, a_case, act, an_application, assisted, bare_case, refused

pytestmark = pytest.mark.django_db
People = Callable[..., User]
Enter = Callable[[User], Client]
DESK = "/admin/kyc/case/"


def changed(case: Case, **facts: Any) -> Case:
    Case.objects.filter(pk=case.pk).update(**facts)
    return case


# ── Sifted ──


def test_each_filter_shows_what_it_says_and_several_together(staff: People, signed_in: Enter) -> None:
    branch = Branch.objects.create(name="VNPT Mẫu Sơn", province="01")
    plan = Plan.objects.order_by("pk")[1]
    at_branch, old, flagged, english, both = (bare_case() for _case in range(5))
    changed(at_branch, branch=branch)
    changed(old, received_at=timezone.now() - timedelta(hours=5))
    changed(flagged, flags="fail face-near")
    changed(english, language="en")
    changed(both, plan=plan, channel="another", flags="address", received_at=timezone.now() - timedelta(hours=2))
    client = signed_in(staff("reviewer"))
    for query, expected in (
        ({"branch": str(branch.pk)}, {at_branch}),
        ({"age": "4h"}, {old}),
        ({"age": "1h"}, {old, both}),
        ({"flag": "any"}, {flagged, both}),
        ({"flag": "face-near"}, {flagged}),
        ({"language": "en"}, {english}),
        ({"plan": str(plan.pk)}, {both}),
        ({"channel": "another", "flag": "address", "age": "1h"}, {both}),
        ({"flag": "none", "branch": "online"}, {old, english}),
        ({"plan": "nothing", "branch": "1 OR 1=1", "age": "9y"}, {at_branch, old, flagged, english, both}),
    ):
        page = client.get(DESK, query)
        assert {row["case"] for row in page.context["rows"]} == expected, query
        number = {name: count for name, _label, count in page.context["tabs"]}["new"]
        assert number == len(expected)  # the tabs count what they will show
    assert "&amp;age=1h" in client.get(DESK, {"channel": "another", "age": "1h"}).content.decode()


def test_a_filter_is_kept_by_name_for_one_person_and_taken_away(staff: People, signed_in: Enter) -> None:
    reviewer, other = staff("reviewer"), staff("reviewer")
    client = signed_in(reviewer)
    client.post(f"{DESK}filter/", {"name": "Có dấu hiệu lâu", "tab": "new", "flag": "any", "age": "1h", "q": "x"})
    kept = SavedFilter.objects.get()
    assert (kept.by, kept.query) == (reviewer, "flag=any&age=1h")
    assert "Có dấu hiệu lâu" in client.get(DESK).content.decode()
    stranger = signed_in(other)
    assert "Có dấu hiệu lâu" not in stranger.get(DESK).content.decode()
    stranger.post(f"{DESK}filter/", {"remove": kept.pk})
    assert SavedFilter.objects.exists()
    client.post(f"{DESK}filter/", {"remove": kept.pk})
    assert not SavedFilter.objects.exists()


def test_a_filter_without_a_name_or_a_choice_is_not_kept_and_no_more_than_twelve(reviewer: User) -> None:
    for name, query in (("", {"age": "1h"}), ("Tất cả", {}), ("Lạ", {"age": "9y"})):
        with pytest.raises(Refusal, match="incomplete"):
            sifting.save(reviewer, name, query)
    for number in range(12):
        sifting.save(reviewer, f"Bộ {number}", {"age": "1h"})
    sifting.save(reviewer, "Bộ 3", {"age": "4h"})
    with pytest.raises(Refusal, match="too-many"):
        sifting.save(reviewer, "Bộ 13", {"age": "1h"})
    assert SavedFilter.objects.get(name="Bộ 3").query == "age=4h"


@pytest.mark.parametrize("role", ["agent", "operator"])
def test_who_has_no_desk_keeps_no_filter_and_reads_no_numbers(role: str, staff: People, signed_in: Enter) -> None:
    case, client = bare_case(), signed_in(staff(role))
    client.post(f"{DESK}filter/", {"name": "Của tôi", "age": "1h"})
    assert not SavedFilter.objects.exists()
    for path in ("live/", f"{case.pk}/live/"):
        assert client.get(DESK + path).status_code in (302, 403)


def test_a_case_keeps_what_it_is_sifted_by(person: People) -> None:
    user = person()
    User.objects.filter(pk=user.pk).update(language="en")
    application = an_application(user=User.objects.get(pk=user.pk))
    Application.objects.filter(pk=application.pk).update(step="pin", reached="pin")
    application.refresh_from_db()
    application.finish()
    case = Case.objects.get(application=application)
    assert (case.plan, case.channel, case.language) == (application.plan, "browser", "en")


def test_what_machines_notice_is_a_flag_of_both_files() -> None:
    first, second = a_case(), a_case(other=True, fault="other-name")
    checking.check_due()
    first.refresh_from_db()
    second.refresh_from_db()
    assert "face-near" in first.flags.split()
    assert {"face-near", "fail"} <= set(second.flags.split())
    assert set(second.flags.split()) <= set(sifting.FLAGS)


def test_the_same_helping_agent_flags_neither_file(staff: People) -> None:
    agent, cases = staff("agent"), [a_case(), a_case(other=True)]
    for case in cases:
        assisted(case.application, agent)
    checking.check_due()
    for case in cases:
        case.refresh_from_db()
        assert "agent" not in case.flags.split()


# ── How a row stands ──


def test_late_and_soon_are_said_in_words_and_the_late_have_their_tab(staff: People, signed_in: Enter) -> None:
    late, soon, asked = (bare_case() for _case in range(3))
    changed(late, due_at=timezone.now() - timedelta(minutes=25, seconds=5))
    changed(soon, due_at=timezone.now() + timedelta(minutes=9, seconds=30))
    changed(asked, due_at=timezone.now() - timedelta(hours=3), asking="asked")
    client = signed_in(staff("reviewer"))
    page = client.get(DESK).content.decode()
    assert "▲ trễ 25 phút" in page
    assert "◆ còn 9 phút" in page
    assert "đợi khách trả lời" in page
    assert [row["case"] for row in client.get(DESK, {"tab": "late"}).context["rows"]] == [late]
    assert board.figures()["late"] == 1


def test_a_note_and_an_answer_are_marked_in_the_queue(staff: People, signed_in: Enter, reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    act(case, "note", reviewer, words="Nghi hai người dùng chung")
    changed(case, asking="answered")
    page = signed_in(reviewer).get(DESK, {"tab": "mine"}).content.decode()
    assert "có ghi chú" in page
    assert "khách đã trả lời" in page
    assert "hai người" not in page  # what it says is the file's, and reading it a look
    assert Remark.objects.count() == 1


def test_an_open_page_is_told_the_new_numbers(staff: People, signed_in: Enter, reviewer: User) -> None:
    client = signed_in(reviewer)
    changed(bare_case(), flags="fail")
    bare_case()
    assert client.get(f"{DESK}live/").json()["new"] == 2
    assert client.get(f"{DESK}live/", {"flag": "fail"}).json()["new"] == 1


def test_people_have_names_and_no_numbers(staff: People, signed_in: Enter, person: People) -> None:
    reviewer, customer = staff("reviewer", full_name="Mai Mẫu Một"), person(full_name="Lý Mẫu Hai")
    case = bare_case()
    case.application.trail.update(actor=customer)
    act(case, "take", reviewer)
    act(case, "hold", reviewer, **MORE["hold"])
    act(case, "resume", reviewer)
    act(case, "take", reviewer)
    client = signed_in(reviewer)
    for path in ("?tab=mine", f"{case.pk}/change/", "board/"):
        page = client.get(DESK + path).content.decode()
        assert reviewer.full_name in page
        assert not re.search(rf"#({reviewer.pk}|{customer.pk})\b", page)
    assert customer.full_name in client.get(f"{DESK}{case.pk}/change/").content.decode()


# ── The customer withdrew ──


def withdrawn(reviewer: User) -> Case:
    case = bare_case()
    act(case, "take", reviewer)
    opening.withdraw(case.application.consents.get(purpose="personal-data"))
    case.refresh_from_db()
    return case


def test_a_customer_who_withdraws_is_told_as_that_and_no_row_vanishes(staff: People, signed_in: Enter) -> None:
    reviewer = staff("reviewer")
    client, case = signed_in(reviewer), withdrawn(reviewer)
    assert case.withdrawn
    assert queue.counts(reviewer)["withdrawn"] == 1
    page = client.get(DESK, {"tab": "withdrawn"}).content.decode()
    assert case.application.reference in page
    assert "<strong>Khách đã rút</strong>" in page
    assert "Khách đã rút hồ sơ." in client.get(f"{DESK}{case.pk}/change/").content.decode()
    changed(case, closed_at=timezone.now() - timedelta(days=8))
    assert queue.counts(reviewer)["withdrawn"] == 0


def test_whoever_has_it_open_is_told_at_once(staff: People, signed_in: Enter) -> None:
    reviewer = staff("reviewer")
    client, case = signed_in(reviewer), bare_case()
    act(case, "take", reviewer)
    case.refresh_from_db()
    before = client.get(f"{DESK}{case.pk}/change/").content.decode()
    assert f'data-turns="{case.turns}"' in before
    opening.withdraw(case.application.consents.get(purpose="personal-data"))
    news = client.get(f"{DESK}{case.pk}/live/").json()
    assert news["turns"] != case.turns
    assert news["said"] == "Khách đã rút hồ sơ. Không cần làm gì thêm."
    posted = {"verb": "note", "turns": case.turns, "words": "Gọi lại sau"}
    page = client.post(f"{DESK}{case.pk}/act/", posted, follow=True).content.decode()
    assert "Khách đã rút hồ sơ" in page
    assert refused(Case.objects.get(pk=case.pk), "pass", reviewer) == "not-allowed"


def test_what_ends_by_our_own_hand_is_not_called_withdrawn(reviewer: User) -> None:
    case = bare_case()
    leaving.leave(case.application, "rejected")
    case.refresh_from_db()
    assert (case.queue, case.withdrawn) == ("closed", False)


def test_a_case_sent_back_and_cancelled_was_withdrawn(reviewer: User) -> None:
    case = a_case()
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, **MORE["send-back"])
    leaving.cancel(Application.objects.get(pk=case.application_id))
    case.refresh_from_db()
    assert case.withdrawn


# ── By index, however many were decided ──


BY = {"cases_in_queue", "cases_counted", "cases_held", "cases_withdrawn"}  # of open files, and of the few withdrawn


def explained(sql: str) -> set[str]:
    """By what the table of cases is read, where an index can serve at all."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    read = re.findall(r"Seq Scan on (kyc_case)\b|(?:Index|Bitmap Index)\D* Scan.*? (?:using|on) (\w+)", plan)
    return {table or index for table, index in read if table or "plan" not in index}


@pytest.mark.postgresql
def test_every_tab_under_every_filter_reads_the_open_files_alone(staff: People) -> None:
    reviewer, case = staff("reviewer"), bare_case()
    chosen = {
        "plan": str(case.plan_id), "channel": "browser", "branch": "online", "flag": "any", "age": "1h",
        "language": "vi", "asking": "asked",
    }  # fmt: skip
    for query in ({}, *({name: value} for name, value in chosen.items()), chosen):
        with CaptureQueriesContext(connection) as asked:
            queue.counts(reviewer, sifting.rows(query))
            for tab in queue.TABS:
                rows = Case.objects.filter(queue.tab_of(tab, reviewer) & sifting.rows(query))
                list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:26])
        for sql in [asking["sql"] for asking in asked.captured_queries]:
            assert explained(sql) <= BY, sql
            assert "enrollment_application" not in sql
    assert not explained("SELECT id FROM kyc_case WHERE received_at > now()") <= BY  # it would be seen
