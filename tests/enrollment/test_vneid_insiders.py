"""What a stranger, a typist or somebody with one table gains by VNeID's door: nothing that is another's. Promise P13, as far
as VNeID introduces people."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from enrollment.models import Application, Consent, Introduction, Link, Report
from enrollment.standins.vneid.world import consent
from enrollment.steps import activation, leaving, linking
from tests.enrollment.citizens import VAN, XUAN, Citizen, Simulator, path_of, simulator, vneid_at_work, with_an_account
from tests.enrollment.conftest import PASSWORD, Customer, code_sent

pytestmark = pytest.mark.django_db
__all__ = ["simulator"]
INTRODUCED = "/vneid/introduced/"


def typist() -> Customer:
    """Somebody who knows a citizen's number, and has a phone."""
    return Customer(number=VAN, birth_date=date(1996, 5, 17), sex="female", full_name="Đỗ Thị Mẫu Vân")


def proved(customer: Customer) -> Customer:
    customer.opens().chooses().declares().pays_nothing()
    customer.enters(code_sent("activation_code"))
    return customer


def holds(citizen: Citizen) -> Any:
    return citizen.client.session.get("application")


# ── Whose introduction it is ──


def test_who_began_an_asking_gets_nobody_who_agreed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link with the hub's transaction, sent to somebody who then agrees: who sent it knows no more than that."""
    with vneid_at_work(monkeypatch, "hub") as hub:
        attacker, victim = Citizen(hub, XUAN), Citizen(hub, VAN)
        link = attacker.client.post("/vneid/")["Location"]
        victim.signs_in()
        victim.tap(link)
        victim.tap("/consent", {"agree": "on"})
        back = victim.tap("/sharing", {"agree": "on"}).headers["Location"]
        for address in (f"/vneid/back/{link.rpartition('/')[2]}/", "/vneid/waits/"):
            attacker.goes(address)
            attacker.client.post(address)
        victim.goes(path_of(back))
        assert not Introduction.objects.exclude(said_at=None).exists()


def test_a_row_made_up_opens_nobodys_file(simulator: Simulator) -> None:
    victim = Customer(number=XUAN, birth_date=date(1994, 5, 17), sex="male", full_name="Hồ Văn Mẫu Xuân")
    victim.opens().chooses().declares()
    attacker = Citizen(simulator)
    attacker.comes()
    mine = attacker.introduction
    made_up = {"person_index": mine.person_index, "subject": mine.subject, "application": victim.application}
    Introduction.objects.create(state="x" * 64, mac="0" * 64, transaction="T", data_key=mine.data_key, **made_up)
    attacker.client.post(INTRODUCED, {"go-on": "1"})
    assert holds(attacker) != victim.application.pk


def test_what_was_said_to_one_browser_is_not_copied_to_another(simulator: Simulator) -> None:
    victim, attacker = Citizen(simulator, XUAN), Citizen(simulator, VAN)
    attacker.comes()
    mine = attacker.introduction
    victim.comes()
    names = ("said", "said_hash", "subject", "person_index", "level", "mac", "data_key_id")
    columns = ", ".join(
        f"{name} = (SELECT {name} FROM enrollment_introduction WHERE id = %(theirs)s)" for name in names
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE enrollment_introduction SET {columns} WHERE id = %(mine)s",
            {"mine": mine.pk, "theirs": victim.introduction.pk},
        )
    assert attacker.goes(INTRODUCED).status_code == 409
    attacker.client.post(INTRODUCED)
    assert holds(attacker) is None


@pytest.mark.parametrize("column", ["said_at", "ended", "browser", "application"])
def test_nothing_of_an_introduction_is_altered_unseen(simulator: Simulator, column: str) -> None:
    citizen = Citizen(simulator)
    citizen.comes()
    other = Customer().opens().application
    altered: dict[str, Any] = {
        "said_at": timezone.now() + timedelta(hours=1),
        "ended": "replaced",
        "browser": "0" * 64,
        "application": other,
    }
    Introduction.objects.update(**{column: altered[column]})
    assert not citizen.introduction.is_ours


# ── Whose number it is ──


def test_a_typist_displaces_nobody_whom_vneid_introduced(simulator: Simulator) -> None:
    introduced = with_an_account(simulator).application
    proved(typist())
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=5), tick=True):
        activation.pass_on()
    introduced.refresh_from_db()
    assert introduced.step == "plan"
    assert introduced.user
    assert introduced.user.is_active


def test_nor_who_has_declared_and_not_typed_the_code_yet(simulator: Simulator) -> None:
    introduced = Citizen(simulator).opens().declares().application
    proved(typist())
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=5), tick=True):
        activation.pass_on()
    introduced.refresh_from_db()
    assert not introduced.is_duplicate


def test_nor_an_account_whose_file_has_ended(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    account = citizen.application.user
    assert account
    leaving.leave(citizen.application, "cancelled")
    proved(typist())
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=5), tick=True):
        activation.pass_on()
    account.refresh_from_db()
    assert account.is_active


def test_a_squatter_keeps_no_number_from_whom_vneid_introduces(simulator: Simulator) -> None:
    squatter = proved(typist())
    squatter.picks(PASSWORD)
    account = squatter.application.user
    assert account
    citizen = Citizen(simulator)
    page = citizen.comes().content.decode()
    assert "Không phải tài khoản của tôi" in page
    assert citizen.client.post(INTRODUCED).status_code == 302
    citizen.declares().activates()
    application = citizen.application
    account.refresh_from_db()
    assert (application.step, application.is_duplicate, account.is_active) == ("plan", False, False)


def test_a_family_shares_a_phone_and_no_file(simulator: Simulator) -> None:
    first = Citizen(simulator, XUAN).opens()
    second = Citizen(simulator, VAN, first.client)
    back = second.comes_back_from(second.goes(second.registers()))
    assert second.goes(back)["Location"] == INTRODUCED
    page = second.goes(INTRODUCED).content.decode()
    assert VAN in page
    assert XUAN not in page


# ── What VNeID is told ──


def test_sharing_is_withdrawn_also_while_another_file_is_open(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    transaction = citizen.introduction.transaction
    Application.objects.update(step="complete", reached="complete")
    citizen.client.post("/register/", {"terms": "on", "personal-data": "on"})
    assert "Chia sẻ dữ liệu với VNeID" in citizen.goes("/application/consents/").content.decode()
    citizen.client.post("/application/consents/", {"purpose": "sharing"})
    assert linking.state_of(transaction) is None


@pytest.mark.parametrize("purpose", ["terms", "personal-data", "sharing"])
def test_without_leave_nothing_is_told_or_answered(simulator: Simulator, purpose: str) -> None:
    """Promise P19, as far as VNeID is told."""
    citizen = with_an_account(simulator)
    linking.deliver()
    citizen.client.post("/application/consents/", {"purpose": purpose})
    linking.deliver()
    assert linking.state_of(citizen.introduction.transaction) is None
    assert set(Report.objects.values_list("state", "status")) <= {(2, "heard"), (2, "withdrawn")}


def test_a_withdrawal_is_not_undone_in_the_table(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    citizen.client.post("/application/consents/", {"purpose": "sharing"})
    Consent.objects.filter(purpose="sharing").update(withdrawn_at=None)
    leaving.leave(citizen.application, "cancelled")
    assert linking.state_of(citizen.introduction.transaction) is None
    Link.objects.update(ended_at=None)
    assert linking.state_of(citizen.introduction.transaction) is None


def test_what_was_withdrawn_is_asked_anew_and_not_taken_from_before(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    for purpose in ("sharing", "personal-data"):
        citizen.client.post("/application/consents/", {"purpose": purpose})
    door = "/vneid/?txn=" + next(iter(simulator.services.world.registrations))
    citizen.goes(citizen.comes_back_from(citizen.goes(door)))
    page = citizen.goes(INTRODUCED).content.decode()
    assert 'name="personal-data"' in page
    assert 'name="terms"' not in page


def test_what_was_agreed_to_long_ago_is_asked_again(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    citizen.comes()
    Introduction.objects.update(asked_at=timezone.now() + timedelta(days=31))
    assert 'name="personal-data"' in citizen.goes(INTRODUCED).content.decode()


def test_a_report_by_other_means_tells_nothing(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    linking.deliver()
    report = Report(link=Link.objects.get(), application=citizen.application, move=999, state=0, mac="0" * 64)
    Report.objects.bulk_create([report])
    linking.deliver()
    [registration] = simulator.services.world.registrations.values()
    assert registration.state == 2
    assert linking.state_of(citizen.introduction.transaction) == {
        "transactionCode": citizen.introduction.transaction,
        "statusCode": 2,
    }


def test_a_report_that_was_altered_tells_nothing(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    Report.objects.update(state=0)
    linking.deliver()
    [registration] = simulator.services.world.registrations.values()
    assert registration.state is None
    state = linking.state_of(citizen.introduction.transaction)
    assert state
    assert state["statusCode"] == 2


def test_a_consent_by_other_means_links_nobody(simulator: Simulator) -> None:
    """What was agreed to stands in what VNeID said."""
    citizen = Citizen(simulator)
    citizen.is_said_to_be(consents=[consent(purpose, "vi") for purpose in ("terms", "personal-data")])
    application = citizen.opens().application
    row = {"application": application, "purpose": "sharing", "version": "2026-11", "language": "vi"}
    Consent.objects.bulk_create([Consent(**row, channel="vneid", source="vneid")])
    citizen.declares().activates()
    assert citizen.application.step == "plan"
    assert not Link.objects.exists()


def test_with_the_file_goes_what_was_said_and_the_link(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    leaving.leave(citizen.application, "cancelled")
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        leaving.erase()
    row, link = citizen.introduction, Link.objects.get()
    assert (row.said, row.subject, row.person_index) == (None, "", "")
    assert row.data_key.erased_at
    assert link.ended_at
    assert link.subject == ""
