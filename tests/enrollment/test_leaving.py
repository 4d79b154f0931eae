"""Cancelled, begun anew, forgotten: what is told, and what is erased."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db.models import Q
from django.utils import timezone

from enrollment import tasks
from enrollment.journey import CANCELLABLE, Step
from enrollment.models import Application, Consent
from enrollment.orders.models import Payment, Refund
from enrollment.steps import declaration, leaving
from portal import sealing
from portal.models import DataKey, Event, User
from portal.refusals import Refusal
from tests.enrollment.conftest import Customer, messages_of
from tests.enrollment.test_application import an_application

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


@pytest.mark.parametrize("step", [step for step in Step if step != Step.STOPPED])
def test_cancelling_ends_where_the_certificate_is_being_made(step: Step) -> None:
    application = an_application(step)
    if step in CANCELLABLE:
        leaving.cancel(application)
        assert application.step == Step.STOPPED
    else:
        with pytest.raises(Refusal, match="not-cancellable"):
            leaving.cancel(application)


def test_no_step_that_waits_for_somebody_is_waited_at_for_ever() -> None:
    assert {step for patience in leaving.PATIENCE for step in patience.steps} == CANCELLABLE


def test_cancelling_is_asked_once_more_and_then_told(customer: Customers) -> None:
    walker = customer().opens().chooses()
    assert "sẽ dừng" in walker.client.get("/application/cancel/").content.decode()
    assert walker.application.step == Step.DECLARATION
    page = walker.client.post("/application/cancel/", follow=True).content.decode()
    assert "Quý khách đã hủy hồ sơ này" in page
    assert "Đăng ký lại" in page


def later(days: float) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        tasks.tidy()


def test_a_forgotten_draft_is_reminded_of_then_expires_then_is_erased(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    later(4)
    assert messages_of("reminder") == 0
    later(5.1)
    later(5.2)
    assert messages_of("reminder") == 1
    later(7.0)
    assert walker.application.step == Step.PAYMENT
    later(7.2)
    assert (walker.application.step, walker.application.reason) == (Step.STOPPED, "expired")
    later(36)
    assert walker.application.declaration == walker.declaration
    later(38)
    gone = Application.objects.get(pk=walker.application.pk)
    assert (gone.person_index, gone.declared, gone.draft) == ("", None, None)
    with pytest.raises(sealing.Erased):
        gone.data_key.opened()
    assert Consent.objects.filter(application=gone).count() == 2


def test_whoever_comes_back_in_time_keeps_everything(customer: Customers) -> None:
    walker = customer().opens().chooses()
    application = walker.application
    later(5.1)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        declaration.keep_draft(application, {"full_name": "Lý"})
    later(8)
    application.refresh_from_db()
    assert application.step == Step.DECLARATION


def test_a_reminder_goes_to_the_phone_typed_so_far_and_to_nobody_where_there_is_none(customer: Customers) -> None:
    customer().opens().chooses()
    later(5.1)
    assert messages_of("reminder") == 0
    walker = customer().opens().chooses()
    declaration.keep_draft(walker.application, {"phone": "0912 345 678"})
    later(5.1)
    assert messages_of("reminder") == 1


def test_an_owner_who_comes_back_this_moment_is_not_expired(customer: Customers) -> None:
    application = customer().opens().chooses().application
    later(5.1)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        forgotten = Q(touched_at__lt=timezone.now() - timedelta(days=7))
        [stale] = Application.objects.filter(forgotten)
        declaration.keep_draft(application, {"full_name": "Lý"})
        leaving._expire(stale, still=forgotten)
    application.refresh_from_db()
    assert application.step == Step.DECLARATION


@pytest.mark.parametrize("damaged", ["declared", "draft", "data_key"])
def test_an_application_that_does_not_open_stops_no_others_reminder_end_and_erasure(
    customer: Customers, damaged: str
) -> None:
    """And ends and is erased itself, for neither needs what it says."""
    broken, whole = customer().opens().chooses().declares(), customer().opens().chooses().declares()
    declaration.keep_draft(broken.application, {"full_name": "Lý"})
    if damaged == "data_key":
        DataKey.objects.filter(pk=broken.application.data_key_id).update(wrapped=sealing.Token("k1.AAAA"))
    else:
        Application.objects.filter(pk=broken.application.pk).update(**{damaged: sealing.Token("d.AAAA")})
    later(5.1)
    assert messages_of("reminder") >= 1
    later(7.2)
    later(38)
    later(68)
    for walker in (broken, whole):
        gone = Application.objects.get(pk=walker.application.pk)
        assert (gone.reason, gone.declared, gone.draft) == ("expired", None, None)


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.CONTRACT, Step.PIN])
def test_an_account_whose_card_nobody_photographs_lets_the_number_go(customer: Customers, step: Step) -> None:
    """It is reminded to sign in, its application ends after a month, and it is erased itself a month after that."""
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    Application.objects.update(step=step, reached=step)
    later(25.1)
    assert messages_of("reminder_account") == 1
    later(29)
    assert Application.objects.get().step == step
    later(31)
    assert Application.objects.get().reason == "expired"
    later(60)
    assert User.objects.with_number(walker.declaration.number)
    later(62)
    gone = User.objects.get()
    assert (gone.id_number, gone.full_name, gone.phone, gone.email, gone.is_active) == ("", "", "", "", False)
    later(63)
    assert Event.objects.filter(verb="account erased").count() == 1


def kept_by_another(walker: Customer) -> None:
    an_application(Step.CAPTURE, user=User.objects.get())


def kept_by_a_certificate(walker: Customer) -> None:
    an_application(Step.COMPLETE, user=User.objects.get())


def kept_by_money(walker: Customer) -> None:
    [order] = Application.objects.get(reason="cancelled").orders
    payment = Payment.objects.create(order=order, reference="M1", gateway="vnpay", amount=1)
    Refund.objects.create(payment=payment, gateway="vnpay", provider_id="1", amount=1, reason="late")


def kept_by_power(walker: Customer) -> None:
    User.objects.update(is_staff=True)


@pytest.mark.parametrize("keep", [kept_by_another, kept_by_a_certificate, kept_by_money, kept_by_power])
def test_an_account_for_which_there_is_a_reason_is_kept(customer: Customers, keep: Callable[[Customer], None]) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    walker.post("/application/cancel/")
    keep(walker)
    later(31)
    assert Application.objects.get(reason="cancelled").erased_at
    assert User.objects.get().full_name == walker.declaration.full_name


def test_the_page_says_what_is_erased_and_what_stays(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    assert "Thông tin đã khai được xóa sau 30 ngày." in walker.client.get("/application/cancel/").content.decode()
    walker.pays_nothing().activates()
    page = walker.client.get("/application/cancel/").content.decode()
    assert "tài khoản mở từ hồ sơ này được xóa sau 30 ngày" in page
    assert "Chứng từ thanh toán" in page
    certified = an_application(Step.COMPLETE, user=User.objects.get())
    assert "Tài khoản được giữ" in walker.client.get("/application/cancel/").content.decode()
    Application.objects.filter(pk=certified.pk).update(user=None)
    page = walker.client.post("/application/cancel/", follow=True).content.decode()
    assert "tài khoản mở từ hồ sơ này được xóa sau 30 ngày" in page


def test_a_code_never_used_lets_the_number_go_after_a_month(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    later(25.1)
    assert messages_of("reminder") == 1
    later(29)
    assert walker.application.step == Step.ACTIVATION
    later(31)
    assert walker.application.step == Step.STOPPED
    again = customer(**walker.declaration.__dict__).opens().chooses().declares()
    assert not again.application.is_duplicate
