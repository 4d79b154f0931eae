"""The whole way through signing, by the verbs; the pages have their own tests."""

import pytest

from enrollment.journey import Step
from portal.models import Message, User
from signing.models import Certificate, Key, Paper
from tests.signing.conftest import certificate_of, to

State = Certificate.State


@pytest.mark.parametrize("plan", ["theo-luot-12", "ps0-cong-dan"])
def test_from_the_contract_to_an_active_certificate(plan: str, deciders: tuple[User, User]) -> None:
    application = to(Step.COMPLETE, deciders, plan=plan)
    certificate = certificate_of(application)
    assert certificate.state == State.ACTIVE
    assert {paper.kind: paper.state for paper in Paper.objects.filter(application=application)} == {
        "contract": "sealed",
        "minutes": "sealed",
    }
    posted = set(Message.objects.filter(template__startswith="signing/").values_list("template", flat=True))
    assert posted == {f"signing/messages/{name}" for name in (
        "contract_code", "contract_ready", "certificate_issued", "certificate_active"
    )}  # fmt: skip


@pytest.mark.usefixtures("pin_after_review")
def test_where_the_pin_comes_after_the_review_the_certificate_waits_for_its_user(deciders: tuple[User, User]) -> None:
    """Guide 5: VNeID's order of steps."""
    application = to(Step.PIN, deciders)
    assert certificate_of(application).state == State.USER_WAITING
    assert not Key.objects.filter(subscription=application.subscription).exists()
    application = to(Step.COMPLETE, deciders)
    assert certificate_of(application).state == State.ACTIVE


def test_where_the_pin_comes_first_the_states_are_told_in_smartcas_words(deciders: tuple[User, User]) -> None:
    assert certificate_of(to(Step.PIN)).state == State.KEY_WAITING
    assert certificate_of(to(Step.REVIEW)).state == State.APPROVAL_WAITING
    assert certificate_of(to(Step.ISSUANCE, deciders)).state == State.ISSUE_WAITING
    assert certificate_of(to(Step.ACCEPTANCE, deciders)).state == State.ACCEPTANCE_WAITING
