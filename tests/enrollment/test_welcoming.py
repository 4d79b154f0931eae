"""Whom VNeID introduced, from "Điều hướng ngay" to the account, and who else may come in by that."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.journey import Channel, Step
from enrollment.models import Application, Introduction, Link
from enrollment.steps import linking, welcoming
from portal.models import Message, User
from portal.refusals import Refusal
from tests.conftest import PASSWORD, People, at_once
from tests.enrollment.citizens import (
    EXPIRED,
    LOW,
    PHONE,
    VAN,
    XUAN,
    Citizen,
    Simulator,
    any_simulator,
    nothing_comes_of_it,
    path_of,
    simulator,
    twin,
)
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator", "simulator"]


def test_from_vneid_to_the_account_and_the_plan(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    page = citizen.comes()
    assert "ĐỖ THỊ MẪU VÂN".casefold() in page.content.decode().casefold()
    assert citizen.client.post("/vneid/introduced/").status_code == 302
    application = citizen.application
    assert (application.channel, application.step) == (Channel.VNEID, Step.DECLARATION)
    page = citizen.goes("/register/declaration/")
    assert "Số điện thoại liên hệ" in page.content.decode()
    assert 'name="email"' not in page.content.decode()
    citizen.declares()
    assert citizen.application.step == Step.ACTIVATION
    citizen.activates()
    application = citizen.application
    assert application.step == Step.PLAN
    assert application.declaration
    assert (application.declaration.number, application.declaration.phone) == (VAN, PHONE)
    assert application.user
    assert application.user.email == "van.mau@example.vn"
    citizen.chooses()
    assert citizen.application.step == Step.CAPTURE
    assert Link.objects.get(user=application.user).subject == Introduction.objects.get().subject


# ── Who is who ──

INTRODUCED = "/vneid/introduced/"
REQUIRED = {"terms": "on", "personal-data": "on"}


def in_minutes(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True)


def open_files() -> int:
    return Application.open_ones().count()


def test_whoever_is_signed_in_as_another_is_not_told_whose_it_is(
    any_simulator: Simulator, person: People, signed_in: Callable[[User], Client]
) -> None:
    user = person()
    citizen = Citizen(any_simulator, client=signed_in(user))
    page = citizen.comes().content.decode()
    assert "Không phải tài khoản đang đăng nhập" in page
    assert not [word for word in ("MẪU VÂN", VAN, VAN[-3:] + "<", "1996") if word.casefold() in page.casefold()]
    citizen.client.post(INTRODUCED)
    citizen.client.post(INTRODUCED, {"go-on": "1"})
    assert not Application.objects.exists()


def test_who_has_an_account_signs_in_and_goes_on_without_vneid(any_simulator: Simulator, person: People) -> None:
    user = person(number=VAN, full_name="Đỗ Thị Mẫu Vân")
    citizen = Citizen(any_simulator)
    assert "đã có tài khoản" in citizen.comes().content.decode()
    assert citizen.client.post(INTRODUCED).status_code == 200
    assert not Application.objects.exists()
    asked = len(any_simulator.asked)
    citizen.client.post("/sign-in/", {"login": VAN, "password": PASSWORD, "next": INTRODUCED})
    assert citizen.client.post(INTRODUCED).status_code == 302
    assert len(any_simulator.asked) == asked
    citizen.declares(email="van@example.vn")
    assert (citizen.application.step, citizen.application.user) == (Step.PLAN, user)
    assert not Message.objects.filter(template="enrollment/messages/activation_code").exists()
    assert Link.objects.get().user == user


def test_whoever_signs_in_as_another_after_that_does_not_take_it(simulator: Simulator, person: People) -> None:
    person(number=VAN)
    other = person()
    citizen = Citizen(simulator)
    citizen.comes()
    citizen.client.post("/sign-in/", {"login": other.id_number, "password": PASSWORD})
    assert "Không phải tài khoản đang đăng nhập" in citizen.goes(INTRODUCED).content.decode()
    citizen.client.post(INTRODUCED)
    assert not Application.objects.exists()


def test_whoever_begins_again_in_this_browser_comes_back_to_where_they_stood(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).opens().declares()
    before = citizen.application
    assert asks_again(citizen).redirect_chain[-1][0] == "/activate/"
    assert (citizen.application, open_files()) == (before, 1)


def test_or_begins_anew_and_never_has_two(any_simulator: Simulator) -> None:
    before = Citizen(any_simulator).opens().declares().application
    citizen = Citizen(any_simulator)
    assert before.reference in citizen.comes().content.decode()
    assert citizen.client.post(INTRODUCED).status_code == 302
    assert (open_files(), citizen.application.pk != before.pk) == (1, True)
    assert Application.objects.get(pk=before.pk).reason == "anew"


@pytest.mark.parametrize("has_declared", [False, True])
def test_on_another_phone_the_same_citizen_goes_on(any_simulator: Simulator, has_declared: bool) -> None:
    phone, other = Citizen(any_simulator).opens(), Citizen(any_simulator)
    if has_declared:
        phone.declares()
    assert phone.application.reference in other.comes().content.decode()
    assert other.client.post(INTRODUCED, {"go-on": "1"}).status_code == 302
    assert (other.application, open_files()) == (phone.application, 1)


def test_a_file_that_somebody_else_opened_for_the_number_is_not_given_away(simulator: Simulator) -> None:
    """Who typed the number without VNeID has shown nothing; who comes by VNeID neither gets that file nor loses to it."""
    typist = Customer(number=VAN, birth_date=date(1996, 5, 17), sex="female", full_name="Đỗ Thị Mẫu Vân")
    typist.opens().chooses().declares()
    citizen = Citizen(simulator)
    page = citizen.comes().content.decode()
    assert typist.application.reference not in page
    citizen.client.post(INTRODUCED)
    assert citizen.application.pk != typist.application.pk
    assert not typist.application.is_ended


def test_a_blank_file_of_this_browser_is_gone_on_with_or_ended(simulator: Simulator) -> None:
    walker = Customer().opens()
    citizen = Citizen(simulator, client=walker.client)
    before = citizen.application
    assert before.reference in citizen.comes().content.decode()
    citizen.client.post(INTRODUCED)
    assert open_files() == 1
    assert Application.objects.get(pk=before.pk).reason == "anew"


def test_a_file_of_somebody_else_in_this_browser_is_not_ended(simulator: Simulator) -> None:
    """A family shares a browser: who has declared loses nothing to who comes after."""
    first = Citizen(simulator, XUAN).opens().declares("0912000502")
    before = first.application
    second = Citizen(simulator, VAN, first.client)
    assert before.reference not in asks_again(second.signs_in()).content.decode()
    second.client.post(INTRODUCED)
    assert not Application.objects.get(pk=before.pk).is_ended
    assert second.application.pk != before.pk


def test_nor_one_that_vneid_introduced_somebody_else_for(simulator: Simulator) -> None:
    first, second = Citizen(simulator, XUAN).opens(), Citizen(simulator)
    second.comes()
    assert welcoming.meet(second.introduction, None, first.application).met == welcoming.Met.STRANGER


def test_level_one_is_led_to_the_browsers_own_way_with_what_is_known(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator, LOW)
    assert "mức 1" in citizen.comes().content.decode()
    citizen.client.post(INTRODUCED)
    assert not Application.objects.exists()
    citizen.client.post("/register/", REQUIRED)
    application = citizen.application
    assert (application.channel, Introduction.of(application)) == (Channel.BROWSER, None)
    assert application.draft == {
        "full_name": "BÙI THỊ MẪU YÊN",
        "number": LOW,
        "birth_date": "17/05/1997",
        "sex": "female",
        "document": "citizen",
        "nationality": "Việt Nam",
    }


def test_level_one_opens_nothing_without_the_page_either(simulator: Simulator) -> None:
    citizen = Citizen(simulator, LOW)
    citizen.comes()
    with pytest.raises(Refusal, match="vneid-over"):
        welcoming.open_introduced(citizen.introduction, REQUIRED, user=None, language="vi", place="")
    assert not Application.objects.exists()


def test_a_card_that_has_ended_is_told(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator, EXPIRED)
    assert "Giấy tờ chưa dùng được" in citizen.comes().content.decode()
    citizen.client.post(INTRODUCED)
    assert not Application.objects.exists()


@pytest.mark.parametrize("day", ["17/05/2020", "01/01/2026"])
def test_a_card_that_vneid_says_has_ended_is_told(simulator: Simulator, day: str) -> None:
    citizen = Citizen(simulator).is_said_to_be(idCardExpireDate=day)
    page = citizen.comes().content.decode()
    citizen.client.post(INTRODUCED)
    assert ("Giấy tờ chưa dùng được" in page, Application.objects.exists()) == (True, False)


# ── Taken once ──


def test_what_was_said_is_taken_once(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    assert citizen.client.post(INTRODUCED).status_code == 409
    assert citizen.goes(INTRODUCED).status_code == 409
    assert open_files() == 1


def test_nobody_takes_what_was_said_to_another_browser(simulator: Simulator) -> None:
    citizen, stranger = Citizen(simulator), Citizen(simulator)
    citizen.comes()
    stranger.goes("/vneid/")
    stranger.client.post("/vneid/")
    session = stranger.client.session
    session["introduction"] = citizen.introduction.pk
    session.save()
    assert stranger.client.post(INTRODUCED).status_code == 409


@pytest.mark.parametrize("altered", [{"level": 2}, {"person_index": "0" * 64}, {"subject": "0" * 64}])
def test_what_was_altered_before_it_is_taken_is_not_taken(simulator: Simulator, altered: dict[str, Any]) -> None:
    """Else our own mark would be put under it."""
    citizen = Citizen(simulator, LOW)
    citizen.comes()
    Introduction.objects.update(**altered)
    row = Introduction.objects.select_related("data_key").get()
    assert citizen.client.post(INTRODUCED).status_code == 409
    with pytest.raises(Refusal):
        welcoming.attach(row, Application(pk=1))
    assert not Application.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_at_once_one_opens(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    citizen.comes()
    tabs = [twin(citizen.client) for _tab in range(8)]
    statuses: list[Any] = at_once(8, lambda place: tabs[place].post(INTRODUCED).status_code)
    assert statuses.count(302) >= 1
    assert open_files() == Application.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_phones_at_once_one_opens(simulator: Simulator) -> None:
    phones = [Citizen(simulator) for _phone in range(6)]
    for phone in phones:
        assert phone.comes().status_code == 200
    statuses: list[Any] = at_once(6, lambda place: phones[place].client.post(INTRODUCED).status_code)
    assert set(statuses) <= {302, 409, 200}
    assert open_files() == 1


# ── Asked again ──


def asks_again(citizen: Citizen, **said: Any) -> Any:
    citizen.goes("/register/declaration/")
    if said:
        citizen.is_said_to_be(**said)
    there = citizen.client.post("/vneid/")
    citizen.tap(there["Location"])
    citizen.tap("/consent", {"agree": "on"})
    back = path_of(citizen.tap("/sharing", {"agree": "on"}).headers["Location"])
    return citizen.client.get(back, follow=True)


def test_what_vneid_says_now_counts_from_here_on(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).opens()
    page = asks_again(citizen, fullName="ĐỖ THỊ MẪU VÂN ANH")
    assert "Đã lấy lại thông tin từ VNeID" in page.content.decode()
    declaration = citizen.declares().application.declaration
    assert declaration
    assert declaration.full_name == "ĐỖ THỊ MẪU VÂN ANH"
    assert sorted(Introduction.objects.values_list("ended", flat=True)) == ["", "replaced"]
    assert dossier.is_ours(citizen.application)


def test_of_what_was_replaced_vneid_knows_no_state(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    before = citizen.introduction.transaction
    asks_again(citizen)
    citizen.declares().activates()
    assert linking.state_of(citizen.introduction.transaction)
    assert linking.state_of(before) is None


@pytest.mark.parametrize(
    "said",
    [
        {"accountLevel": 1},
        {"idCardExpireDate": "17/05/2020"},
    ],
    ids=["of a lower level", "with a card that has ended"],
)
def test_who_is_not_that_person_any_more_changes_nothing(any_simulator: Simulator, said: dict[str, Any]) -> None:
    citizen = Citizen(any_simulator).opens()
    before = Introduction.of(citizen.application)
    with nothing_comes_of_it():
        page = asks_again(citizen, **said)
    assert ("hết hạn" if "idCardExpireDate" in said else "không còn dùng được") in page.content.decode()
    assert Introduction.of(citizen.application) == before
    assert citizen.declares().application.step == Step.ACTIVATION


def test_somebody_else_in_that_browser_changes_nothing_of_it(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).opens()
    application = citizen.application
    before = Introduction.of(application)
    asks_again(citizen, citizenPid=XUAN, birthDate="17/05/1994", gender="Nam", subject="vneid-000502")
    with nothing_comes_of_it(), pytest.raises(Refusal, match="vneid-over"):
        welcoming.renew(citizen.introduction, application)
    assert (Introduction.of(application), open_files()) == (before, 1)
