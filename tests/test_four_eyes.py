"""One operator alone: the way by which four eyes once ended at the desk's edge, refused at each of its steps."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.orders.models import Plan
from portal import changes
from portal.models import Change, Message, User
from portal.refusals import Refusal
from tests.conftest import People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
MINE, NUMBER = "0987654321", "038190555777"


NEW = {
    "id_number": NUMBER,
    "full_name": "Lê Thị Mẫu Mới",
    "phone": MINE,
    "email": "toi@example.vn",
    "language": "vi",
    "roles": ["supervisor"],
    "reason": "Cần thêm một giám sát",
}


def test_one_operator_alone_gets_nowhere(staff: People, person: People, signed_in: Enter) -> None:
    """Promise P24."""
    operator, customer = staff("operator"), person()
    desk = signed_in(operator)
    # A supervisor on his own phone …
    desk.post("/admin/portal/user/add/", {**NEW, "branch": str(operator.branch_id)})
    assert User.objects.with_number(NUMBER) is None
    proposed = Change.objects.get()
    desk.post(f"/admin/portal/change/{proposed.pk}/decide/confirm/")
    with pytest.raises(Refusal, match="same-person"):
        changes.confirm(proposed, operator)
    assert User.objects.with_number(NUMBER) is None
    # … has no password to reset, nothing to sign in to, no second factor to set …
    Message.objects.all().delete()
    stranger = Client()
    stranger.post("/password/forgotten/", {"number": NUMBER})
    assert not Message.objects.exists()
    stranger.post("/sign-in/", {"login": NUMBER, "password": "Hoa-sen#2026"})
    assert stranger.get("/account/security/totp/activate/").status_code == 302
    # … sells nothing for nothing …
    plan = Plan.objects.order_by("pk")[0]
    price = plan.price
    answer = desk.post(f"/admin/orders/plan/{plan.pk}/change/", {"price": "0"})
    assert answer.status_code == 403
    assert Plan.objects.get(pk=plan.pk).price == price
    # … and moves nobody's phone and mailbox to himself.
    moved = {
        "full_name": customer.full_name,
        "language": "vi",
        "roles": ["customer"],
        "new_phone": MINE,
        "new_email": "toi@example.vn",
        "is_active": "on",
        "reason": "Khách nói đã đổi số",
    }
    desk.post(f"/admin/portal/user/{customer.pk}/change/", moved)
    waiting = Change.objects.get(kind="account changed")
    desk.post(f"/admin/portal/change/{waiting.pk}/decide/confirm/")
    unmoved = User.objects.get(pk=customer.pk)
    assert (unmoved.phone, unmoved.email) == (customer.phone, customer.email)
    Message.objects.all().delete()
    Client().post("/password/forgotten/", {"number": customer.id_number})
    assert {message.recipient for message in Message.objects.all()} == {customer.phone, customer.email}
