"""What the apps bring along, word for word: who may do what, what runs how often and where, what the operator watches.

Written out here, because a table compared with itself is always right."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from portal.accounts.roles import ROLES, permissions_of, seed_roles
from portal.celery import app as celery

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PERMISSIONS: dict[str, set[str]] = {
    "customer": set(),
    "agent": {"enrollment.view_application", "counter.serve", "orders.take_cash"},
    "lead": {"enrollment.view_application", "counter.lead", "orders.confirm_cash", "orders.view_drawer"},
    "reviewer": {"enrollment.view_application", "kyc.view_case", "kyc.change_case", "kyc.view_evidence"},
    "approver": {"enrollment.view_application", "kyc.view_case", "kyc.change_case", "kyc.view_evidence"},
    "supervisor": {
        *("enrollment.view_application", "enrollment.change_application", "enrollment.view_report"),
        *("kyc.view_case", "kyc.change_case", "kyc.view_evidence"),
        *("kyc.view_policy", "kyc.add_policy", "kyc.change_policy", "kyc.confirm_policy"),
        *("orders.view_payment", "orders.view_refund", "orders.change_refund", "orders.view_invoice"),
        *("orders.view_plan", "orders.add_plan", "orders.change_plan", "orders.confirm_plan", "orders.confirm_refund"),
        *("orders.confirm_cash", "orders.view_drawer", "orders.view_every_drawer"),
        *("portal.view_user", "portal.view_branch", "portal.view_message", "portal.view_event"),
        *("portal.view_change", "portal.confirm_user", "counter.oversee"),
    },
    "operator": {
        "kyc.confirm_policy",
        *("enrollment.view_application", "enrollment.change_application", "enrollment.view_report"),
        *("orders.view_payment", "orders.view_refund", "orders.view_invoice", "orders.change_invoice"),
        *("orders.view_plan", "orders.confirm_plan", "orders.confirm_refund"),
        *("portal.view_user", "portal.add_user", "portal.change_user"),
        *("portal.view_branch", "portal.add_branch", "portal.change_branch"),
        *("portal.view_message", "portal.change_message", "portal.view_event"),
        *("portal.view_failure", "portal.view_change", "portal.confirm_user"),
    },
    "auditor": {
        *("enrollment.view_application", "enrollment.view_report"),
        *("kyc.view_case", "kyc.view_policy", "counter.oversee"),
        *("orders.view_payment", "orders.view_refund", "orders.view_drawer", "orders.view_every_drawer"),
        *("portal.view_user", "portal.view_message", "portal.view_event", "portal.view_change"),
    },
}
HOUR, DAY = 3600, 86400
WORKER, SIGNER = "celery", "signer"
SCHEDULE: dict[str, tuple[float, str]] = {
    "portal.tasks.beat": (10, WORKER),
    "portal.tasks.deliver_messages": (10, WORKER),
    "portal.tasks.seal_audit": (5, WORKER),
    "portal.tasks.verify_audit": (DAY, WORKER),
    "portal.tasks.tidy": (HOUR, WORKER),
    "enrollment.tasks.report": (10, WORKER),
    "enrollment.tasks.tidy": (HOUR, WORKER),
    "enrollment.orders.tasks.ask_about_payments": (30, WORKER),
    "enrollment.orders.tasks.read_statements": (120, WORKER),
    "enrollment.orders.tasks.issue_invoices": (30, WORKER),
    "kyc.tasks.check_evidence": (15, WORKER),
    "kyc.tasks.keep_deadlines": (60, WORKER),
    "kyc.tasks.tidy": (HOUR, WORKER),
    "kyc.demo.tasks.seed_files": (15, SIGNER),
    "signing.tasks.act": (5, SIGNER),
    "signing.tasks.beat": (10, SIGNER),
    "signing.tasks.examine": (10, WORKER),
    "signing.tasks.fill_pool": (10, SIGNER),
    "signing.tasks.issue": (10, SIGNER),
    "signing.tasks.recheck": (DAY, SIGNER),
    "signing.tasks.restamp": (DAY, SIGNER),
    "signing.tasks.seal": (10, SIGNER),
    "signing.tasks.tidy": (HOUR, SIGNER),
    "signing.authority.tasks.publish": (30, SIGNER),
    "signing.authority.tasks.turn": (HOUR, SIGNER),
}
ON_DEMAND = {"signing.authority.tasks.answer": SIGNER}
GAUGES = {
    *("portal_messages", "portal_message_overdue_seconds", "portal_audit_unsealed", "portal_worker_silent_seconds"),
    "portal_jobs_failing",
    "portal_people_looking_much",
    *("portal_refunds_due", "portal_invoices_failed", "portal_invoices_to_adjust", "portal_payment_open_seconds"),
    "portal_plans_altered",
    *("portal_vneid_reports_dead", "portal_vneid_report_age_seconds"),
    *("portal_cases_waiting", "portal_cases_late", "portal_cases_unchecked"),
    *("portal_signer_silent_seconds", "portal_acts_waiting", "portal_papers_unsealed", "portal_certificates_due"),
    *("portal_keys_ready", "portal_pin_key_age_seconds", "portal_list_age_seconds"),
}


def test_each_role_may_do_this_and_no_more() -> None:
    assert {role: permissions_of(role) for role in ROLES} == PERMISSIONS
    seed_roles()
    assert {group.name for group in Group.objects.all()} == PERMISSIONS.keys()


def test_each_task_has_its_turn_which_lapses_with_the_next() -> None:
    turns = {entry["task"]: entry["schedule"] for entry in celery.conf.beat_schedule.values()}
    assert turns == {task: every for task, (every, _queue) in SCHEDULE.items()}
    assert len(celery.conf.beat_schedule) == len(SCHEDULE)
    for entry in celery.conf.beat_schedule.values():
        assert entry["options"] == {"expires": entry["schedule"]}


def test_each_task_runs_where_it_should() -> None:
    queues = {task: queue for task, (_every, queue) in SCHEDULE.items()} | ON_DEMAND
    assert {task: celery.amqp.router.route({}, task)["queue"].name for task in queues} == queues


def test_what_is_scheduled_is_there_and_what_is_there_is_scheduled() -> None:
    celery.loader.import_default_modules()
    assert {task for task in celery.tasks if not task.startswith("celery.")} == SCHEDULE.keys() | ON_DEMAND.keys()


def test_the_operator_watches_all_of_these(client: Client) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    families = text_string_to_metric_families(answer.content.decode())
    assert {family.name for family in families if family.type == "gauge"} == GAUGES
