"""A counter with its agent, and a customer who stands there with a phone of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from enrollment.identity import Declaration
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import payment
from kyc.models import Case
from kyc.steps import capture
from portal import codes
from portal.models import User
from tests.enrollment.conftest import BOTH, FREE, PASSWORD, SERIAL, a_declaration, code_sent, typed
from tests.kyc.conftest import given

ATTESTED = {"original": "on", "same-person": "on", "free-will": "on"}
TICKS = {"email": "on", "issuer": "on", "province-code": "on", "age": "on"}


class Desk:
    """An agent's hands, and beside them the customer's phone."""

    def __init__(self, client: Client, user: User) -> None:
        self.client, self.user, self.phone = client, user, Client()
        self.declaration: Declaration = a_declaration(phone=f"0987{next(SERIAL)}")
        self.reference = self.prefix = ""

    @property
    def application(self) -> Application:
        return Application.objects.get(reference=self.reference)

    def at(self, path: str, fields: dict[str, Any] | None = None) -> Any:
        """On the customer's page, in the agent's hands."""
        return self.client.post(f"/counter/at/{self.reference}{path}", fields or {})

    def post(self, path: str, fields: dict[str, Any] | None = None) -> Any:
        return self.client.post(f"/counter/{self.reference}/{path}", fields or {})

    def theirs(self, path: str, fields: dict[str, Any] | None = None) -> Any:
        """On the customer's own device."""
        return self.phone.post(f"{self.prefix}{path}", fields or {})

    def at_screen(self) -> "Desk":
        """Which is the counter's second screen: a window of the agent's browser, cookies and all."""
        self.phone, self.prefix = self.client, "/screen"
        return self

    def opens(self) -> "Desk":
        self.reference = self.client.post("/counter/new/")["Location"].split("/")[3]
        return self

    def declares(self) -> "Desk":
        self.at("/register/declaration/", typed(self.declaration))
        self.at("/register/declaration/check/", TICKS)
        return self

    def ticket(self) -> str:
        self.post("invite/", {"anew": "1"})
        ticket: str = self.client.session[f"counter ticket {self.application.pk}"]
        return ticket

    def lets_in(self, phone: Client | None = None) -> "Desk":
        self.phone, target = phone or self.phone, payment.this_phone(self.application)
        codes.pause_of(payment.PHONE).restore(target)
        self.theirs("/invited/", {"t": self.ticket()})
        self.theirs("/invited/code/", {"code": code_sent("phone_code")})
        return self

    def agrees(self) -> "Desk":
        self.theirs("/register/consent/", BOTH)
        return self

    def chooses(self, plan: str = FREE) -> "Desk":
        self.at("/register/plan/", {"plan": plan})
        return self

    def settles(self) -> "Desk":
        self.at("/register/payment/")
        return self

    def photographs(self) -> "Desk":
        capture.give(self.application, given(), by=self.user)
        self.at("/application/capture/done/")
        return self

    def enters(self, code: str = "") -> Any:
        form = {"number": self.declaration.number, "code": code or code_sent("activation_code")}
        return self.theirs("/activate/", form)

    def activates(self) -> "Desk":
        self.enters()
        self.theirs("/activate/password/", {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"})
        return self

    def hands_over(self) -> "Desk":
        """All that the agent does once the customer agreed."""
        self.chooses().settles().photographs().attests()
        return self

    def attests(self, **differently: str) -> Any:
        page = self.client.get(f"/counter/{self.reference}/")
        assert page.context["attest"], self.application.step
        return self.post("attest/", {"shown": page.context["attest"].initial["shown"], **ATTESTED, **differently})

    def to_review(self) -> Case:
        """The whole walk; what is signed at home is put behind it by way of the table."""
        if not self.reference:
            self.opens()
        self.declares().lets_in().agrees().chooses().settles().photographs().attests()
        self.phone.post("/activate/", {"number": self.declaration.number, "code": code_sent("activation_code")})
        self.phone.post("/activate/password/", {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"})
        Application.objects.filter(pk=self.application.pk).update(step=Step.PIN, reached=Step.PIN)
        self.application.finish()
        return Case.objects.select_related("application__data_key", "application__branch").get(
            application=self.application
        )


@pytest.fixture
def desk(staff: Callable[..., User], signed_in: Callable[[User], Client]) -> Desk:
    agent = staff("agent")
    return Desk(signed_in(agent), agent)


@pytest.fixture
def newcomer(staff: Callable[..., User]) -> User:
    return staff("agent", rehearsed=False)


def rows() -> dict[str, int]:
    """Of every table but the rehearsals', the trail and the session."""
    aside = {"rehearsal", "event", "session", "usersession", "allowance", "datakey"}
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.model_name not in aside and model._meta.managed
    }
