"""A rehearsal as the pages see it: the templates of the real ones, filled with a customer of nobody. Nothing here reads or writes
an application, a message, money or a picture."""

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import corrections, journey, nine
from enrollment.counter import playing
from enrollment.counter.models import Rehearsal
from enrollment.counter.pages import CUSTOMER_IS
from enrollment.counter.scenarios import END, QUESTIONS, SCENARIOS, Act
from enrollment.counter.steps import rehearsing, serving
from enrollment.journey import Actor, Channel, Step
from enrollment.orders.models import Order, Plan
from enrollment.steps import leaving
from portal.models import Branch, User

NOBODYS = -1  # as which application a page under the rehearsal's prefix has in hand
ITEMS = {
    "card-front": _("Mặt có ảnh chân dung"),
    "card-back": _("Mặt có ba dòng chữ in máy"),
    "face": _("Theo khung xa – gần, khoảng 10 giây"),
}
DRAWINGS = {"card-front": "card-front", "card-back": "card-back", "face": "face-far"}


@dataclass(frozen=True)
class Played:
    """What stands where an application would: as much of one as the templates ask for."""

    rehearsal: Rehearsal
    agent: User
    branch: Branch | None

    user_id = None
    is_ended = may_cancel = False
    wrong_here = ()

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.rehearsal.state
        return state

    @property
    def reference(self) -> str:
        return self.rehearsal.reference

    @property
    def is_over(self) -> bool:
        return self.rehearsal.ended_at is not None

    @property
    def step(self) -> Step:
        return Step(self.state["step"])

    @property
    def get_step_display(self) -> Any:
        return self.step.label

    @property
    def is_mine(self) -> bool:
        return journey.turn(Channel.COUNTER, self.step).actor == Actor.AGENT

    @cached_property
    def guest(self) -> Any:
        return rehearsing.guest_of(self.rehearsal)

    @cached_property
    def plan(self) -> Plan | None:
        return Plan.objects.filter(code=self.state.get("plan", "")).first()

    # ── What stands beside each page ──

    leaving = "/counter/rehearsal/"

    @property
    def acting(self) -> str:
        return f"{prefix(self.rehearsal)}/act/"

    @property
    def said(self) -> Any:
        return playing.said(SCENARIOS[self.rehearsal.scenario], self.state)

    @property
    def dice(self) -> random.Random:
        """Nothing is learned by where it stands: the order is another at each step of each rehearsal."""
        return random.Random(f"{self.state['seed']} {self.state['step']}")  # noqa: S311

    @property
    def acts(self) -> list[Act]:
        acts: list[Act] = [act for act in Act if act not in (Act.ON, Act.FORGED)]
        self.dice.shuffle(acts)
        return acts

    @property
    def question(self) -> dict[str, Any] | None:
        if not self.state["question"]:
            return None
        question = QUESTIONS[self.state["question"]]
        answers = [(name, words) for name, (words, _got, _why) in question.answers.items()]
        self.dice.shuffle(answers)
        return {"asked": question.asked, "answers": answers}

    @property
    def may_wait(self) -> bool:
        """While the customer is busy on their own device, going on is to wait for them."""
        return not self.is_mine and (self.step != Step.CONSENT or bool(self.state.get("invited")))


def prefix(rehearsal: Rehearsal) -> str:
    return f"/counter/rehearsal/{rehearsal.pk}"


def show(request: HttpRequest, template: str, played: Played, **known: Any) -> HttpResponse:
    """One of the real templates."""
    way = nine.way(Channel.COUNTER, played.step, played.step)
    return render(request, template, {"application": played, "way": way, **known})


def onward(played: Played) -> HttpResponse:
    """To the page at which it stands now, under whatever prefix the request has."""
    if played.state["step"] == END:
        return redirect(f"{prefix(played.rehearsal)}/result/")
    return redirect(standing(played))


def standing(played: Played) -> str:
    if played.is_mine and played.step != Step.HANDOVER:
        return reverse(journey.TURNS[played.step].page)
    return reverse("counter:file", args=[played.reference])


def file_facts(played: Played) -> dict[str, Any]:
    is_invited = bool(played.state.get("invited"))
    return {
        "declared": played.guest.declaration,
        "device": "confirmed" if is_invited or played.step != Step.CONSENT else "",
        "may_invite": played.step == Step.CONSENT,
        "may_end": played.step in serving.BEFORE_ACCOUNT,
        "mine": played.is_mine,
        "in_hand": standing(played),
        "customer": CUSTOMER_IS.get(played.step),
        "now": f"{played.rehearsal.moves}",
        "before_account": played.step in serving.BEFORE_ACCOUNT,
        "may_correct": played.step == Step.CONSENT,
        "ends_after": leaving.PATIENCE[0].expires.days,
    }


def capture_facts(played: Played) -> dict[str, Any]:
    shots = played.state.get("shots", [])
    items = [
        {
            "item": item,
            "name": corrections.NAMES[item],
            "asked": {"drawing": DRAWINGS[item], "how": how},
            "done": item in shots,
        }
        for item, how in ITEMS.items()
    ]
    missing = [item for item in ITEMS if item not in shots]
    next_item = missing[0] if missing else ""
    return {"items": items, "missing": missing, "next_item": next_item, "tries_left": 3, "begun": bool(shots)}


def order_of(played: Played) -> Order:
    """Never saved: an order of nobody."""
    plan = played.plan or Plan(price=0, months=12)
    return Order(
        reference=played.reference,
        name=plan.name,
        name_en=plan.name_en,
        kind=plan.kind,
        months=plan.months,
        signings=plan.signings,
        total=plan.price,
    )
