"""What warns of a file, and that nothing of it passes unread."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving
from kyc.models import Case, Decision, Evidence, Mark
from kyc.steps import checking, policing
from portal.models import Event, User
from tests.kyc.conftest import MORE, PASSING, a_case, a_finding, a_policy, act, bare_case, refused
from tests.kyc.test_law import DECIDING, in_queue

pytestmark = pytest.mark.django_db
People = Callable[..., User]
ANSWER = "Đã gọi điện, khách xác nhận"


def flagged(verb: str, staff: People) -> tuple[Case, User]:
    """A file with a failing check, one that is not sure, and a number for telephones that another person has too."""
    queue, role = DECIDING[verb]
    user = staff(role)
    case = in_queue(bare_case(), queue, user)
    for name, outcome in (("quality", "fail"), ("qr", "unsure"), ("mrz", "not-performed"), ("number", "pass")):
        a_finding(case, name, outcome)
    for application in (case.application, bare_case().application):
        Mark.objects.create(application=application, kind="phone", value="the same")
    if verb == "approve":
        approving.appraise(case.application, dossier.digest(case.application), staff("reviewer"))
    return case, user


def answers(*names: str, words: str = ANSWER) -> dict[str, str]:
    return dict.fromkeys(names, words)


@pytest.mark.parametrize("verb", PASSING)
@pytest.mark.parametrize(
    "given",
    [
        {},
        answers("quality", "qr"),
        answers("quality", "phone"),
        answers("qr", "phone"),
        {**answers("quality", "qr"), **answers("phone", words="ok")},
        {**answers("quality", "qr"), **answers("phone", words="0912 345 678 đúng số khách")},
        {**answers("quality", "qr", "phone"), **answers("mrz")},
    ],
)
def test_no_flag_passes_without_a_reason_in_words(verb: str, given: dict[str, str], staff: People) -> None:
    case, user = flagged(verb, staff)
    assert refused(case, verb, user, answers=given) == ("incomplete" if "mrz" in given else "unanswered")
    assert not Decision.objects.filter(act=verb).exists()


@pytest.mark.parametrize("verb", PASSING)
def test_with_a_reason_to_each_it_passes_and_they_stay_with_the_decision(verb: str, staff: People) -> None:
    case, user = flagged(verb, staff)
    act(case, verb, user, answers=answers("quality", "qr", "phone"))
    decision = Decision.objects.get(case=case, act=verb)
    assert decision.answers == answers("quality", "qr", "phone")


def test_what_does_not_let_a_file_pass_asks_for_no_reason(staff: People) -> None:
    case, user = flagged("pass", staff)
    act(case, "send-back", user, **MORE["send-back"])


def test_a_person_has_own_files_in_common_with_nobody(staff: People) -> None:
    case, user = flagged("pass", staff)
    mine = {"person_index": case.application.person_index, "step": Step.STOPPED}
    Application.objects.exclude(pk=case.application_id).update(**mine)
    act(case, "pass", user, answers=answers("quality", "qr"))


def test_nothing_passes_unread_before_a_machine_has_looked(reviewer: User) -> None:
    case = a_case()
    act(case, "take", reviewer)
    assert refused(case, "pass", reviewer, answers={}) == "unanswered"


def test_a_machine_passes_no_file_that_a_flag_stands_on(staff: People) -> None:
    a_policy(status="live")
    case = bare_case()
    for name in policing.ALWAYS:
        a_finding(case, name, "pass")
    a_finding(case, "issuer", "unsure")
    checking.stand(case.application)
    case.refresh_from_db()
    assert case.queue == "appraisal"


def test_neither_page_nor_program_gets_by_without_a_reason(staff: People, signed_in: Callable[[User], Client]) -> None:
    case, user = flagged("pass", staff)
    client, address = signed_in(user), f"/admin/kyc/case/{case.pk}"
    sent = {"verb": "pass", "turns": case.turns, "file_hash": dossier.digest(case.application)}
    answer = client.post(f"{address}/act/", sent, follow=True)
    assert "Hãy viết lý do cho từng cảnh báo" in answer.content.decode()
    given = {f"flag-{name}": words for name, words in answers("quality", "qr", "phone").items()}
    client.post(f"{address}/act/", {**sent, **given})
    assert Decision.objects.get().answers == answers("quality", "qr", "phone")


# ── Where it was seen before ──


def alike(staff: People) -> tuple[Case, Case, User]:
    """Two people with one face; the second file in a reviewer's hands."""
    first, second, user = a_case(), a_case(other=True), staff("reviewer")
    for case in (first, second):
        checking.check(case.application)
    act(second, "take", user)
    return first, second, user


def test_a_picture_seen_before_lies_beside_this_one_and_the_look_is_on_the_record(
    staff: People, signed_in: Callable[[User], Client]
) -> None:
    first, second, user = alike(staff)
    client, theirs = signed_in(user), Evidence.objects.get(application=first.application, kind="face-near")
    page = client.get(f"/admin/kyc/case/{second.pk}/change/").content.decode()
    address = f"/admin/kyc/case/{second.pk}/beside/{theirs.pk}/"
    assert address in page
    assert first.application.reference in page
    assert not Event.objects.filter(about=f"application:{first.application_id}", actor=user).exists()
    assert client.get(address).status_code == 200
    look = Event.objects.get(about=f"application:{first.application_id}", actor=user)
    assert (look.verb, look.details["beside"]) == ("picture looked at", second.application.reference)


def test_nothing_else_of_anothers_file_lies_beside_it(staff: People, signed_in: Callable[[User], Client]) -> None:
    first, second, user = alike(staff)
    client = signed_in(user)
    for kind in ("card-back", "face-far"):  # no machine found these alike
        other = Evidence.objects.get(application=first.application, kind=kind)
        assert client.get(f"/admin/kyc/case/{second.pk}/beside/{other.pk}/").status_code == 403
    near = Evidence.objects.get(application=first.application, kind="face-near")
    stranger = staff("reviewer")  # who holds neither
    assert signed_in(stranger).get(f"/admin/kyc/case/{second.pk}/beside/{near.pk}/").status_code == 403


def test_whoever_approves_reads_how_the_appraiser_came_to_it(
    staff: People, signed_in: Callable[[User], Client]
) -> None:
    _first, case, user = alike(staff)
    film = Evidence.objects.get(application=case.application, kind="face-film")
    signed_in(user).get(f"/admin/kyc/case/picture/{film.pk}/")
    act(case, "pass", user)
    approver = staff("approver")
    act(case, "take", approver)
    page = signed_in(approver).get(f"/admin/kyc/case/{case.pk}/change/").content.decode()
    assert "đoạn ghi khuôn mặt: có mở" in page
    assert "hợp đồng: không mở" in page
    assert page.count("Đã xem kỹ, không sao") > 1


def test_the_last_act_is_undone_while_nobody_took_it_up(staff: People, signed_in: Callable[[User], Client]) -> None:
    case, user = bare_case(), staff("reviewer")
    act(case, "take", user)
    act(case, "pass", user)
    client = signed_in(user)
    assert 'data-key="u"' in client.get("/admin/kyc/case/").content.decode()
    client.post(f"/admin/kyc/case/{case.pk}/act/", {"verb": "recall", "turns": case.turns})
    case.refresh_from_db()
    assert (case.queue, case.holder) == ("appraisal", user)
    assert 'data-key="u"' not in client.get("/admin/kyc/case/").content.decode()
