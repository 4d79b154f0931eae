"""From "Điều hướng ngay" in VNeID to "Thành công" there: guide 5's order of steps, and what VNeID may show at each."""

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application, Introduction, Report
from enrollment.steps import approving, linking
from portal.models import Message, User
from signing.models import Certificate
from signing.steps import issuance
from tests.enrollment.citizens import Citizen, Simulator, simulator
from tests.enrollment.conftest import code_sent
from tests.signing.conftest import again, certificate_of, onward, sure

__all__ = ["simulator"]
State = Certificate.State


def at_contract(citizen: Citizen) -> Application:
    """The pictures are the tests' of kyc."""
    citizen.opens().declares().activates().chooses()
    application = citizen.application
    assert application.step == Step.CAPTURE
    application.finish()
    return again(application)


def test_guide_5_from_vneid_to_the_state_in_vneid(simulator: Simulator, deciders: tuple[User, User]) -> None:
    citizen = Citizen(simulator)
    application = onward(at_contract(citizen), Step.REVIEW)
    assert certificate_of(application).state == State.APPROVAL_WAITING
    application = onward(application, Step.PIN, deciders)
    assert certificate_of(application).state == State.USER_WAITING
    application = onward(application, Step.CONFIRMATION)
    page = citizen.goes("/vneid/confirmation/").content.decode()
    assert "Mã OTP" in page
    assert citizen.client.post("/vneid/confirmation/", {"code": "000000"}).status_code == 200
    citizen.client.post("/vneid/confirmation/", {"code": code_sent("confirmation_code")})
    application = onward(again(application), Step.COMPLETE)
    assert certificate_of(application).state == State.ACTIVE
    assert Message.objects.filter(template="enrollment/messages/confirmation_code").count() == 1


def test_no_certificate_without_the_code_after_the_pin(simulator: Simulator, deciders: tuple[User, User]) -> None:
    """Promise P14, as far as the PIN comes after the approval."""
    application = onward(at_contract(Citizen(simulator)), Step.CONFIRMATION, deciders)
    issuance.issue_due()
    assert not Certificate.issued().filter(application=application).exists()
    assert approving.granted(application) is None


def test_vneid_shows_each_state_as_it_comes(simulator: Simulator, deciders: tuple[User, User]) -> None:
    citizen, application = Citizen(simulator), None
    application = onward(at_contract(citizen), Step.REVIEW)
    application = onward(application, Step.PIN, deciders)
    linking.deliver()
    sent = list(Report.objects.order_by("move").values_list("state", "status"))
    assert sent == [(2, "heard"), (2, "due"), (3, "due")]  # one after the other
    linking.deliver()
    linking.deliver()
    assert set(Report.objects.values_list("status", flat=True)) == {"heard"}
    [registration] = simulator.services.world.registrations.values()
    assert registration.state == 3


def test_what_vneid_said_is_bound_by_the_approval(simulator: Simulator, deciders: tuple[User, User]) -> None:
    """Promise P6, as far as VNeID said who it is."""
    application = onward(at_contract(Citizen(simulator)), Step.REVIEW)
    before = dossier.digest(application)
    assert dossier.is_ours(application)
    Introduction.objects.filter(application=application).update(said_hash="0" * 64)
    assert dossier.digest(application) != before
    assert not dossier.is_ours(application)


def test_without_its_introduction_a_file_is_nobodys(simulator: Simulator) -> None:
    application = onward(at_contract(Citizen(simulator)), Step.REVIEW)
    Introduction.objects.filter(application=application).update(ended="replaced")
    assert not dossier.is_ours(application)


def test_level_1_is_no_ground_for_a_file_though_the_row_were_ours(simulator: Simulator) -> None:
    application = onward(at_contract(Citizen(simulator)), Step.REVIEW)
    introduction = sure(Introduction.of(application))
    introduction.level = 1
    Introduction.objects.filter(pk=introduction.pk).update(level=1, mac=introduction.mac_of_row)
    assert sure(Introduction.of(application)).is_ours
    assert not dossier.is_ours(application)
