"""The rehearsal's pages: the real ones, marked, with a customer of nobody; and without it the counter stays closed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from enrollment.counter import playing
from enrollment.counter.models import Attestation, Rehearsal
from enrollment.counter.scenarios import SCENARIOS, Act
from enrollment.counter.steps import rehearsing
from enrollment.identity import Declaration
from enrollment.journey import Step
from portal.models import Event, User
from tests.enrollment.conftest import typed
from tests.enrollment.counter.conftest import ATTESTED, Desk, rows

pytestmark = pytest.mark.django_db
MARK = "DIỄN TẬP: khách và giấy tờ bịa"


class Stage:
    """An agent at a rehearsal, by its pages alone."""

    def __init__(self, client: Client, agent: User, name: str) -> None:
        self.client, self.agent = client, agent
        self.pk = rehearsing._begun(agent, name).pk

    @property
    def rehearsal(self) -> Rehearsal:
        return Rehearsal.objects.get(pk=self.pk)

    @property
    def declared(self) -> Declaration:
        return rehearsing.guest_of(self.rehearsal).declaration

    def look(self, path: str = "") -> str:
        answer = self.client.get(f"/counter/rehearsal/{self.pk}/{path}", follow=True)
        assert answer.status_code == 200, path
        return str(answer.content.decode())

    def post(self, path: str, fields: dict[str, Any] | None = None) -> Any:
        return self.client.post(f"/counter/rehearsal/{self.pk}/{path}", fields or {})

    def act(self, act: str) -> Any:
        return self.post("act/", {"act": act, "moves": self.rehearsal.moves})

    def on(self) -> None:
        """By the page's own button, as a real walk-in is done."""
        step, reference = Step(self.rehearsal.state["step"]), self.rehearsal.reference
        if step == Step.DECLARATION:
            self.post("register/declaration/", typed(self.declared))
            self.post("register/declaration/check/")
        elif step == Step.CONSENT:
            self.post(f"counter/{reference}/invite/", {"qr": "1"})
            self.act(Act.ON)
        elif step == Step.PLAN:
            self.post("register/plan/", {"plan": "theo-luot-12"})
        elif step == Step.PAYMENT:
            self.post("register/payment/", {"gateway": "cash"})
        elif step == Step.CAPTURE:
            for item in ("card-front", "card-back", "face"):
                self.post(f"application/capture/{item}/")
            self.post("application/capture/done/")
        elif step == Step.HANDOVER:
            self.post(f"counter/{reference}/attest/", {"shown": "x", **ATTESTED})
        else:
            self.act(Act.ON)

    def plays(self, *decisions: str) -> "Stage":
        for decision in decisions:
            moves = self.rehearsal.moves
            self.on() if decision == Act.ON else self.act(decision)
            assert self.rehearsal.moves > moves, (decision, self.rehearsal.state)
        return self


@pytest.fixture
def stage(newcomer: User, signed_in: Callable[[User], Client]) -> Callable[[str], Stage]:
    client = signed_in(newcomer)
    return lambda name: Stage(client, newcomer, name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_whole_rehearsal_by_its_pages_leaves_no_real_row(stage: Callable[[str], Stage], name: str) -> None:
    played = stage(name)
    before = rows()
    for decision in playing.rightly(SCENARIOS[name], played.rehearsal.state):
        assert MARK in played.look()
        played.plays(decision)
    assert (played.rehearsal.score, played.rehearsal.passed) == (100, True)
    assert MARK in played.look("result/")
    assert rows() == before


def test_what_is_typed_and_photographed_is_kept_nowhere(stage: Callable[[str], Stage]) -> None:
    played = stage("plain")
    real = {**typed(played.declared), "full_name": "Trần Thị Thật", "phone": "0912000999"}
    before = rows()
    page = played.post("register/declaration/", real).content.decode()
    assert "Khác với thẻ hoặc lời khách" in page
    photo = SimpleUploadedFile("the.jpg", b"a real card", "image/jpeg")
    played.post("register/declaration/card/", {"photo": photo})
    played.post("register/declaration/draft/", real)
    kept = f"{Rehearsal.objects.values().get()} {Event.objects.values_list('details', flat=True)}"
    assert not [trace for trace in ("Thật", "0912000999", "a real card") if trace in kept]
    assert rows() == before
    assert played.declared.full_name in played.look("register/declaration/")  # the invented card is what was read


def test_every_page_of_it_is_marked_in_title_and_band(stage: Callable[[str], Stage]) -> None:
    played = stage("plain")
    paths = ["", "register/declaration/", f"counter/{played.rehearsal.reference}/end/", "nowhere/at/all/"]
    for path in paths:
        answer = played.client.get(f"/counter/rehearsal/{played.pk}/{path}", follow=True).content.decode()
        assert MARK in answer, path
        assert "<title>DIỄN TẬP: " in answer, path
    played.act(Act.ANOTHER)
    played = stage("expired")
    played.act(Act.EXPIRED)
    refused = played.act("nonsense")
    assert (refused.status_code, MARK in refused.content.decode()) == (409, True)
    assert MARK in played.client.get("/counter/rehearsal/").content.decode()


def test_its_pages_are_the_real_templates(stage: Callable[[str], Stage]) -> None:
    played, seen = stage("plain"), []
    for _page in range(20):
        if played.rehearsal.ended_at:
            break
        seen.append(played.client.get(f"/counter/rehearsal/{played.pk}/", follow=True).templates[0].name)
        played.on()
    real = ("declaration", "plan", "payment")
    assert [*dict.fromkeys(seen)] == [
        "enrollment/declaration.html",
        "counter/file.html",
        *(f"enrollment/{name}.html" for name in real[1:]),
        "kyc/capture.html",
    ]


def test_no_address_of_it_reaches_a_real_page(stage: Callable[[str], Stage], desk: Desk) -> None:
    """Whatever is put behind the rehearsal's prefix: a stand-in, its way back, or a page of anybody's outside."""
    played = stage("plain")
    desk.opens().declares()
    before, moves = rows(), desk.application.moves
    for path in (
        "new/",
        "find/",
        f"{desk.reference}/attest/",
        f"{desk.reference}/invite/",
        f"at/{desk.reference}/register/plan/",
    ):
        for prefix in ("counter/", "admin/", ""):
            answer = played.post(f"{prefix}{path}", {"plan": "theo-luot-12", **ATTESTED})
            assert answer.status_code in (302, 404), path
    assert played.look(f"counter/{desk.reference}/").count(desk.declaration.full_name) == 0
    assert (rows(), desk.application.moves) == (before, moves)


def test_a_colleagues_rehearsal_is_not_there(stage: Callable[[str], Stage], desk: Desk) -> None:
    played = stage("pin")
    for path in ("", "result/", "register/declaration/"):
        assert desk.client.get(f"/counter/rehearsal/{played.pk}/{path}").status_code == 404
    assert desk.client.post(f"/counter/rehearsal/{played.pk}/act/", {"act": "help", "moves": 0}).status_code == 404


def test_an_old_tab_changes_nothing_and_is_told_so(stage: Callable[[str], Stage]) -> None:
    played = stage("expired")
    page = played.client.post(
        f"/counter/rehearsal/{played.pk}/act/", {"act": "help", "moves": 99}, follow=True
    ).content.decode()
    assert "Bài đã đi tiếp" in page
    assert not played.rehearsal.answers


def test_no_post_of_ones_own_raises_a_score(stage: Callable[[str], Stage]) -> None:
    played = stage("pin")
    for fields in (
        {"act": "on"},
        {"act": "forged"},
        {"act": "screen"},
        {"act": "refuse", "score": "100", "passed": "on"},
    ):
        played.post("act/", {**fields, "moves": played.rehearsal.moves})
    played.post("application/capture/done/")
    played.post(f"counter/{played.rehearsal.reference}/attest/", ATTESTED)
    kept = played.rehearsal
    assert (kept.state["step"], kept.score, kept.passed) == (Step.DECLARATION, None, False)


def test_the_right_words_are_attested_or_nothing_is(stage: Callable[[str], Stage]) -> None:
    played = stage("plain")
    while played.rehearsal.state["step"] != Step.HANDOVER:
        played.on()
    played.post(f"counter/{played.rehearsal.reference}/attest/", {"shown": "x", "original": "on"})
    assert played.rehearsal.state["step"] == Step.HANDOVER
    played.on()
    assert played.rehearsal.state["step"] == Step.ACTIVATION
    assert not Attestation.objects.exists()


def test_a_card_that_ran_out_is_refused_by_the_real_form_and_a_later_date_is_a_forgery(
    stage: Callable[[str], Stage],
) -> None:
    played = stage("expired")
    page = played.post("register/declaration/", typed(played.declared)).content.decode()
    assert "thẻ đã hết hạn" in page
    assert played.rehearsal.state["step"] == Step.DECLARATION
    played.post("register/declaration/", {**typed(played.declared), "issued_on": "05/05/2026"})
    kept = played.rehearsal
    assert (kept.score, kept.passed, kept.answers[-1]["act"]) == (0, False, "forged")
    assert "Khai khác giấy tờ" in played.look("result/")


def test_its_result_says_what_was_wrong_and_where_the_manual_has_it(stage: Callable[[str], Stage]) -> None:
    played = stage("person").plays("left", "keep")
    page = played.look("result/")
    assert "không có quyền giữ giấy tờ" in page
    assert f"{reverse('counter:rules')}#person" in page
    assert 'id="person"' in played.client.get(reverse("counter:rules")).content.decode()
    for scenario in SCENARIOS.values():
        assert f'id="{scenario.scene.rule}"' in played.client.get(reverse("counter:rules")).content.decode()


def test_from_the_last_of_the_three_on_the_counter_is_open(stage: Callable[[str], Stage]) -> None:
    client = stage("pin").client
    for name in ("person", "expired", "pin"):
        assert client.get("/counter/")["Location"] == "/counter/rehearsal/"
        played = stage(name)
        played.plays(*playing.rightly(SCENARIOS[name], played.rehearsal.state))
    assert "quầy mở cho bạn đến" in played.look("result/")
    assert client.get("/counter/").status_code == 200
    assert client.post("/counter/new/")["Location"].startswith("/counter/at/")
