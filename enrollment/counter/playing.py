"""How a rehearsal goes: what wants a decision just now, what a decision is worth, and where it leads. No row is touched."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.counter.scenarios import (
    ASIDE,
    ASKED,
    END,
    NEEDLESS,
    NOTHING,
    ON,
    PLAIN,
    QUESTIONS,
    SAYS,
    STOPPED,
    STOPS,
    Act,
    Scenario,
    Scene,
    Verdict,
)
from enrollment.journey import Channel, Step
from portal.refusals import Refusal


def begun(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Where it stands at the start: which of the customers, when they ask what."""
    dice = random.Random(seed + 1)
    at = "" if scenario.is_all_along else dice.choice(scenario.steps).value
    aside = dice.choice(
        [step for step in ASIDE if step.value != at and (scenario.name != "expired" or step != Step.DECLARATION)]
    )
    return {
        "seed": seed,
        "step": Step.DECLARATION.value,
        "at": at,
        "aside": aside.value,
        "scene": dice.randrange(3),
        "asked": dice.randrange(4),
        "settled": [],
        "acts": [],
        "question": "",
        "then": "",
    }


def open_scenes(scenario: Scenario, state: Mapping[str, Any]) -> list[tuple[str, Scene]]:
    """What wants a decision at this step: the customer's small wish first."""
    step, scenes = state["step"], []
    if state["aside"] == step and "aside" not in state["settled"]:
        scenes.append(("aside", ASKED))
    is_now = step in scenario.steps if scenario.is_all_along else step == state["at"]
    if is_now and "scene" not in state["settled"]:
        scenes.append(("scene", scenario.scene))
    return scenes


def said(scenario: Scenario, state: Mapping[str, Any]) -> Any:
    """What the customer says just now."""
    for name, scene in open_scenes(scenario, state):
        if name == "aside":
            return scene.says[state["asked"]]
        if scene.says and (not scenario.is_all_along or step_of(state) in (Step.DECLARATION, Step.CAPTURE)):
            return scene.says[state["scene"]]
    return SAYS.get(step_of(state), "")


def step_of(state: Mapping[str, Any]) -> Step:
    return Step(state["step"])


def verdict_on(scenario: Scenario, state: Mapping[str, Any], act: Act) -> tuple[str, Scene, Verdict]:
    """Which scene this decision answers, if any, and how good it was."""
    for name, scene in open_scenes(scenario, state):
        is_early = act == Act.ON and scenario.is_all_along and name == "scene" and step_of(state) != scenario.steps[-1]
        if act in scene.acts and not is_early:
            counted = scene.acts[act]
            if f"{name} {act}" in state["acts"]:  # a second time earns nothing
                counted = replace(counted, got=min(counted.got, 0), of=0)
            return name, scene, counted
    if act == Act.ON:
        return "", PLAIN, NOTHING
    return "", PLAIN, STOPPED if act in STOPS else NEEDLESS


def worded(scenario: Scenario, answer: Mapping[str, Any]) -> dict[str, Any]:
    """A decision in words, and why it was worth its points."""
    if question := answer.get("question"):
        words, _got, why = QUESTIONS[question].answers[answer["act"]]
        return {"what": words, "why": why}
    act = Act(answer["act"])
    scene = {"aside": ASKED, "scene": scenario.scene}.get(answer["scene"])
    verdict = scene.acts[act] if scene else (STOPPED if act in STOPS else NEEDLESS)
    return {"what": act.label, "why": verdict.why}


Judged = tuple[dict[str, Any], dict[str, Any] | None]


def acted(scenario: Scenario, state: dict[str, Any], decision: str) -> Judged:
    if decision not in Act.values:
        raise Refusal("no-such-act", _("Chọn lại một việc."), status=400)
    name, scene, verdict = verdict_on(scenario, state, Act(decision))
    said = {"step": state["step"], "act": decision, "scene": name}
    marked = {**said, "got": verdict.got, "of": verdict.of, "fatal": verdict.is_fatal, "rule": scene.rule}
    state = {**state, "acts": [*state["acts"], f"{name} {decision}"]}
    if name and verdict.settles:
        state["settled"] = [*state["settled"], name]
    asks = "" if verdict.asks == "after" and f"{name} {Act.LEAD}" in state["acts"] else verdict.asks
    if asks:
        return {**state, "question": asks, "then": verdict.then}, marked
    return moved(state, verdict.then), marked if verdict.why else None


def answered(scenario: Scenario, state: dict[str, Any], decision: str) -> Judged:
    question = QUESTIONS[state["question"]]
    if decision not in question.answers:
        raise Refusal("answer-first", _("Trả lời câu hỏi ở khung “Khách” trước."), status=409)
    _words, got, _why = question.answers[decision]
    marked = {"step": state["step"], "question": state["question"], "act": decision, "got": got, "of": question.of}
    return moved({**state, "question": ""}, state["then"]), {**marked, "fatal": False, "rule": question.rule}


def moved(state: dict[str, Any], then: str) -> dict[str, Any]:
    if then == ON:
        following = journey.after(Channel.COUNTER, Step(state["step"]))
        return {**state, "step": END if following == Step.REVIEW else following.value}
    return {**state, "step": END} if then == END else state


def scored(answers: Iterable[dict[str, Any]]) -> int:
    got, of = (sum(answer[part] for answer in answers) for part in ("got", "of"))
    return max(0, min(100, round(100 * got / of))) if of else 0


def rightly(scenario: Scenario, state: dict[str, Any]) -> list[str]:
    """Decision by decision, what is right in this one: so the demo's people and the tests walk it, as an agent does."""
    decisions: list[str] = []
    while state["step"] != END:
        if state["question"]:
            answers = QUESTIONS[state["question"]].answers
            decisions.append(max(answers, key=lambda said: answers[said][1]))
            state, _answer = answered(scenario, state, decisions[-1])
            continue
        scenes = open_scenes(scenario, state)
        acts = scenes[0][1].acts if scenes else {Act.ON: NOTHING}
        decisions.append(max(acts, key=lambda act: acts[act].got).value)
        state, _answer = acted(scenario, state, decisions[-1])
    return decisions
