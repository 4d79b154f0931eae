"""The desk's pages: queues with right counts, one screen per file, looks on the record, policies and figures."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from kyc import queue
from kyc.models import Case, Check, Decision, Evidence, Policy, Sample
from kyc.steps import checking, looking, policing, sampling
from kyc.steps.review import deciding
from portal import changes, looks
from portal.models import Change, Event, User
from portal.refusals import Refusal
from tests.kyc.conftest import a_case, a_finding, a_policy, act, all_clean, bare_case, to_approval, with_roles

pytestmark = pytest.mark.django_db
People = Callable[..., User]
Enter = Callable[[User], Client]
DESK = "/admin/kyc/case/"


def test_counts_are_right_for_everybody(staff: People) -> None:
    first, other, approver = staff("reviewer"), staff("reviewer"), staff("approver")
    for _case in range(3):
        bare_case()
    act(bare_case(), "take", first)
    to_approval(bare_case(), other)
    assert queue.counts(first) | {"new": 3, "mine": 1, "approval": 1, "held": 0} == queue.counts(first)
    assert queue.counts(other) | {"new": 3, "mine": 0, "held": 1} == queue.counts(other)
    assert queue.counts(approver)["approval"] == 1


def test_the_queue_pages_by_its_last_row_and_needs_few_queries(
    staff: People, signed_in: Enter, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(staff("reviewer"))
    for _case in range(27):
        bare_case()
    client.get(DESK)
    # Rows, counts, the withdrawn, the last act and the choices of filters are the page's own; who asks, and may what, the rest.
    with django_assert_max_num_queries(13):
        page = client.get(DESK).content.decode()
    assert page.count('scope="row"') == 25
    following = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(DESK + following).content.decode().count('scope="row"') == 2
    for odd in ("0001-01-01T00:00:00~1", "9999-12-31T23:59:59-14:00~1", "x~1", "2026-01-01~99999999999999999999"):
        assert client.get(DESK, {"after": odd}).status_code == 200


def test_a_file_is_found_by_an_exact_number_that_stays_out_of_the_address(staff: People, signed_in: Enter) -> None:
    case, client = bare_case(), signed_in(staff("reviewer"))
    declaration = case.application.declaration
    assert declaration
    for known in (declaration.number, declaration.phone, declaration.email, case.application.reference):
        page = client.post(DESK, {"q": known}, follow=True)
        assert case.application.reference in page.content.decode()
        assert known not in page.redirect_chain[0][0]


def test_take_decide_and_the_next_file_opens_by_itself(staff: People, signed_in: Enter) -> None:
    reviewer = staff("reviewer")
    client, first, second = signed_in(reviewer), bare_case(), bare_case()
    assert client.post(f"{DESK}next/").headers["Location"] == f"{DESK}{first.pk}/change/"
    page = client.get(f"{DESK}{first.pk}/change/").content.decode()
    hash_, turns = (page.split(f'name="{name}" value="')[1].partition('"')[0] for name in ("file_hash", "turns"))
    answer = client.post(f"{DESK}{first.pk}/act/", {"verb": "pass", "turns": turns, "file_hash": hash_})
    assert answer.headers["Location"] == f"{DESK}{second.pk}/change/"
    first.refresh_from_db()
    assert first.queue == "approval"
    again = client.post(
        f"{DESK}{first.pk}/act/",
        {"verb": "reject", "turns": turns, "file_hash": hash_, "reason": "forged"},
        follow=True,
    )
    assert "Quyết định của bạn chưa được ghi" in again.content.decode()


@pytest.mark.parametrize("role", ["agent", "operator", "auditor"])
def test_who_does_not_review_sees_no_picture_and_decides_nothing(role: str, staff: People, signed_in: Enter) -> None:
    case = a_case()
    client = signed_in(staff(role))
    evidence = Evidence.objects.filter(application=case.application).first()
    assert evidence
    assert client.get(f"{DESK}picture/{evidence.pk}/").status_code in (302, 403)
    for path in ("next/", f"{case.pk}/act/", f"{case.pk}/open/"):
        assert client.post(DESK + path, {"verb": "take", "turns": 0}).status_code in (302, 403)
    case.refresh_from_db()
    assert (case.holder, case.turns) == (None, 0)


def test_a_picture_is_shown_to_the_holder_alone_under_the_name_and_on_the_record(
    staff: People, signed_in: Enter
) -> None:
    case, reviewer, other = a_case(), staff("reviewer"), staff("reviewer")
    evidence = Evidence.objects.get(application=case.application, kind="card-front")
    client = signed_in(reviewer)
    assert client.get(f"{DESK}picture/{evidence.pk}/").status_code == 403
    act(case, "take", reviewer)
    answer = client.get(f"{DESK}picture/{evidence.pk}/")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert evidence.file
    assert answer.content != evidence.file.read()  # the viewer's name is in the pixels
    assert signed_in(other).get(f"{DESK}picture/{evidence.pk}/").status_code == 403
    looks = Event.objects.filter(verb="picture looked at").values_list("actor", "result")
    assert list(looks) == [(reviewer.pk, "refused"), (reviewer.pk, "ok"), (other.pk, "refused")]


def test_looking_at_very_many_pictures_comes_to_an_end(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "PICTURE", looks.Kind("picture looked at", 2))
    case, reviewer = a_case(), staff("reviewer")
    act(case, "take", reviewer)
    evidence = Evidence.objects.select_related("application").filter(application=case.application)[0]
    for _look in range(4):
        looking.look(evidence, reviewer)
    with pytest.raises(Refusal, match="too-many-looks"):
        looking.look(evidence, reviewer)


def test_opening_a_file_is_a_look_on_the_record_and_has_its_end(
    staff: People, signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "FILE", looks.Kind("file looked at", 2))
    case, reviewer = bare_case(), staff("reviewer")
    client, page = signed_in(reviewer), f"{DESK}{case.pk}/change/"
    client.get(page)
    assert not Event.objects.filter(verb="file looked at").exists()  # it shows nothing before it is taken
    act(case, "take", reviewer)
    assert [client.get(page).status_code for _look in range(5)] == [200] * 4 + [429]
    results = Event.objects.filter(verb="file looked at", about=f"application:{case.application_id}", actor=reviewer)
    assert list(results.order_by("id").values_list("result", flat=True)) == ["ok"] * 4 + ["refused"]


def test_a_supervisor_looks_at_what_others_hold_for_a_reason_alone(staff: People, signed_in: Enter) -> None:
    case, supervisor = a_case(), staff("supervisor")
    declaration = case.application.declaration
    assert declaration
    evidence = Evidence.objects.get(application=case.application, kind="card-front")
    client, page, picture = signed_in(supervisor), f"{DESK}{case.pk}/change/", f"{DESK}picture/{evidence.pk}/"
    act(case, "take", staff("reviewer"))

    def shows() -> bool:
        return declaration.email in client.get(page).content.decode()

    assert (shows(), client.get(picture).status_code) == (False, 403)
    client.post(f"{DESK}{case.pk}/open/", {"reason": "quality", "words": "xxxxx"})
    assert (shows(), client.get(picture).status_code) == (False, 403)
    client.post(f"{DESK}{case.pk}/open/", {"reason": "quality", "words": "Kiểm tra cách chấm của nhóm"})
    assert (shows(), client.get(picture).status_code) == (True, 200)
    for place in (page, f"{DESK}board/"):
        assert "Kiểm tra cách chấm của nhóm" in client.get(place).content.decode()
    assert f"nhóm · {case.application.reference}" in client.get(f"{DESK}board/").content.decode()


def test_nobody_else_opens_what_another_holds(staff: People, signed_in: Enter) -> None:
    case = bare_case()
    act(case, "take", staff("reviewer"))
    why = {"reason": "quality", "words": "Kiểm tra cách chấm của nhóm"}
    for role in ("reviewer", "approver", "auditor", "agent"):
        assert signed_in(staff(role)).post(f"{DESK}{case.pk}/open/", why).status_code in (302, 403)
    once = staff("supervisor")
    client = signed_in(once)
    User.objects.filter(pk=once.pk).update(roles_mac="")
    assert client.post(f"{DESK}{case.pk}/open/", why).headers["Location"].startswith("/admin/login/")
    assert not Event.objects.filter(verb="opened for a reason").exists()
    assert "Kiểm tra cách" not in signed_in(staff("reviewer")).get(f"{DESK}board/").content.decode()


def test_a_person_whose_role_nobody_confirmed_sees_no_picture(staff: People) -> None:
    case = a_case()
    evidence = Evidence.objects.select_related("application").filter(application=case.application)[0]
    with pytest.raises(Refusal, match="not-yours"):
        looking.look(evidence, staff("supervisor", vouched=False))


def test_differences_are_marked_on_the_screen(staff: People, signed_in: Enter) -> None:
    case, reviewer = a_case(fault="other-name"), staff("reviewer")
    checking.check_due()
    act(case, "take", reviewer)
    page = signed_in(reviewer).get(f"{DESK}{case.pk}/change/").content.decode()
    assert 'class="other"' in page
    assert "Lý Thị Mẫu Xoan" in page
    assert "Không thực hiện" in page


# ── Blind second looks ──


@pytest.fixture
def _all_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policing, "SAMPLED", 100)


@pytest.mark.usefixtures("_all_sampled")
def test_an_approval_goes_blind_to_another_reviewer(staff: People, signed_in: Enter) -> None:
    first, approver, second = staff("reviewer", full_name="Mai Mẫu Một"), staff("approver"), staff("reviewer")
    case = to_approval(bare_case(), first)
    act(case, "take", approver)
    act(case, "approve", approver)
    sample = Sample.objects.get()
    assert not sampling.waiting_for(first).exists()
    client = signed_in(second)
    page = client.get(f"{DESK}sample/{sample.pk}/").content.decode()
    for hidden in ("Thẩm định đạt", first.full_name):
        assert hidden not in page
        assert hidden not in client.get(f"{DESK}{case.pk}/change/").content.decode()
    client.post(f"{DESK}sample/{sample.pk}/", {"verdict": "fail"})
    sample.refresh_from_db()
    assert (sample.verdict, sample.by) == ("fail", second)
    assert sampling.agreement("decided_by")[0] | {"looked": 1, "agreed": 0} == sampling.agreement("decided_by")[0]
    assert client.post(f"{DESK}sample/{sample.pk}/", {"verdict": "pass"}).status_code == 404


def test_figures_tell_how_often_second_looks_agreed(staff: People, signed_in: Enter) -> None:
    supervisor, reviewer = staff("supervisor"), staff("reviewer")
    for expected, verdict in (("pass", "pass"), ("pass", "fail"), ("fail", "fail")):
        sample = {"expected": expected, "verdict": verdict, "decided_by": supervisor, "by": reviewer}
        Sample.objects.create(case=bare_case(), **sample)
    page = signed_in(supervisor).get(f"{DESK}board/").content.decode()
    for word in (
        "Tuổi của hàng đợi",
        "Quyết định theo ngày",
        "Theo đơn vị",
        "<svg",
        '<th scope="row">Đạt</th><td class="figure">2</td><td class="figure">50 %</td>',
        '<th scope="row">Không đạt</th><td class="figure">1</td><td class="figure">100 %</td>',
    ):
        assert word in page


# ── Policies ──


def test_a_policy_is_tried_on_past_files_before_it_goes_live_by_another(staff: People) -> None:
    """Promise P24."""
    maker, other, author = staff("supervisor"), staff("operator"), staff("supervisor")
    policy, why = a_policy(made_by=[author.pk]), "Máy kiểm tra đã đủ tốt"
    with pytest.raises(Refusal, match="not-tried"):
        policing.going_live(policy)
    case = a_case()
    all_clean(case)
    Case.objects.filter(pk=case.pk).update(queue="closed", closed_at=case.received_at)
    Decision.objects.create(case=case, act="reject", reason="forged")
    trial = policing.try_on_past(policy)
    assert (trial["files"], trial["machine"], trial["people_said_no"]) == (1, 1, 1)
    change = changes.propose("policy", policing.about(policy), policing.going_live(policy), maker, reason=why)
    for by in (maker, author):
        with pytest.raises(Refusal, match="same-person"):
            changes.confirm(change, by)
    assert policing.policy_for(case.application) is None
    changes.confirm(change, other)
    assert policing.policy_for(case.application) == policy
    retiring = changes.propose("policy", policing.about(policy), policing.retiring(policy), maker, reason=why)
    assert policing.policy_for(case.application) == policy
    changes.confirm(retiring, other)
    assert policing.policy_for(case.application) is None


def test_a_draft_that_was_written_in_meanwhile_does_not_go_live(staff: People) -> None:
    policy = a_policy(tried={"files": 0})
    after = policing.going_live(policy)
    change = changes.propose(
        "policy", policing.about(policy), after, staff("supervisor"), reason="Áp dụng từ tháng sau"
    )
    Policy.objects.filter(pk=policy.pk).update(sampled=0)
    with pytest.raises(Refusal, match="moved"):
        changes.confirm(change, staff("operator"))


def test_a_policy_is_proposed_from_the_list(staff: People, signed_in: Enter) -> None:
    policy, supervisor = a_policy(tried={"files": 0}), staff("supervisor")
    again = {"action": "go_live", "_selected_action": [policy.pk], "why": "Áp dụng từ tháng sau"}
    signed_in(supervisor).post("/admin/kyc/policy/", again)
    policy.refresh_from_db()
    assert policy.status == "draft"
    assert Change.objects.get().proposed_by == supervisor


def test_clean_checks_stand_for_the_first_person_and_never_for_the_second(staff: People) -> None:
    a_policy(status=Policy.Status.LIVE)
    case, approver = a_case(), staff("approver")
    all_clean(case)
    checking.stand(case.application)
    case.refresh_from_db()
    assert case.queue == "approval"
    act(case, "take", approver)
    act(case, "approve", approver)
    approval = case.application.approvals.get()
    assert (approval.appraised_by, approval.approved_by) == (None, approver)


@pytest.mark.parametrize("name", policing.ALWAYS)
@pytest.mark.parametrize("outcome", ["unsure", "not-performed", "fail"])
def test_one_check_that_does_not_say_pass_leaves_it_to_people(name: str, outcome: str) -> None:
    a_policy(status=Policy.Status.LIVE)
    case = bare_case()
    for check in Check.NAMES:
        a_finding(case, check, outcome if check == name else "pass")
    checking.stand(case.application)
    case.refresh_from_db()
    assert case.queue == "appraisal"


def test_the_policy_that_says_most_precisely_what_it_is_for_counts() -> None:
    case = bare_case()
    a_policy(status=Policy.Status.LIVE)
    own = a_policy(status=Policy.Status.LIVE, plan=case.application.plan)
    a_policy(status=Policy.Status.LIVE, channel="counter")
    assert policing.policy_for(case.application) == own


def test_a_reviewer_who_passed_twenty_still_gets_the_next(staff: People) -> None:
    both = with_roles(staff("reviewer"), "reviewer", "approver")
    for _case in range(21):
        to_approval(bare_case(), both)
    free = bare_case()
    following = deciding.next_for(both)
    assert following
    assert following.pk == free.pk
