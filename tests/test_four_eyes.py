"""One operator alone: the way by which four eyes once ended at the desk's edge, refused at each of its steps. And an agent,
who is one pair of hands in the file and decides nothing about it, by whatever way."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.counter.models import Attestation
from enrollment.counter.steps import rechecking, serving
from enrollment.journey import Step
from enrollment.models import Application, Approval
from enrollment.orders.models import Plan
from enrollment.steps import approving
from kyc.steps.review.verbs import VERBS
from portal import changes
from portal.models import Change, Message, User
from portal.refusals import Refusal
from tests.conftest import People
from tests.enrollment.counter.conftest import Desk
from tests.kyc.conftest import act, refused, with_roles

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
MINE, NUMBER = "0987654321", "038190555777"


NEW = {
    "id_number": NUMBER,
    "full_name": "Lê Thị Mẫu Mới",
    "phone": MINE,
    "email": "toi@example.vn",
    "language": "vi",
    "roles": ["supervisor"],
    "reason": "Cần thêm một giám sát",
}


def test_one_operator_alone_gets_nowhere(staff: People, person: People, signed_in: Enter) -> None:
    """Promise P24."""
    operator, customer = staff("operator"), person()
    desk = signed_in(operator)
    # A supervisor on his own phone …
    desk.post("/admin/portal/user/add/", {**NEW, "branch": str(operator.branch_id)})
    assert User.objects.with_number(NUMBER) is None
    proposed = Change.objects.get()
    desk.post(f"/admin/portal/change/{proposed.pk}/decide/confirm/")
    with pytest.raises(Refusal, match="same-person"):
        changes.confirm(proposed, operator)
    assert User.objects.with_number(NUMBER) is None
    # … has no password to reset, nothing to sign in to, no second factor to set …
    Message.objects.all().delete()
    stranger = Client()
    stranger.post("/password/forgotten/", {"number": NUMBER})
    assert not Message.objects.exists()
    stranger.post("/sign-in/", {"login": NUMBER, "password": "Hoa-sen#2026"})
    assert stranger.get("/account/security/totp/activate/").status_code == 302
    # … sells nothing for nothing …
    plan = Plan.objects.order_by("pk")[0]
    price = plan.price
    answer = desk.post(f"/admin/orders/plan/{plan.pk}/change/", {"price": "0"})
    assert answer.status_code == 403
    assert Plan.objects.get(pk=plan.pk).price == price
    # … and moves nobody's phone and mailbox to himself.
    moved = {
        "full_name": customer.full_name,
        "language": "vi",
        "roles": ["customer"],
        "new_phone": MINE,
        "new_email": "toi@example.vn",
        "is_active": "on",
        "reason": "Khách nói đã đổi số",
    }
    desk.post(f"/admin/portal/user/{customer.pk}/change/", moved)
    waiting = Change.objects.get(kind="account changed")
    desk.post(f"/admin/portal/change/{waiting.pk}/decide/confirm/")
    unmoved = User.objects.get(pk=customer.pk)
    assert (unmoved.phone, unmoved.email) == (customer.phone, customer.email)
    Message.objects.all().delete()
    Client().post("/password/forgotten/", {"number": customer.id_number})
    assert {message.recipient for message in Message.objects.all()} == {customer.phone, customer.email}


# ── The agent at a counter ──


@pytest.fixture
def counter(staff: People, signed_in: Enter) -> Desk:
    agent = staff("agent")
    return Desk(signed_in(agent), agent)


def test_an_agent_decides_nothing_about_a_file(counter: Desk) -> None:
    """Promise P5: neither by a page, nor by a direct POST, nor by the verbs themselves."""
    case, client = counter.to_review(), counter.client
    seen = dossier.digest(case.application)
    assert client.get(f"/admin/kyc/case/{case.pk}/change/").status_code in (302, 403)
    assert client.get("/admin/kyc/case/").status_code in (302, 403)
    assert client.post("/admin/kyc/case/next/").status_code in (302, 403)
    for verb in VERBS:
        answer = client.post(f"/admin/kyc/case/{case.pk}/act/", {"verb": verb, "turns": case.turns, "hash": seen})
        assert answer.status_code in (302, 403), verb
        assert refused(case, verb, counter.user) in ("not-allowed", "own-hands"), verb
    actions = {"action": "approve", "_selected_action": [case.application_id]}
    client.post("/admin/enrollment/application/", actions)
    client.post(f"/admin/enrollment/application/{case.application_id}/stop/", {"reason": "staff"})
    client.post(f"/admin/enrollment/application/{case.application_id}/resend/")
    for attempt in (approving.appraise, approving.approve):
        with pytest.raises(Refusal, match="own-hands"):
            attempt(case.application, seen, counter.user)
    case.refresh_from_db()
    assert (case.queue, case.holder, counter.application.step) == ("appraisal", None, Step.REVIEW)
    assert not Approval.objects.exists()


def test_nor_does_one_who_is_a_reviewer_too_or_had_it_for_a_while(counter: Desk, staff: People) -> None:
    counter.opens()
    between, lead = staff("agent"), staff("lead")
    serving.take_over(counter.application, between, between)
    serving.take_over(counter.application, counter.user, counter.user)
    case = counter.to_review()
    rechecking.recheck(Attestation.objects.get(), lead, is_doubt=True, words="Nhân viên kể không khớp")
    for hand in (counter.user, between, lead):
        both = with_roles(hand, *hand.roles, "reviewer", "approver")
        assert refused(case, "take", both) == "own-hands"
        with pytest.raises(Refusal, match="own-hands"):
            approving.appraise(case.application, dossier.digest(case.application), both)


def test_what_two_approved_before_the_head_doubted_it_issues_nothing(counter: Desk, staff: People) -> None:
    case = counter.to_review()
    act(case, "take", reviewer := staff("reviewer"))
    act(case, "pass", reviewer)
    act(case, "take", approver := staff("approver"))
    Application.objects.filter(pk=case.application_id).update(step=Step.ISSUANCE, reached=Step.ISSUANCE)
    approving.approve(case.application, dossier.digest(case.application), approver)
    assert dossier.hands_of(case.application).isdisjoint({reviewer.pk, approver.pk})
    granted = Approval.objects.get(voided_at=None)
    assert approving.is_intact(granted, case.application)
    rechecking.recheck(Attestation.objects.get(), staff("lead"), is_doubt=True, words="Nhân viên kể không khớp")
    assert not approving.is_intact(granted, case.application)
    assert approving.granted(case.application) is None
