"""What may stand for a person counts by its MAC: rows of policies and findings that were put there by other means."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from structlog.testing import capture_logs

from enrollment.orders.models import Plan
from kyc.models import Case, Check, Policy
from kyc.steps import checking, policing
from portal import changes
from portal.models import User
from portal.refusals import Refusal
from tests.kyc.conftest import a_case, a_finding, a_policy, bare_case, basis_now

pytestmark = pytest.mark.django_db
People = Callable[..., User]
WHY = "Máy kiểm tra đã đủ tốt"
# What says nothing of the rule, or of the finding; beside the row's own number and its MAC.
OF_NO_WEIGHT = {Policy: {"tried", "changed_at"}, Check: {"id", "facts"}}
UNASKED = {"status"}  # a policy that is not live is no policy
TERMS: dict[str, Any] = {
    "id": 9999, "name": "Khác", "plan_id": None, "channel": "another", "machine_appraises": False, "checks": '["qr"]',
    "spares_face": True, "sampled": 0, "made_by": "[]", "proposed_by_id": None, "live_by_id": None, "mac": "0" * 64,
}  # fmt: skip
FINDING: dict[str, Any] = {"name": "qr", "outcome": "fail", "mac": "0" * 64}


def by_sql(row: Policy | Check, **values: Any) -> None:
    columns = ", ".join(f"{name} = %s" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", [*values.values(), row.pk])


def columns(model: type[Policy | Check]) -> set[str]:
    return {str(field.column) for field in model._meta.concrete_fields} - OF_NO_WEIGHT[model]


def confirmed(staff: People, case: Case) -> Policy:
    """By two people."""
    author, first, second = staff("supervisor"), staff("supervisor"), staff("operator")
    policy = a_policy(made_by=[author.pk], tried={"files": 0}, plan=case.application.plan)
    after = policing.going_live(policy)
    changes.confirm(changes.propose("policy", policing.about(policy), after, first, reason=WHY), second)
    policy.refresh_from_db()
    assert policing.policy_for(case.application) == policy
    return policy


def machine_passes(case: Case) -> bool:
    checking.stand(case.application)
    case.refresh_from_db()
    return case.queue == Case.Queue.APPROVAL


def clean(case: Case) -> list[Check]:
    return [a_finding(case, name, "pass") for name in policing.ALWAYS]


# ── Policies ──


def test_every_column_of_a_policy_is_tried() -> None:
    assert columns(Policy) == {*TERMS, *UNASKED}


@pytest.mark.parametrize("column", TERMS)
def test_a_policy_that_was_altered_by_other_means_is_none_and_named(column: str, staff: People) -> None:
    """Promise P24."""
    case = bare_case()
    policy = confirmed(staff, case)
    clean(case)
    by_sql(policy, **{column: TERMS[column]})
    with capture_logs() as logs:
        assert policing.policy_for(case.application) is None
    pk = TERMS["id"] if column == "id" else policy.pk
    assert [(line["policies"], line["alarm"]) for line in logs] == [([pk], True)]
    assert not machine_passes(case)


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_policy_that_was_put_to_work_by_other_means_counts_for_nothing(status: str, staff: People) -> None:
    case = bare_case()
    if status == "draft":
        policy = a_policy()
    else:
        policy = confirmed(staff, case)
        retiring = policing.retiring(policy)
        first, second = staff("supervisor"), staff("operator")
        changes.confirm(changes.propose("policy", policing.about(policy), retiring, first, reason=WHY), second)
    clean(case)
    by_sql(policy, status="live")
    assert not machine_passes(case)


def test_a_copy_of_a_policy_at_another_plan_counts_for_nothing(staff: People) -> None:
    policy, case = confirmed(staff, bare_case()), bare_case()
    assert policy.plan
    other = Plan.objects.exclude(pk=policy.plan.pk).first()
    assert other
    case.application.plan = other
    case.application.save(update_fields=["plan"])
    assert policing.policy_for(case.application) is None
    policy.pk, policy.plan, policy.name = TERMS["id"], other, policy.name + "!"
    policy.save(force_insert=True)
    clean(case)
    assert policy.mac
    assert not machine_passes(case)


def test_no_wider_policy_speaks_where_one_was_altered_and_two_people_take_it_away(staff: People) -> None:
    case = bare_case()
    wide, own = a_policy(status=Policy.Status.LIVE), confirmed(staff, case)
    by_sql(own, channel="another")
    assert policing.policy_for(case.application) is None
    first, second = staff("supervisor"), staff("operator")
    retiring = policing.retiring(own)
    changes.confirm(changes.propose("policy", policing.about(own), retiring, first, reason=WHY), second)
    assert policing.policy_for(case.application) == wide


@pytest.mark.parametrize("column", ["plan_id", "channel"])
def test_a_draft_that_was_moved_to_another_plan_or_channel_meanwhile_does_not_go_live(
    column: str, staff: People
) -> None:
    policy = a_policy(tried={"files": 0}, plan=Plan.objects.first())
    after = policing.going_live(policy)
    change = changes.propose("policy", policing.about(policy), after, staff("supervisor"), reason=WHY)
    by_sql(policy, **{column: TERMS[column]})
    with pytest.raises(Refusal, match="moved"):
        changes.confirm(change, staff("operator"))


# ── Findings ──


@pytest.fixture
def case(staff: People) -> Case:
    case = bare_case()
    confirmed(staff, case)
    return case


def test_every_column_of_a_finding_is_tried() -> None:
    assert columns(Check) == {*FINDING, "application_id", "basis", "at"}


def test_findings_of_ours_stand_for_the_first_person(case: Case) -> None:
    clean(case)
    assert machine_passes(case)


@pytest.mark.parametrize("name", policing.ALWAYS)
def test_a_finding_that_was_turned_into_a_pass_is_not_sure_and_named(name: str, case: Case) -> None:
    """Promise P24."""
    clean(case)
    turned = Check.objects.get(application=case.application, name=name)
    Check.objects.filter(pk=turned.pk).delete()
    by_sql(a_finding(case, name, "fail"), outcome="pass")
    with capture_logs() as logs:
        standing = {check.name: check.outcome for check in checking.findings(case.application)}
    assert {name for name, outcome in standing.items() if outcome != Check.Outcome.PASS} == {name}
    assert standing[name] == Check.Outcome.UNSURE
    assert [(line["finding"], line["alarm"]) for line in logs] == [(name, True)]
    assert not machine_passes(case)


def test_a_pass_of_something_else_does_not_stand(case: Case) -> None:
    lacking = clean(case)[0]
    name = lacking.name
    lacking.delete()
    by_sql(a_finding(case, "qr", "pass"), name=name)
    assert not machine_passes(case)


def test_what_machines_find_is_written_as_ours() -> None:
    case = a_case()
    checking.check(case.application)
    standing = Check.objects.filter(application=case.application)
    assert len(standing) > 10
    assert all(check.is_ours for check in standing)


@pytest.mark.parametrize("column", [*FINDING, "at"])
def test_a_finding_that_was_altered_by_other_means_does_not_stand(column: str, case: Case) -> None:
    altered = clean(case)[0]
    by_sql(altered, **{column: FINDING.get(column, altered.at + timedelta(days=1))})
    assert not machine_passes(case)


def test_findings_of_another_case_do_not_stand(case: Case) -> None:
    theirs = bare_case()
    for name in policing.ALWAYS:
        by_sql(a_finding(theirs, name, "pass", basis_now(case)), application_id=case.application_id)
    assert len(checking.findings(case.application)) == len(policing.ALWAYS)
    assert not machine_passes(case)


def test_findings_of_other_pictures_do_not_stand(case: Case) -> None:
    others = [a_finding(case, name, "pass", "0" * 64) for name in policing.ALWAYS]
    assert not machine_passes(case)
    for finding in others:
        by_sql(finding, basis=basis_now(case))
    assert not machine_passes(case)


def test_a_trial_counts_no_finding_that_was_altered(case: Case) -> None:
    policy = a_policy()
    checks = clean(case)
    Case.objects.filter(pk=case.pk).update(queue="closed", closed_at=case.received_at)
    assert policing.try_on_past(policy)["machine"] == 1
    by_sql(checks[0], mac="")
    assert policing.try_on_past(policy)["machine"] == 0
