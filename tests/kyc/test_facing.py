"""The face: cues that nobody can know, a film promised before it is sent, three tries."""

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from PIL import Image

from enrollment import dossier
from enrollment.models import Application
from kyc.demo.drawing import Face, jpeg
from kyc.models import Challenge, Check, Evidence
from kyc.steps import checking, facing
from portal.models import Branch, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.kyc.conftest import SMALL, an_application, film, finish_face, following, packed, send, shot, try_face

pytestmark = pytest.mark.django_db
OTHER = (("far", 1600), ("near", 1600), ("left", 1600), ("right", 1600), ("far", 1600))


def test_cues_come_in_an_order_of_their_own_each_time() -> None:
    orders = {tuple(cue["cue"] for cue in facing.cues(random.Random(seed), calm=False)) for seed in range(200)}
    assert len(orders) > 80
    for order in orders:
        assert {"far", "near"} <= set(order)
        assert all(cue != following for cue, following in pairwise(order))


def test_somebody_who_follows_the_cues_is_kept_as_two_stills_and_a_film() -> None:
    application = an_application()
    assert try_face(application, following).answer == {"kept": True}
    kinds = set(Evidence.objects.filter(application=application).values_list("kind", flat=True))
    assert kinds == {"face-far", "face-near", "face-film"}
    facts = Evidence.objects.get(kind="face-film").facts
    assert facts
    assert 1.3 < facts["ratio"] < 3


def test_a_prepared_film_does_not_fit_the_order_of_today() -> None:
    application = an_application()
    challenge = facing.begin(application)
    while [cue["cue"] for cue in challenge.cues] == [cue for cue, _ms in OTHER]:
        challenge = facing.begin(application)
    assert finish_face(application, challenge, film(*OTHER)).answer == {"refused": "not-followed"}
    assert facing.tries_left(application) == 2


def test_a_still_picture_is_named_as_what_it_is() -> None:
    still = jpeg(Face(9).seen(0.3, size=(270, 360)))
    stills = [(0, "far", jpeg(Face(9).seen(0.3))), (0, "near", jpeg(Face(9).seen(0.5)))]
    frozen = packed([(at, "", still) for at in range(0, 7000, 250)] + stills)
    assert try_face(an_application(), lambda _challenge: frozen).answer == {"refused": "still"}


def test_a_film_of_no_face_costs_a_try_and_says_so() -> None:
    def nobody(challenge: Challenge) -> bytes:
        empty = [Image.new("RGB", (270, 360), (at * 9, 80, 90)) for at in range(20)]
        parts = [(at * 300, "", jpeg(frame)) for at, frame in enumerate(empty)]
        return packed([*parts, (0, "far", jpeg(empty[0])), (0, "near", jpeg(empty[1]))])

    application = an_application()
    assert try_face(application, nobody).answer == {"refused": "no-face"}
    assert facing.tries_left(application) == 2


def test_another_film_than_the_promised_one_is_refused() -> None:
    application = an_application()
    challenge = facing.begin(application)
    shot(challenge)
    facing.promise(application, challenge.key, "0" * 64)
    facing.promise(application, challenge.key, "0" * 64)  # told twice, for the answer may be lost
    assert send(application, "face", following(challenge), key=challenge.key).answer == {"refused": "wrong-film"}
    assert not Evidence.objects.exists()


def test_the_same_film_is_good_once() -> None:
    application = an_application()
    challenge = facing.begin(application)
    sent = following(challenge)
    assert finish_face(application, challenge, sent).answer == {"kept": True}
    assert send(application, "face", sent, key=challenge.key).answer == {"refused": "wrong-film"}
    with pytest.raises(Refusal, match="out-of-step"):
        facing.promise(application, challenge.key, hashlib.sha256(sent).hexdigest())


def test_a_promise_that_comes_too_late_is_no_promise_and_costs_no_try() -> None:
    application = an_application()
    challenge = facing.begin(application)
    with time_machine.travel(timezone.now() + timedelta(seconds=60)), pytest.raises(Refusal, match="late"):
        facing.promise(application, challenge.key, "0" * 64)
    assert facing.tries_left(application) == 3


def test_the_slow_pace_takes_twice_as_long_and_waits_longer() -> None:
    application = an_application()
    quick, calm = facing.begin(application), facing.begin(application, calm=True)
    assert facing.lasts(calm) > facing.lasts(quick) * 1.2
    with time_machine.travel(timezone.now() + timedelta(seconds=60)):
        facing.promise(application, calm.key, "0" * 64)


def test_three_failed_tries_lead_to_the_counter(capturing: tuple[Application, Client]) -> None:
    application, client = capturing
    for _try in range(3):
        try_face(application, lambda _challenge: b"{}\n")
    with pytest.raises(Refusal, match="no-tries-left"):
        facing.begin(application)
    page = client.get("/application/capture/").content.decode()
    assert "Cần làm tiếp tại quầy" in page
    assert application.reference in page
    assert client.get("/application/capture/face/").status_code == 302
    assert client.post("/application/capture/face/begin/", headers={"accept": "application/json"}).status_code == 403


def test_at_the_counter_three_more_are_allowed_by_somebody_who_may_not_decide_later(
    staff: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    application, agent = an_application(), staff("agent")
    for _try in range(3):
        try_face(application, lambda _challenge: b"{}\n")
    page = signed_in(agent).post(
        "/admin/kyc/case/face-again/", {"reference": application.reference.lower()}, follow=True
    )
    assert "thử thêm ba lần" in page.content.decode()
    assert facing.tries_left(application) == 3
    assert agent.pk in dossier.hands_of(application)


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_who_works_at_another_branch_allows_none(
    role: str, staff: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    """Promise P13."""
    application, places = an_application(), [Branch.objects.create(name=f"VNPT {n}", province="02") for n in (1, 2)]
    for _try in range(3):
        try_face(application, lambda _challenge: b"{}\n")
    desk = signed_in(staff(role, further=[places[0].pk]))
    for branch, left in ((places[1], 0), (places[0], 3)):
        Application.objects.update(branch=branch)
        desk.post("/admin/kyc/case/face-again/", {"reference": application.reference})
        assert facing.tries_left(application) == left


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_tries_at_once_no_more_than_three_fail_and_one_is_open() -> None:
    application = an_application()

    def go(_place: int) -> None:
        mine = Application.objects.select_related("data_key").get(pk=application.pk)
        finish_face(mine, facing.begin(mine), b"{}\n")

    at_once(12, go)
    assert Challenge.objects.filter(application=application, outcome="failed").count() <= 3
    assert Challenge.objects.filter(application=application, outcome="open").count() <= 1


@pytest.mark.once
def test_of_fifty_injected_films_none_is_accepted_by_a_machine_alone() -> None:
    """Promise P20: films that follow the cues perfectly, drawn by a program, each with noise of its own."""
    for number in range(50):
        application = an_application()
        challenge = a_challenge(application)
        sent = film(*OTHER, face=number % 4)
        assert finish_face(application, challenge, sent).answer == {"kept": True}
        checking.check(application)
        outcomes = {check.name: check.outcome for check in checking.findings(application)}
        assert outcomes["alive"] == Check.Outcome.NOT_PERFORMED
        assert outcomes["liveness"] == outcomes["match"] == Check.Outcome.NOT_PERFORMED
        assert not application.approvals.exists()


def test_a_film_cannot_be_promised_before_its_time_has_passed() -> None:
    application = an_application()
    challenge = facing.begin(application)
    with pytest.raises(Refusal, match="wrong-film"):
        facing.promise(application, challenge.key, "0" * 64)


def test_the_stills_must_show_what_the_film_shows() -> None:
    def anothers(challenge: Challenge) -> bytes:
        head, _line, rest = following(challenge).partition(b"\n")
        entries = json.loads(head)["frames"]
        parts, place = [], 0
        for entry in entries:
            bytes_ = rest[place : place + entry["size"]]
            place += entry["size"]
            still = entry.get("still", "")
            parts.append((entry["at"], still, jpeg(Face(77).seen(0.4, (0.3, 0.7), SMALL)) if still else bytes_))
        return packed(parts)

    assert try_face(an_application(), anothers).answer == {"refused": "wrong-film"}


def test_beginning_anew_or_in_another_tab_gives_no_more_tries() -> None:
    application = an_application(person="079190100000")
    for _try in range(2):
        try_face(application, lambda _challenge: b"{}\n")
    challenge = facing.begin(application)
    shot(challenge)
    facing.promise(application, challenge.key, hashlib.sha256(b"{}\n").hexdigest())
    facing.begin(application)  # in another tab, while the film is on its way
    facing.fail(challenge)
    assert facing.tries_left(application) == 0
    application.stop("anew")
    assert facing.tries_left(an_application(person="079190100000")) == 0


def a_challenge(application: Application) -> Challenge:
    """One whose film is drawn already."""
    cues = [{"cue": cue, "ms": ms} for cue, ms in OTHER]
    return Challenge.objects.create(application=application, key=uuid.uuid4(), cues=cues)
