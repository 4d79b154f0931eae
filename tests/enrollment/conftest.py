"""A customer with a browser, and what a customer types."""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.test import Client

from enrollment.demo.people import declaration_of_nobody
from enrollment.identity import Declaration
from enrollment.models import Application, Subscription
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import Payment, Plan
from enrollment.standins.bank import Bank, Deal
from portal.models import Message, User

SERIAL = count(100_000)
PASSWORD = "Hoa-sen#2026"
FREE, PAID = "theo-luot-12", "khong-gioi-han-12"
BOTH = {"terms": "on", "personal-data": "on"}


@pytest.fixture(autouse=True)
def _seeded(db: None) -> None:
    """Every test of these rooms stands on rows."""


def a_subscription(user: User | None = None) -> Subscription:
    """As it begins with the contract, for what is put behind it by way of the table."""
    holder = user or User.objects.create(id_number=f"038190{next(SERIAL)}")
    return Subscription.objects.create(user=holder, plan=Plan.objects.earliest("pk"), months=12)


def a_declaration(**differently: Any) -> Declaration:
    serial = next(SERIAL)
    declaration = declaration_of_nobody("Lý Thị Mẫu Xuân", f"079190{serial}", f"0912{serial}")
    return Declaration(**{**declaration.__dict__, **differently})


def typed(declaration: Declaration) -> dict[str, str]:
    days = {name: f"{getattr(declaration, name):%d/%m/%Y}" for name in ("birth_date", "issued_on")}
    expires = f"{declaration.expires_on:%d/%m/%Y}" if declaration.expires_on else ""
    return {**{name: str(value) for name, value in declaration.as_json().items()}, **days, "expires_on": expires}


class Customer:
    """Walks the pages as a browser does; `declaration` is what they declare."""

    def __init__(self, client: Client | None = None, **differently: Any) -> None:
        self.client = client or Client()
        self.declaration = a_declaration(**differently)

    @property
    def application(self) -> Application:
        return Application.objects.get(pk=self.client.session["application"])

    def post(self, path: str, fields: dict[str, Any] | None = None, **headers: Any) -> Any:
        return self.client.post(path, fields or {}, **headers)

    def opens(self) -> "Customer":
        assert self.post("/register/", BOTH).status_code == 302
        return self

    def chooses(self, plan: str = FREE) -> "Customer":
        self.post("/register/plan/", {"plan": plan})
        return self

    def declares(self) -> "Customer":
        self.post("/register/declaration/", typed(self.declaration))
        self.post("/register/declaration/check/", {"email": "on", "issuer": "on", "province-code": "on", "age": "on"})
        return self

    def confirms_phone(self) -> "Customer":
        self.post("/register/payment/phone/")
        self.post("/register/payment/phone/", {"code": code_sent("phone_code")})
        return self

    def pays_nothing(self) -> "Customer":
        self.post("/register/payment/")
        return self

    def begins_to_pay(self, gateway: str = "vnpay") -> Payment:
        self.post("/register/payment/", {"gateway": gateway})
        return Payment.objects.filter(order__subject=self.application.pk).latest("pk")

    def activates(self, code: str = "") -> Any:
        answer = self.enters(code)
        return self.picks() if answer.status_code == 302 else answer

    def enters(self, code: str = "") -> Any:
        form = {"number": self.declaration.number, "code": code or code_sent("activation_code")}
        return self.post("/activate/", form)

    def picks(self, password: str = PASSWORD, **differently: str) -> Any:
        form = {"password1": password, "password2": password, "terms": "on"}
        return self.post("/activate/password/", {**form, **differently})


def code_sent(template: str) -> str:
    """As it stands in the newest message of this kind, still waiting to be sent."""
    message = Message.objects.filter(template=f"enrollment/messages/{template}").latest("created_at")
    assert message.params
    assert re.fullmatch(r"\d{6}", message.params[0])
    return str(message.params[0])


def messages_of(template: str) -> int:
    """How many intents, each by SMS and e-mail."""
    sent = Message.objects.filter(template=f"enrollment/messages/{template}")
    return len({message.intent.rpartition(" ")[0] for message in sent})


@pytest.fixture
def customer() -> Callable[..., Customer]:
    return Customer


@pytest.fixture
def bank() -> Bank:
    gateways.cache_clear()
    return Bank()


def notice_of(bank: Bank, begun: Payment, result: str = "00", *, amount: int = 0, transaction: str = "1234567") -> Any:
    """Signed as the gateway signs; brought by `deliver`."""
    deal = Deal(begun.gateway, begun.reference, amount or begun.amount, {}, transaction=transaction, result=result)
    return bank.notice(deal)


def deliver(notice: Any, client: Client | None = None) -> Any:
    path = notice.url.partition("/api/")[2]
    client = client or Client()
    if notice.method == "GET":
        return client.get(f"/api/{path}", notice.params)
    return client.post(f"/api/{path}", notice.json, "application/json")


def at_payment(customer: Callable[..., Customer]) -> Customer:
    return customer().opens().chooses(PAID).declares().confirms_phone()
