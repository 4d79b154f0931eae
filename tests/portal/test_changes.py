"""Power and money want two people: the one mechanism, tried with a lost second factor."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from time_machine import travel

from portal import changes, sealing
from portal.accounts.binding import PLACE
from portal.accounts.changing import about
from portal.models import Change, Event, Message, User
from portal.refusals import Refusal
from tests.conftest import People, at_once

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
WHY = "Người này báo mất điện thoại"
RESET = "second factor reset"


@pytest.fixture
def owner(staff: People) -> User:
    return staff("agent")


@pytest.fixture
def change(owner: User, first: User) -> Change:
    return changes.propose(RESET, about(owner), {"devices": []}, first, reason=WHY)


def devices(owner: User) -> int:
    return Authenticator.objects.filter(user=owner).count()


def refused(act: Callable[[Change, User], None], change: Change, by: User) -> str:
    with pytest.raises(Refusal) as no:
        act(change, by)
    return no.value.code


def test_nothing_happens_before_the_second_person_and_all_of_it_then(
    change: Change, owner: User, first: User, second: User, signed_in: Enter
) -> None:
    """Promise P24."""
    theirs = signed_in(owner)
    assert devices(owner) == 1
    changes.confirm(change, second)
    assert devices(owner) == 0
    assert theirs.get("/account/").status_code == 302
    proposed, confirmed = Event.objects.filter(verb__startswith="change ").order_by("id")
    assert (proposed.actor, confirmed.actor) == (first, second)
    assert confirmed.about == about(owner)
    assert confirmed.details["before"]["devices"][0].startswith("totp")
    assert confirmed.details["after"]["devices"] == []


def test_the_owner_is_told_by_every_way(change: Change, owner: User, second: User) -> None:
    Message.objects.all().delete()
    changes.confirm(change, second)
    assert {message.channel for message in Message.objects.all()} == {"sms", "email"}
    assert all("lớp xác thực thứ hai" in message.params[0] for message in Message.objects.all())


def test_neither_the_proposer_nor_the_person_concerned_confirms(
    change: Change, owner: User, first: User, staff: People
) -> None:
    """Promise P24."""
    concerned = staff("supervisor")
    about_second = changes.propose(RESET, about(concerned), {"devices": []}, first, reason=WHY)
    assert refused(changes.confirm, change, first) == "same-person"
    assert refused(changes.confirm, about_second, concerned) == "own-account"
    assert refused(changes.reject, about_second, concerned) == "own-account"
    assert refused(changes.confirm, change, staff("reviewer")) == "not-allowed"
    assert devices(owner) == devices(concerned) == 1
    assert Event.objects.filter(verb="change confirmed", result="refused").count() == 3


def test_nobody_proposes_for_himself_or_beyond_the_role(first: User, owner: User, second: User) -> None:
    for by, whose, code in ((first, first, "own-account"), (second, owner, "not-allowed")):
        with pytest.raises(Refusal, match=code):
            changes.propose(RESET, about(whose), {"devices": []}, by, reason=WHY)


@pytest.mark.parametrize("reason", ["", "xxxxx", "mất mất mất mất", "gọi số 0912345678 để hỏi"])
def test_a_reason_says_something(reason: str, owner: User, first: User) -> None:
    with pytest.raises(Refusal, match="reason-needed"):
        changes.propose(RESET, about(owner), {"devices": []}, first, reason=reason)


def test_it_is_decided_once(change: Change, second: User, staff: People) -> None:
    changes.reject(change, second)
    for act in (changes.confirm, changes.reject, changes.withdraw):
        assert refused(act, change, staff("operator")) == "decided"


@pytest.mark.parametrize("act", [changes.confirm, changes.reject])
def test_what_was_decided_reads_as_it_was_decided(
    act: Callable[[Change, User], None], change: Change, second: User, signed_in: Enter
) -> None:
    """Ours, with its reason: no false alarm about a row that nobody altered."""
    act(change, second)
    assert changes.is_intact(Change.objects.get(pk=change.pk))
    shown = signed_in(second).get(f"/admin/portal/change/{change.pk}/change/").content.decode()
    assert WHY in shown
    assert "bị sửa ngoài hệ thống" not in shown


def test_only_the_proposer_withdraws(change: Change, first: User, second: User, owner: User) -> None:
    assert refused(changes.withdraw, change, second) == "not-yours"
    changes.withdraw(change, first)
    assert Change.objects.get().decision == "withdrawn"
    assert devices(owner) == 1


def test_the_same_waits_once(change: Change, owner: User, first: User, staff: People) -> None:
    with pytest.raises(Refusal, match="waits-already"):
        changes.propose(RESET, about(owner), {"devices": []}, staff("operator"), reason=WHY)
    changes.withdraw(change, first)
    changes.propose(RESET, about(owner), {"devices": []}, first, reason=WHY)


def test_what_moved_meanwhile_is_proposed_anew(change: Change, owner: User, second: User) -> None:
    Authenticator.objects.create(user=owner, type="recovery_codes", data={"seed": sealing.seal(b"0", PLACE)})
    assert refused(changes.confirm, change, second) == "moved"
    assert devices(owner) == 2


def test_what_is_so_already_is_not_proposed(owner: User, first: User) -> None:
    Authenticator.objects.all().delete()
    with pytest.raises(Refusal, match="nothing-changed"):
        changes.propose(RESET, about(owner), {"devices": []}, first, reason=WHY)


def test_it_lapses(change: Change, owner: User, first: User, second: User) -> None:
    with travel(timezone.now() + timedelta(days=8), tick=False):
        assert refused(changes.confirm, change, second) == "lapsed"
        changes.propose(RESET, about(owner), {"devices": []}, first, reason=WHY)
        assert Change.objects.get(pk=change.pk).decision == "lapsed"
        with travel(timezone.now() + timedelta(days=8), tick=False):
            changes.lapse_overdue()
    assert set(Change.objects.values_list("decision", flat=True)) == {"lapsed"}
    assert devices(owner) == 1


def test_a_proposer_who_lost_the_role_proposes_nothing_that_counts(change: Change, first: User, second: User) -> None:
    User.objects.filter(pk=first.pk).update(is_active=False)
    assert refused(changes.confirm, change, second) == "not-vouched"


COLUMNS = ("kind", "about", "before", "after", "reason", "proposed_by", "expires_at", "mac")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_altered_by_other_means_is_not_confirmed(
    column: str, change: Change, owner: User, second: User, staff: People
) -> None:
    """Promise P24."""
    other = staff("auditor")
    donor = Change(
        kind="account changed",
        about=about(other),
        before={"devices": []},
        after={"devices": ["totp 7"]},
        reason="Một lý do khác hẳn",
        proposed_by=second,
        proposed_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=90),
    )
    donor.mac = donor.mac_of_row
    donor.save()
    stolen = Change.objects.filter(pk=donor.pk).values_list(column, flat=True)[0]
    donor.delete()
    Change.objects.filter(pk=change.pk).update(**{column: stolen})
    by = staff("operator")
    assert refused(changes.confirm, change, by) == "altered"
    assert refused(changes.reject, change, by) == "altered"
    assert devices(owner) == devices(other) == 1


def test_a_copy_of_a_row_is_not_confirmed(change: Change, owner: User, first: User, second: User) -> None:
    """Promise P24. Not even of what its proposer withdrew."""
    row = Change.objects.filter(pk=change.pk).values()[0]
    changes.withdraw(change, first)
    copy = Change.objects.create(**{**row, "id": uuid.uuid4()})
    assert refused(changes.confirm, copy, second) == "altered"
    assert devices(owner) == 1


def test_an_altered_row_stands_in_nobodys_way(change: Change, owner: User, first: User, second: User) -> None:
    Change.objects.filter(pk=change.pk).update(mac="0" * 64)
    changes.confirm(changes.propose(RESET, about(owner), {"devices": []}, first, reason=WHY), second)
    assert devices(owner) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_two_who_confirm_at_once_the_change_is_applied_once(change: Change, owner: User, staff: People) -> None:
    """Promise P24."""
    seconds = [staff("supervisor") for _number in range(6)]
    outcomes = at_once(6, lambda place: changes.confirm(change, seconds[place]))
    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == 5
    assert {refusal.code for refusal in refusals if isinstance(refusal, Refusal)} == {"decided"}
    assert Event.objects.filter(verb="change confirmed", result="ok").count() == 1
    assert Message.objects.filter(template="portal/messages/security_changed", channel="sms").count() == 1


# ── The page ──


def test_the_list_shows_what_waits_and_the_page_offers_each_what_is_theirs(
    change: Change, first: User, second: User, staff: People, signed_in: Enter
) -> None:
    address = f"/admin/portal/change/{change.pk}/change/"
    for by, confirms, withdraws in ((first, False, True), (second, True, False), (staff("auditor"), False, False)):
        client = signed_in(by)
        assert "Gỡ lớp xác thực thứ hai bị mất" in client.get("/admin/portal/change/").content.decode()
        shown = client.get(address).content.decode()
        assert (f"{change.pk}/decide/confirm/" in shown) is confirms
        assert (f"{change.pk}/decide/withdraw/" in shown) is withdraws
    assert signed_in(staff("reviewer")).get(address).status_code == 404


def test_the_list_is_filtered_by_what_waits(change: Change, second: User, signed_in: Enter) -> None:
    client = signed_in(second)
    for decided in (False, True):
        for state, shown in (("waits", not decided), ("rejected", decided), ("confirmed", False)):
            page = client.get(f"/admin/portal/change/?decision={state}").content.decode()
            assert (str(change.pk) in page) is shown
        if not decided:
            changes.reject(change, second)


def test_the_second_person_confirms_on_the_page(change: Change, owner: User, second: User, signed_in: Enter) -> None:
    signed_in(second).post(f"/admin/portal/change/{change.pk}/decide/confirm/")
    assert devices(owner) == 0


def test_the_first_does_not(change: Change, owner: User, first: User, signed_in: Enter, staff: People) -> None:
    for by in (first, staff("auditor"), staff("reviewer")):
        answer = signed_in(by).post(f"/admin/portal/change/{change.pk}/decide/confirm/", follow=True)
        assert answer.status_code in (200, 403)
        assert devices(owner) == 1
