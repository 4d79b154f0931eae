"""Without the rehearsals the counter stays closed: every page, every step, from the moment the year is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from time_machine import travel

from enrollment.counter import urls, waits
from enrollment.counter.models import Rehearsal
from enrollment.counter.steps import rehearsing, serving
from enrollment.orders.steps import drawer
from portal.models import Branch, User
from portal.parts import LATE, SOON
from portal.refusals import Refusal
from tests.enrollment.counter.conftest import ATTESTED, Desk, rows

pytestmark = pytest.mark.django_db
OPEN = {
    "rehearsal",
    "rehearsal_begin",
    "rules",
    "rehearsal_open",
    "rehearsal_act",
    "rehearsal_result",
    "rehearsal_play",
}


def patterns(routes: Any) -> list[URLPattern]:
    return [
        each
        for route in routes
        for each in (patterns(route.url_patterns) if isinstance(route, URLResolver) else [route])
    ]


def addresses(reference: str) -> dict[str, str]:
    known = {"reference": reference, "pk": 1}
    named: dict[str, str] = {}
    for pattern in patterns(urls.urlpatterns):
        names = {
            name: "7f1d7a0e-8f4f-4b6e-9d0b-7f6a4a3f2b10" if "UUID" in type(convert).__name__ else known[name]
            for name, convert in pattern.pattern.converters.items()
            if name in known
        }
        if pattern.name not in OPEN:
            named[str(pattern.name)] = reverse(f"counter:{pattern.name}", kwargs=names)
    return named


def test_every_page_of_the_counter_leads_to_the_rehearsal_or_refuses(
    newcomer: User, signed_in: Callable[[User], Client], desk: Desk
) -> None:
    desk.opens()
    User.objects.filter(pk=newcomer.pk).update(branch=desk.user.branch)
    client, pages = signed_in(newcomer), addresses(desk.reference)
    before = rows()
    assert len(pages) > 15
    for name, path in pages.items():
        assert client.get(path).headers.get("Location") == "/counter/rehearsal/", name
        assert client.post(path, {"amount": "1"}).status_code == 403, name
    for path in ("declaration/", "plan/", "payment/", "declaration/draft/"):
        at = f"/counter/at/{desk.reference}/register/{path}"
        assert (
            client.get(at, follow=True).redirect_chain[-1][0] == "/counter/rehearsal/" or path == "declaration/draft/"
        )
        assert client.post(at, {"full_name": "X"}).status_code == 403
    assert rows() == before
    assert "ba bài diễn tập" in client.post("/counter/new/").content.decode()


def test_who_has_rehearsed_finds_all_of_them(desk: Desk) -> None:
    """So the walk above does not pass for want of pages."""
    desk.opens()
    open_ones = [name for name, path in addresses(desk.reference).items() if desk.client.get(path).status_code == 200]
    assert {"list", "file", "end", "referral", "drawer", "figures"} <= set(open_ones)


def test_when_the_year_ends_in_the_middle_of_a_day_nothing_new_is_finished(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    until, moves = rehearsing.enabled_until(desk.user), desk.application.moves
    assert until
    with travel(until - timedelta(seconds=60)):
        rehearsing.check_enabled(desk.user)
    with travel(until + timedelta(seconds=1)), pytest.raises(Refusal, match="not-enabled"):
        rehearsing.check_enabled(desk.user)
    Rehearsal.objects.filter(agent=desk.user, scenario="pin").update(score=99)  # ours no more
    assert desk.post("attest/", {"shown": "x", **ATTESTED}).status_code == 403
    assert desk.application.moves == moves


def test_the_step_itself_refuses_whatever_page_it_comes_from(newcomer: User, desk: Desk) -> None:
    assert newcomer.branch
    with pytest.raises(Refusal, match="not-enabled"):
        serving.open_for(newcomer.branch, newcomer, language="vi")
    desk.opens()
    with pytest.raises(Refusal, match="not-enabled"):
        serving.check_serves(desk.application, newcomer)


def test_others_have_no_rehearsal(
    client: Client, staff: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    for role in ("reviewer", "approver", "operator", "supervisor"):
        assert signed_in(staff(role)).get("/counter/rehearsal/").status_code == 404
    assert client.get("/counter/rehearsal/").status_code == 404
    assert signed_in(staff("lead")).get("/counter/rehearsal/").status_code == 200


def test_what_lies_in_an_open_drawer_is_still_counted(desk: Desk) -> None:
    assert desk.user.branch
    drawer.open_drawer(desk.user, desk.user.branch, 500_000)
    Rehearsal.objects.filter(agent=desk.user).update(score=99)  # ours no more
    assert desk.client.get("/counter/drawer/").status_code == 200
    assert desk.client.get("/counter/drawer/count/").status_code == 200
    assert desk.client.get("/counter/")["Location"] == "/counter/rehearsal/"


# ── Who sees until when ──


def page_of(client: Client) -> str:
    return str(client.get("/counter/training/").content.decode())


def test_the_head_sees_who_of_own_branches_may_serve_and_no_points(
    staff: Callable[..., User], signed_in: Callable[[User], Client], newcomer: User
) -> None:
    far = Branch.objects.create(name="VNPT Xa", province="01")
    staff("agent", branch=far, full_name="Lê Thị Mẫu Xa")
    open_one = staff("agent", full_name="Lê Thị Mẫu Gần")
    until = rehearsing.enabled_until(open_one)
    assert until
    page = page_of(signed_in(staff("lead")))
    assert f"mở đến {timezone.localtime(until):%d/%m/%Y}" in page
    assert page.index("chưa mở") < page.index("Mẫu Gần")  # who cannot serve stands first
    assert "Mẫu Xa" not in page
    assert "/100" not in page
    for role in ("supervisor", "auditor"):
        assert "Mẫu Xa" in page_of(signed_in(staff(role)))


@pytest.mark.parametrize("role", ["agent", "reviewer", "operator"])
def test_nobody_else_sees_it(role: str, staff: Callable[..., User], signed_in: Callable[[User], Client]) -> None:
    assert signed_in(staff(role)).get("/counter/training/").status_code == 404


@pytest.mark.parametrize(("left", "tone"), [(31, ""), (29, SOON), (6, LATE), (-1, LATE)])
def test_it_reminds_in_the_list_and_among_what_waits(desk: Desk, left: int, tone: str) -> None:
    until = rehearsing.enabled_until(desk.user)
    assert until
    with travel(until - timedelta(days=left)):
        tones = [row.tone for row in waits.rehearsals(desk.user)]
        assert tones == [tone] * bool(tone)
        assert (rehearsing.reminder(until) is not None) == (0 < left <= 30)


def test_the_list_says_how_many_days_are_left(desk: Desk, signed_in: Callable[[User], Client]) -> None:
    until = rehearsing.enabled_until(desk.user)
    assert until
    with travel(until - timedelta(days=6, hours=1)):
        assert "Quầy còn mở cho bạn 6 ngày" in signed_in(desk.user).get("/counter/").content.decode()


def test_a_colleague_who_may_not_serve_is_given_no_file(desk: Desk, newcomer: User) -> None:
    assert newcomer not in serving.agents(desk.user.branch)
    assert desk.user in serving.agents(desk.user.branch)
