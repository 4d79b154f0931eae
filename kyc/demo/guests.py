"""The rest of the demo's counter: guests whose pictures were taken there, at each step that follows."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from enrollment.counter.demo import people
from enrollment.counter.demo.people import Guest
from enrollment.demo.people import declaration_of_nobody, home_of, walk
from enrollment.journey import Step
from enrollment.models import Application
from kyc.demo.drawing import Card, Face, Shot
from kyc.demo.evidence import drawn
from kyc.demo.seeding import decide
from kyc.models import Case
from kyc.steps import capture, checking
from portal.allowances import Limit
from portal.models import User

# Who, and how far they came; the last was sent back, and only the counter can mend it.
GUESTS = (
    (Guest("Cung Thị Mẫu Nga", "038194000211", "0900000211", "0900000023", Step.CAPTURE), Step.HANDOVER),
    (Guest("Kha Văn Mẫu Phước", "038087000212", "0900000212", "0900000022", Step.CAPTURE), Step.ACTIVATION),
    (Guest("Sử Thị Mẫu Quế", "038192000213", "0900000213", "0900000023", Step.CAPTURE), Step.REVIEW),
    (Guest("Ông Văn Mẫu Toàn", "038089000214", "0900000214", "0900000022", Step.CAPTURE), Step.CAPTURE),
)
ONE_AT_A_TIME = Limit("demo counter seeding", 1, timedelta(minutes=2))


def seed_guests() -> None:
    """In the background, behind the files of the desk."""
    known = set(Application.objects.filter(is_demo=True).values_list("person_index", flat=True))
    missing = [(guest, at) for guest, at in GUESTS if User.username_for(guest.number) not in known]
    if settings.DEMO and missing and people.agents() and ONE_AT_A_TIME.spend("") is not None:
        for guest, at in missing:
            seed_guest(guest, at)


def seed_guest(guest: Guest, at: Step) -> None:
    """Drawn first, for drawing takes seconds and a database has other writers."""
    place = int(guest.number[-3:])
    face = Face(3000 + place * 17)
    person = declaration_of_nobody(guest.full_name, guest.number, guest.phone, home_of(guest.number))
    given = drawn(Card(person, face, year=2021), face, Shot(seed=place, turn=0.8, tilt=0.006, fill=0.9))
    agent = people.agent_with(guest.agent)
    application = people.serve(guest)
    with transaction.atomic():
        capture.give(application, given, by=agent)
        capture.finish(application)
    if at != Step.HANDOVER:
        people.attest(application, agent)
    if at in (Step.REVIEW, Step.CAPTURE):
        people.activate(application)
        application = walk(people.again(application), Step.REVIEW)
        checking.check(application)
        Case.objects.filter(application=application).update(checked=True)
    if at == Step.CAPTURE:
        decide(Case.objects.get(application=application), "waiting")
