"""Cash at the counter, page by page: an agent's drawer, money for an application, the head's confirmation, the cash book."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.orders.models import CashReceipt, Drawer, Payment, Refund
from enrollment.orders.models.cash import DENOMINATIONS
from portal.demo.people import current_code
from portal.models import Branch, Change, User
from tests.conftest import People
from tests.enrollment.conftest import PAID
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.orders.conftest import unguarded
from tests.test_words_of_staff import faults

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


@pytest.fixture
def lead(staff: People) -> User:
    return staff("lead")


def opens(desk: Desk, amount: str = "500.000") -> Drawer:
    desk.client.post("/counter/drawer/", {"branch": desk.user.branch_id, "amount": amount})
    return Drawer.objects.get(agent=desk.user)


def at_payment(desk: Desk) -> Desk:
    desk.opens().declares().lets_in().agrees().chooses(PAID)
    assert desk.application.step == Step.PAYMENT
    return desk


def counted(**notes: int) -> dict[str, str]:
    return {name: str(notes.get(name, "")) for name in (f"of_{each}" for each in DENOMINATIONS)}


def closes(desk: Desk, **notes: int) -> Any:
    return desk.client.post("/counter/drawer/count/", counted(**notes))


def with_code(user: User, client: Client, path: str, **fields: str) -> Any:
    """The next one: what signed in is used up."""
    later = timezone.now() + timedelta(seconds=30)
    with time_machine.travel(later):
        return client.post(path, {"code": current_code(user), **fields})


# ── The agent ──


def test_cash_for_an_application_and_its_change_in_large_letters(desk: Desk) -> None:
    opens(desk)
    at_payment(desk)
    page = desk.client.get(f"/counter/at/{desk.reference}/register/payment/").content.decode()
    assert f'action="/counter/{desk.reference}/cash/"' in page
    answer = desk.post("cash/", {"tendered": "500.000 đ"})
    receipt = CashReceipt.objects.get()
    assert answer["Location"] == f"/counter/drawer/receipts/{receipt.pk}/"
    shown = desk.client.get(answer["Location"]).content.decode()
    assert "280.000 đ" in shown
    assert "Hai trăm hai mươi nghìn đồng" in shown
    assert desk.application.step == Step.CAPTURE


def test_pressed_twice_it_is_the_same_receipt(desk: Desk) -> None:
    opens(desk)
    at_payment(desk)
    first, second = (desk.post("cash/", {"tendered": "220000"})["Location"] for _press in range(2))
    assert first == second
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("tendered", "said"), [("", "bắt buộc"), ("hai trăm", "bằng chữ số"), ("200000", "chưa đủ"), ("2200000", "xem lại")]
)
def test_what_cannot_be_taken_is_said_on_the_page_of_payment(desk: Desk, tendered: str, said: str) -> None:
    opens(desk)
    at_payment(desk)
    answer = desk.client.post(f"/counter/{desk.reference}/cash/", {"tendered": tendered}, follow=True)
    assert said in answer.content.decode()
    assert answer.request["PATH_INFO"] == f"/counter/at/{desk.reference}/register/payment/"
    assert desk.application.step == Step.PAYMENT


def test_without_a_drawer_no_cash_is_taken(desk: Desk) -> None:
    at_payment(desk)
    answer = desk.client.post(f"/counter/{desk.reference}/cash/", {"tendered": "220000"}, follow=True)
    assert "chưa mở quỹ" in answer.content.decode()
    assert not Payment.objects.exists()


def test_a_drawer_at_another_counter_takes_nothing_for_this_one(desk: Desk, staff: People) -> None:
    far = Branch.objects.create(name="VNPT Mẫu Hai", province="01")
    desk.user.further_branches.add(far)
    desk.user.give_roles(["agent"], None, None)
    desk.client.post("/counter/drawer/", {"branch": far.pk, "amount": "0"})
    assert Drawer.objects.get().branch == far
    at_payment(desk)
    answer = desk.client.post(f"/counter/{desk.reference}/cash/", {"tendered": "220000"}, follow=True)
    assert "chưa mở quỹ" in answer.content.decode()


def test_beside_cash_only_a_code_for_the_customers_own_phone_is_offered(desk: Desk) -> None:
    at_payment(desk)
    page = desk.client.get(f"/counter/at/{desk.reference}/register/payment/").content.decode()
    assert 'value="vietqr"' in page
    for gateway in ("vnpay", "momo", "cash"):
        assert f'value="{gateway}"' not in page
        desk.at("/register/payment/", {"gateway": gateway})
    assert not Payment.objects.exists()
    assert desk.at("/register/payment/", {"gateway": "vietqr"}).status_code == 302
    assert Payment.objects.get().gateway == "vietqr"


EXPECTED = ("720.000", "720000", "720,000")


def test_what_must_be_there_is_told_to_nobody_before_the_count(desk: Desk, lead: User, signed_in: Enter) -> None:
    drawer = opens(desk)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    head = signed_in(lead)
    for client, path in (
        (desk.client, "/counter/drawer/"),
        (desk.client, "/counter/drawer/count/"),
        (desk.client, "/counter/"),
        (desk.client, f"/counter/drawer/receipts/{CashReceipt.objects.get().pk}/"),
        (head, "/counter/drawers/"),
        (head, f"/counter/drawers/{drawer.pk}/"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not any(amount in answer.content.decode() for amount in EXPECTED), path
    count_page = desk.client.get("/counter/drawer/count/").content.decode()
    assert "220.000" not in count_page
    assert CashReceipt.objects.get().label not in count_page
    assert closes(desk, of_500000=1, of_200000=1, of_20000=1)["Location"] == "/counter/drawer/"
    assert "720.000" in desk.client.get("/counter/drawer/").content.decode()


def test_a_difference_is_explained_before_it_waits_for_the_head(desk: Desk) -> None:
    drawer = opens(desk)
    closes(desk, of_200000=2)
    page = desk.client.get("/counter/drawer/").content.decode()
    assert "-100.000" in page
    assert "Giải trình" in page
    assert "ít nhất ba từ" in desk.client.post("/counter/drawer/explain/", {"words": "nhầm"}).content.decode()
    desk.client.post("/counter/drawer/explain/", {"words": "Trả nhầm tiền thừa cho khách"})
    drawer.refresh_from_db()
    assert (drawer.status, drawer.explanation) == ("closed", "Trả nhầm tiền thừa cho khách")


def test_a_forgotten_drawer_says_so(desk: Desk, signed_in: Enter) -> None:
    opens(desk)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        client = signed_in(desk.user)
        page = client.get("/counter/drawer/").content.decode()
        assert "chưa chốt" in page
        assert 'name="amount"' not in page
        assert "chưa chốt" in client.get("/admin/").content.decode()


def test_of_another_branch_no_receipt_is_seen_and_no_cash_taken(desk: Desk, staff: People, signed_in: Enter) -> None:
    opens(desk)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    receipt, drawer = CashReceipt.objects.get(), Drawer.objects.get()
    far = Branch.objects.create(name="VNPT Mẫu Hai", province="01")
    other, head = signed_in(staff("agent", branch=far)), signed_in(staff("lead", branch=far))
    for client in (other, head):
        assert client.get(f"/counter/drawer/receipts/{receipt.pk}/").status_code == 404
        assert client.get(f"/counter/drawers/{drawer.pk}/").status_code == 404
        assert client.post(f"/counter/{desk.reference}/cash/", {"tendered": "220000"}).status_code == 404
        assert client.get(f"/counter/{desk.reference}/refund/").status_code == 404


@pytest.mark.parametrize("role", ["", "customer", "reviewer", "operator"])
def test_for_everybody_else_there_is_no_cash(
    role: str, desk: Desk, person: People, staff: People, signed_in: Enter
) -> None:
    drawer = opens(desk)
    client = signed_in(staff(role) if role not in ("", "customer") else person()) if role else Client()
    for path in ("/counter/drawer/", "/counter/drawer/count/", "/counter/drawers/", f"/counter/drawers/{drawer.pk}/"):
        assert client.get(path).status_code == 404, path
    for path in ("/counter/drawer/explain/", "/counter/drawers/export/", "/counter/ABCD2345/cash/"):
        assert client.post(path).status_code == 404, path


# ── The head of the counter ──


def test_the_head_confirms_with_a_fresh_second_factor(desk: Desk, lead: User, signed_in: Enter) -> None:
    drawer, head = opens(desk), signed_in(lead)
    closes(desk, of_500000=1)
    path = f"/counter/drawers/{drawer.pk}/"
    for code in ("", "000000"):
        assert head.post(path, {"code": code}).status_code == 200
        drawer.refresh_from_db()
        assert drawer.status == "closed"
    assert with_code(lead, head, path)["Location"] == "/counter/drawers/"
    drawer.refresh_from_db()
    assert (drawer.status, drawer.confirmed_by) == ("confirmed", lead)


def test_a_code_confirms_once(desk: Desk, staff: People, lead: User, signed_in: Enter) -> None:
    second = staff("agent")
    head, other = signed_in(lead), Desk(signed_in(second), second)
    drawers = [opens(desk), opens(other)]
    for each in (desk, other):
        closes(each, of_500000=1)
    with time_machine.travel(timezone.now() + timedelta(seconds=30), tick=False):
        code = current_code(lead)
        for drawer in drawers:
            head.post(f"/counter/drawers/{drawer.pk}/", {"code": code})
    assert Drawer.objects.filter(status="confirmed").count() == 1


def test_what_was_changed_by_other_means_is_shown_to_the_head_and_not_confirmed(
    desk: Desk, lead: User, signed_in: Enter
) -> None:
    drawer, head = opens(desk), signed_in(lead)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    closes(desk, of_500000=1, of_200000=1, of_20000=1)
    with unguarded():
        CashReceipt.objects.update(number=7)
    page = head.get(f"/counter/drawers/{drawer.pk}/").content.decode()
    assert "sửa ngoài hệ thống" in page
    assert 'name="code"' not in page
    assert "sửa ngoài hệ thống" in with_code(lead, head, f"/counter/drawers/{drawer.pk}/").content.decode()
    drawer.refresh_from_db()
    assert drawer.status == "closed"
    assert "thiếu số hoặc bị sửa" not in head.get("/counter/drawers/").content.decode()
    with unguarded():
        CashReceipt.objects.all().delete()
    assert "thiếu số hoặc bị sửa" in head.get("/counter/drawers/").content.decode()


def test_the_head_at_the_desk_lets_cash_go_out(desk: Desk, lead: User, signed_in: Enter) -> None:
    opens(desk)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    desk.post("end/")
    owed, head = Refund.objects.get(), signed_in(lead)
    assert "220.000" in desk.client.get(f"/counter/{desk.reference}/refund/").content.decode()
    desk.post("refund/", {"refund": owed.pk, "reason": "Khách rời quầy không làm tiếp"})
    change = Change.objects.get(kind="cash-refund")
    assert str(change.pk) in head.get("/counter/drawers/").content.decode()
    path = f"/counter/drawers/refunds/{change.pk}/"
    assert desk.client.get(path).status_code == 404
    assert head.post(path, {"code": "000000"}).status_code == 200
    assert Refund.objects.get().status == "due"
    assert with_code(lead, head, path)["Location"] == "/counter/drawers/"
    receipt = CashReceipt.objects.get(kind="returned")
    page = desk.client.get(f"/counter/drawer/receipts/{receipt.pk}/").content.decode()
    assert receipt.label in page
    assert "Chi cho khách" in page
    assert Refund.objects.get().status == "done"


def test_the_head_may_say_no(desk: Desk, lead: User, signed_in: Enter) -> None:
    opens(desk)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    desk.post("end/")
    desk.post("refund/", {"refund": Refund.objects.get().pk, "reason": "Khách rời quầy không làm tiếp"})
    change = Change.objects.get(kind="cash-refund")
    signed_in(lead).post(f"/counter/drawers/refunds/{change.pk}/", {"reject": "1"})
    change.refresh_from_db()
    assert change.decision == "rejected"
    assert Refund.objects.get().status == "due"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_cash_book_is_downloaded(desk: Desk, lead: User, signed_in: Enter, kind: str) -> None:
    opens(desk)
    at_payment(desk).post("cash/", {"tendered": "220000"})
    today = f"{timezone.localdate()}"
    asked = {"since": today, "until": today, "kind": kind}
    answer = signed_in(lead).post("/counter/drawers/export/", asked)
    assert answer["Content-Disposition"].endswith(f'.{kind}"')
    assert answer.content.startswith(b"PK" if kind == "xlsx" else b"\xef\xbb\xbf")
    if kind == "csv":
        assert CashReceipt.objects.get().label in answer.content.decode()


# ── What waits ──


def test_the_head_is_told_what_waits(desk: Desk, lead: User, signed_in: Enter) -> None:
    opens(desk)
    closes(desk, of_500000=1)
    home = signed_in(lead).get("/admin/").content.decode()
    assert "/counter/drawers/" in home
    assert "Ngày chờ bạn chốt" in home


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_page_of_cash_is_whole_in_both_languages(desk: Desk, lead: User, signed_in: Enter, language: str) -> None:
    """As every page of staff: no word of the other language, and none of the code."""
    drawer, head = opens(desk), signed_in(lead)
    at_payment(desk).post("cash/", {"tendered": "500000"})
    desk.post("end/")
    User.objects.update(language=language)
    desk.client.get("/counter/")
    read = [desk.client.get(f"/counter/{path}") for path in ("drawer/", "drawer/count/", f"{desk.reference}/refund/")]
    read.append(desk.client.get(f"/counter/drawer/receipts/{CashReceipt.objects.get().pk}/"))
    desk.post("refund/", {"refund": Refund.objects.get().pk, "reason": "Mẫu thử một hai"})
    read += [
        head.get("/counter/drawers/"),
        head.get(f"/counter/drawers/refunds/{Change.objects.latest('proposed_at').pk}/"),
    ]
    closes(desk, of_200000=1)
    read.append(desk.client.get("/counter/drawer/"))
    desk.client.post("/counter/drawer/explain/", {"words": "Mẫu thử một hai"})
    read.append(head.get(f"/counter/drawers/{drawer.pk}/"))
    pages = [re.sub(r"<article.*?</article>", "", answer.content.decode(), flags=re.S) for answer in read]
    assert [answer.status_code for answer in read] == [200] * len(read)
    assert [amiss for page in pages if (amiss := faults(page, language))] == []
