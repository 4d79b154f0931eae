"""An approval is bound to the file as it was shown."""

from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Approval, Consent
from enrollment.steps import approving, opening
from kyc.models import Evidence
from kyc.steps.review import deciding
from kyc.steps.review.turns import Choice
from portal.models import User
from portal.refusals import Refusal
from tests.kyc.conftest import a_case, act, bare_case, finding, refused, to_approval

pytestmark = pytest.mark.django_db
People = Callable[..., User]


def test_an_edit_between_appraisal_and_approval_voids_it(reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    application = finding(case)
    declared = application.declaration
    assert declared
    application.correct(type(declared)(**{**declared.__dict__, "full_name": "Lý Thị Mẫu Khác"}))
    assert refused(case, "approve", approver) == "file-changed"
    assert approving.granted(finding(case)) is None


def test_a_page_that_was_open_before_the_file_changed_decides_nothing(reviewer: User) -> None:
    case = a_case()
    act(case, "take", reviewer)
    shown_hash = dossier.digest(case.application)
    Evidence.objects.filter(application=case.application, kind="card-front").update(digest="f" * 64)
    with pytest.raises(Refusal, match="file-changed"):
        deciding.decide(case, "pass", reviewer, Choice(case.turns, file_hash=shown_hash))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kyc_evidence SET digest = 'f' WHERE application_id = %s",
        "UPDATE kyc_evidence SET by_id = 1 WHERE application_id = %s",
        "UPDATE enrollment_trail SET actor_id = 1 WHERE application_id = %s AND verb = 'finished' AND origin = 'pin'",
        "UPDATE kyc_evidence SET replaced_at = created_at WHERE application_id = %s",
        "UPDATE enrollment_application SET declared = NULL WHERE id = %s",
        "UPDATE enrollment_application SET user_id = NULL, channel = 'counter' WHERE id = %s",
        "UPDATE enrollment_approval SET approved_by_id = approved_by_id + 100 WHERE application_id = %s",
        "UPDATE enrollment_approval SET file_hash = 'f' WHERE application_id = %s",
        "UPDATE enrollment_approval SET voided_at = approved_at WHERE application_id = %s",
    ],
)
def test_what_raw_sql_changes_takes_the_authority_away(sql: str, reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = to_approval(a_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    assert approving.granted(finding(case))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        try:
            with transaction.atomic():
                cursor.execute(sql, [case.application_id])
                assert approving.granted(finding(case)) is None
                transaction.set_rollback(True)
        except IntegrityError:
            pass  # the database refused it by itself


def test_another_picture_in_the_place_of_the_approved_one_takes_it_away_too(reviewer: User, approver: User) -> None:
    case = to_approval(a_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    front, back = (
        Evidence.objects.get(application=case.application, kind=kind) for kind in ("card-front", "card-back")
    )
    assert front.file
    assert back.file
    default_storage.delete(front.file.name)
    front.file.name, front.file.wrapped = back.file.name, back.file.wrapped
    front.file.save()
    assert approving.granted(finding(case)) is None


def test_withdrawing_an_offer_changes_no_file_and_withdrawing_leave_ends_it(reviewer: User, approver: User) -> None:
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    application = finding(case)
    Consent.objects.create(application=application, purpose="offers", version="1", language="vi", channel="browser")
    assert approving.granted(application)
    opening.withdraw(application.consents.get(purpose="offers"))
    assert approving.granted(application)
    opening.withdraw(application.consents.get(purpose="personal-data"))
    assert approving.granted(application) is None
    assert finding(case).step == Step.STOPPED


def test_an_approval_written_by_hand_is_no_authority(reviewer: User, approver: User) -> None:
    case = bare_case()
    now = timezone.now()
    Approval.objects.create(
        application=case.application, file_hash=dossier.digest(case.application), appraised_by=reviewer,
        appraised_at=now, approved_by=approver, approved_at=now, mac="0" * 64,
    )  # fmt: skip
    assert approving.granted(finding(case)) is None
