"""What waits for its owner: invitations, from the desk and from the shell; and a second factor that was lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal import changes
from portal.models import Branch, Change, Message, User
from tests.conftest import People
from tests.portal.test_accounts import change_page, fresh

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def test_a_lost_second_factor_is_reset_from_the_page(
    staff: People, first: User, second: User, signed_in: Enter
) -> None:
    agent = staff("agent")
    client = signed_in(first)
    assert "bị mất" in client.get(change_page(agent)).content.decode()
    client.post(f"/admin/portal/user/{agent.pk}/devices/", {"reason": "Điện thoại rơi xuống nước"})
    changes.confirm(Change.objects.get(), second)
    theirs = signed_in(agent)
    assert theirs.get("/admin/").headers["Location"] == "/account/second-factor/"


def test_an_invitation_is_sent_again_and_withdrawn(first: User, second: User, person: People, signed_in: Enter) -> None:
    client, invited, settled = signed_in(first), person("agent", password=None), person("agent")
    Message.objects.all().delete()
    for what in ("invite", "uninvite"):
        for user in (invited, settled):
            client.post(f"/admin/portal/user/{user.pk}/{what}/")
    assert Message.objects.filter(template="portal/messages/account_opened", channel="sms").count() == 1
    assert [fresh(user).is_active for user in (invited, settled)] == [False, True]
    assert signed_in(second).post(f"/admin/portal/user/{settled.pk}/invite/").status_code == 403
    Client().post("/password/forgotten/", {"number": invited.id_number})
    assert not Message.objects.filter(template="portal/messages/password_reset").exists()


GIVEN = {
    "number": "001090000123",
    "name": "Lê Thị Mẫu Đầu",
    "phone": "0912000123",
    "email": "dau@example.vn",
    "role": "operator",
    "branch": "VNPT Mẫu",
}


@pytest.mark.parametrize(
    ("differently", "said"),
    [
        ({"number": "0010900001"}, "no ID number"),
        ({"phone": "02373858000"}, "no Vietnamese mobile number"),
        ({"email": "dau@example"}, "no address"),
        ({"name": "Lê Thị 5"}, "--name"),
        ({"branch": "VNPT Mãu"}, "known: VNPT Mẫu"),
        ({"branch": "VNPT Mãu", "province": "Hà Nội"}, "two digits"),
        ({"province": "77"}, "in province 01"),
        ({"further_branch": ["VNPT Mãu"]}, "known: VNPT Mẫu"),
    ],
)
def test_an_invitation_from_the_shell_says_what_is_wrong(differently: dict[str, Any], said: str) -> None:
    Branch.objects.create(name="VNPT Mẫu", province="01")
    with pytest.raises(CommandError, match=said):
        call_command("invite", **{**GIVEN, **differently})
    assert not User.objects.exists()


def test_the_shell_invites_two_and_no_third_without_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    Branch.objects.create(name="VNPT Mẫu", province="01")
    for place, role in enumerate(("operator", "supervisor")):
        call_command("invite", **{**GIVEN, "number": f"00109000000{place}", "role": role})
    assert all(user.is_confirmed for user in User.objects.all())
    with pytest.raises(CommandError, match="--emergency"):
        call_command("invite", **GIVEN)
    further = Branch.objects.create(name="VNPT Mẫu Hai", province="02")
    call_command("invite", **GIVEN, emergency=True, further_branch=[further.name])
    third = User.objects.latest("pk")
    assert third.branch_ids == {third.branch_id, further.pk}
    assert "an account was opened from the shell" in caplog.text
    assert User.objects.count() == 3
