"""Ten thousand random steps by people who press what they like, in two browsers each: no illegal move, none lost."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.test import Client

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import Order, Payment, Refund
from enrollment.standins.bank import Bank
from portal.models import Allowance, Code, Message
from tests.enrollment.conftest import FREE, PAID, Customer, deliver, notice_of, typed

pytestmark = pytest.mark.django_db
STEPS = 10_000
PEOPLE = 6
LEGAL: dict[str, Callable[[Trail], bool]] = {
    "opened": lambda move: move.step == journey.first(Channel(move.application.channel)),
    "stopped": lambda move: move.step == Step.STOPPED and move.origin in journey.CANCELLABLE,
    "moved": lambda move: Step(move.step) in journey.BACK[Step(move.origin)],
    "finished": lambda move: move.step in journey.ROUTES[Channel(move.application.channel)],
}


class Walker:
    """One person with two tabs of one browser and a second browser that may have been let in by the QR."""

    def __init__(self, dice: random.Random, bank: Bank, strangers: list["Walker"]) -> None:
        self.dice, self.bank, self.strangers = dice, bank, strangers
        self.customer = Customer()
        self.codes: list[str] = []

    def act(self) -> None:
        often = [self.choose, self.declare, self.check, self.pay]
        seldom = [self.open, self.back, self.confirm, self.activate, self.resend, self.look, self.draft, self.cancel]
        self.dice.choice([*often, *often, *seldom, self.steal, self.hear])()

    def post(self, path: str, fields: dict[str, str] | None = None) -> None:
        answer = self.customer.client.post(path, fields or {})
        assert answer.status_code in (200, 302, 403, 404, 409, 410, 429, 503), (path, answer.status_code)

    def open(self) -> None:
        if self.dice.random() < 0.2:
            self.customer.client.logout()
            self.customer.declaration = Customer().declaration
        self.post("/register/", {"terms": "on", "personal-data": "on"})

    def choose(self) -> None:
        self.post("/register/plan/", {"plan": self.dice.choice([FREE, PAID, "khong-gioi-han-24", "none"])})

    def declare(self) -> None:
        self.post("/register/declaration/", typed(self.customer.declaration))

    def check(self) -> None:
        self.post("/register/declaration/check/")

    def draft(self) -> None:
        self.post("/register/declaration/draft/", {"full_name": "Lý"})

    def pay(self) -> None:
        self.post("/register/payment/", {"gateway": self.dice.choice(["vnpay", "vietqr", ""])})

    def back(self) -> None:
        self.post("/register/back/", {"to": self.dice.choice(["plan", "declaration", "capture", "complete", "x"])})

    def confirm(self) -> None:
        self.post("/register/payment/phone/")
        self.post("/register/payment/phone/", {"code": self.newest("phone_code")})

    def activate(self) -> None:
        self.customer.activates(self.dice.choice([self.newest("activation_code"), "000000"]))

    def resend(self) -> None:
        self.post("/activate/resend/")

    def cancel(self) -> None:
        if self.dice.random() < 0.15:
            self.post("/application/cancel/")

    def look(self) -> None:
        path = self.dice.choice(
            ["/application/", "/register/paid/", "/register/created/", "/activate/", "/application/receipt/"]
        )
        assert self.customer.client.get(path).status_code in (200, 302, 404)

    def steal(self) -> None:
        """Somebody else's number, from one's own browser."""
        self.post("/register/declaration/", typed(self.dice.choice(self.strangers).customer.declaration))

    def hear(self) -> None:
        """A gateway tells something about some payment: once, twice, late, of a wrong amount."""
        begun = Payment.objects.order_by("?").first()
        if begun and begun.gateway != "momo":
            short = self.dice.choice([0, 0, 1])
            result = self.dice.choice(["00", "00", "24"])
            notice = notice_of(
                self.bank, begun, result, amount=begun.amount - short, transaction=str(begun.pk * 10 + short)
            )
            for _time in range(self.dice.choice([1, 2])):
                assert deliver(notice, Client()).status_code == 200

    def newest(self, template: str) -> str:
        message = Message.objects.filter(template=f"enrollment/messages/{template}").order_by("-created_at").first()
        return str(message.params[0]) if message and message.params else "000000"


def holds() -> None:
    """What must be true whatever was pressed."""
    for application in Application.objects.all():
        moves = list(Trail.objects.filter(application=application).select_related("application").order_by("pk"))
        assert moves[0].verb == "opened"
        assert all(LEGAL[move.verb](move) for move in moves), application
        assert all(move.step == following.origin for move, following in pairwise(moves)), application
        assert moves[-1].step == application.step, application
        assert len(moves) == application.moves + 1, application
        orders = list(application.orders.exclude(status=Order.Status.CANCELLED))
        assert len(orders) <= 1
        if Step.PAYMENT in {move.origin for move in moves if move.verb == "finished" and move.step == Step.ACTIVATION}:
            assert application.step == Step.STOPPED or orders[0].status == Order.Status.PAID
        if application.step == Step.CAPTURE:
            assert application.user
            assert not application.is_duplicate
    holders = Application.objects.filter(is_duplicate=False).exclude(step__in=journey.ENDS).exclude(person_index="")
    numbers = list(holders.values_list("person_index", flat=True))
    assert len(numbers) == len(set(numbers))
    for order in Order.objects.filter(total__gt=0):
        paid = order.payments.filter(status=Payment.Status.PAID)
        returned = Refund.objects.filter(gateway=OuterRef("gateway"), provider_id=OuterRef("provider_id"))
        kept = order.status == Order.Status.PAID and Application.objects.get(pk=order.subject).step != Step.STOPPED
        assert paid.exclude(Exists(returned)).count() == kept, order


@pytest.mark.parametrize("part", (3,) if settings.ON_POSTGRESQL else (0, 1, 2))  # in part on each database
def test_ten_thousand_random_steps_break_nothing(part: int, customer: Callable[..., Customer]) -> None:
    """Promise P14."""
    gateways.cache_clear()
    dice, walkers = random.Random(part), list[Walker]()
    bank = Bank()
    walkers += [Walker(dice, bank, walkers) for _person in range(PEOPLE)]
    for turn in range(STEPS // 4):
        dice.choice(walkers).act()
        if turn % 50 == 0:  # a day passes for the budgets, else nobody would get anywhere after the first hundred
            Allowance.objects.all().delete()
        if turn % 500 == 499:
            holds()
    assert Code.objects.exists()
    reached = set(Trail.objects.values_list("step", flat=True))
    assert {Step.PLAN, Step.DECLARATION, Step.PAYMENT, Step.ACTIVATION, Step.CAPTURE, Step.STOPPED} <= reached
