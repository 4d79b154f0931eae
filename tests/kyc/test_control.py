"""Control cases: known answers slipped in among the real ones."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from enrollment.journey import Step
from enrollment.models import Approval
from kyc.models import Check, Sample
from kyc.steps.control import add_control_case
from portal.models import Message, User
from tests.kyc.conftest import act, control, finding

pytestmark = pytest.mark.django_db
People = Callable[..., User]


def test_a_control_case_leads_to_no_certificate_and_no_message(reviewer: User, approver: User) -> None:
    case = add_control_case(control("fail"), None)
    before = Message.objects.count()
    act(case, "take", reviewer)
    act(case, "pass", reviewer)
    application = finding(case)
    assert (application.step, application.reason) == (Step.STOPPED, "control")
    assert not Approval.objects.exists()
    assert Message.objects.count() == before
    sample = Sample.objects.get(case=case)
    assert (sample.is_control, sample.expected, sample.verdict) == (True, "fail", "pass")


def test_a_control_case_looks_like_any_other(reviewer: User) -> None:
    case = add_control_case(replace(control("fail"), truth="pass"), None)
    assert case.application.trail.count() > 5
    outcomes = {check.outcome for check in Check.objects.filter(application=case.application)}
    assert outcomes == set()  # no machine has looked yet, as with any other
    act(case, "take", reviewer)
