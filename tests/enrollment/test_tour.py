"""The demo's tour: whoever follows the ribbon is always the right person on the right page."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from enrollment import seeds
from enrollment.demo import doors, people
from enrollment.journey import Step
from enrollment.models import Application
from kyc.demo import seeding
from kyc.models import Case
from portal import seeds as portal_seeds
from portal.models import User
from tests.conftest import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    portal_seeds.seed()
    seeds.seed()
    return Client()


def led(visitor: Client) -> Application:
    return Application.objects.get(pk=visitor.cookies["tour"].value)


def said(visitor: Client, page: str = "/") -> str:
    """What the ribbon says of the tour."""
    ribbon = visitor.get(page).content.decode().split('class="ribbon"')[1].split("</aside>")[0]
    match = re.search(r"\d/5 · [^<]+", ribbon)
    return match.group() if match else ""


def stands(application: Application, step: Step, queue: str = "") -> None:
    Application.objects.filter(pk=application.pk).update(step=step, reached=step)
    if queue:
        Case.objects.update_or_create(application=application, defaults={"queue": queue, "due_at": timezone.now()})


def test_it_begins_as_the_customer_who_has_least_left_to_do(visitor: Client) -> None:
    assert said(visitor) == ""
    answer = visitor.post("/demo/tour/begin/")
    assert answer.headers["Location"] == "/application/capture/"
    assert visitor.get("/application/capture/").status_code == 200
    assert said(visitor, "/application/capture/") == "1/5 · Xác thực giấy tờ, khuôn mặt"
    assert visitor.post("/demo/tour/").headers["Location"] == "/application/capture/"


def test_the_desk_names_five_stops_and_where_one_is(visitor: Client) -> None:
    visitor.post("/demo/tour/begin/")
    page = visitor.get("/demo/").content.decode()
    stops = page.split('<ol class="steps stops">')[1].split("</ol>")[0]
    assert stops.count("<li") == 5
    assert stops.split("<li")[1].startswith(' class="now"')
    assert "Đi tiếp" in page


@pytest.mark.parametrize(
    ("step", "queue", "said_there", "role"),
    [
        (Step.REVIEW, "appraisal", "2/5 · Thẩm định hồ sơ", "reviewer"),
        (Step.REVIEW, "second", "2/5 · Cho ý kiến thứ hai", "reviewer"),
        (Step.REVIEW, "approval", "3/5 · Duyệt hồ sơ", "approver"),
        (Step.REVIEW, "rejected", "2/5 · Chờ duyệt cấp chứng thư số", "customer"),
        (Step.ACCEPTANCE, "closed", "4/5 · Ký biên bản nghiệm thu", "customer"),
        (Step.COMPLETE, "closed", "5/5 · Xem chứng thư số", "customer"),
    ],
)
def test_it_goes_on_where_the_application_stands(
    visitor: Client, step: Step, queue: str, said_there: str, role: str
) -> None:
    visitor.post("/demo/tour/begin/")
    application = led(visitor)
    stands(application, step, queue)
    assert said(visitor) == said_there
    answer = visitor.post("/demo/tour/")
    user = User.objects.get(pk=visitor.session["_auth_user_id"])
    assert user.roles == [role]
    case = Case.objects.get(application=application)
    page = f"/admin/kyc/case/{case.pk}/change/" if role != "customer" else f"/{answer.headers['Location'].lstrip('/')}"
    assert answer.headers["Location"] == page
    assert said(visitor, "/account/") == said_there  # through the change of hands


def test_a_file_in_somebodys_hands_is_looked_at_in_their_place(visitor: Client) -> None:
    visitor.post("/demo/tour/begin/")
    stands(led(visitor), Step.REVIEW, "appraisal")
    second = User.objects.filter(is_demo=True, groups__name="reviewer").order_by("pk")[1]
    Case.objects.update(holder=second)
    visitor.post("/demo/tour/")
    assert visitor.session["_auth_user_id"] == str(second.pk)


def test_it_leads_nobody_into_a_real_application(visitor: Client, person: People) -> None:
    Application.objects.update(is_demo=False)
    pk = Application.objects.earliest("pk").pk
    visitor.cookies["tour"] = str(pk)
    assert said(visitor) == ""
    for door in ("/demo/tour/", "/demo/tour/begin/"):
        assert visitor.post(door).headers["Location"] == "/demo/"
    visitor.cookies["tour"] = "1 OR 1"
    assert said(visitor) == ""


def test_where_a_visitor_led_somebody_onward_the_next_one_comes(visitor: Client) -> None:
    Application.objects.filter(step=Step.CAPTURE).update(step=Step.PIN, reached=Step.PIN)
    assert seeding.next_follower() == Step.ACCEPTANCE  # none has come so far
    for step in (Step.PLAN, Step.PAYMENT, Step.CAPTURE):
        before = Application.objects.filter(step=step).count()
        seeding.follow(step)
        seeding.follow(step)
        assert Application.objects.filter(step=step, is_demo=True).count() == before + 2
    standing = [door.who for door in doors.doors()]
    assert len(standing) == len(people.PEOPLE) + 1 + 6
