"""The demo's counter: guests of nobody at different steps, each led there by the verbs of agents and customers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from enrollment import dossier
from enrollment.consents import PURPOSES
from enrollment.counter.steps import attesting, money, rehearsing, serving
from enrollment.demo.people import declaration_of_nobody, home_of
from enrollment.identity import Document
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.orders.steps import drawer
from enrollment.steps import activation, declaration, inviting, opening, payment, plan
from enrollment.steps.inviting import INVITE
from portal.demo.people import DEMO_PASSWORD, NEWCOMER
from portal.models import Branch, Message, User

FREE, PAID = "theo-luot-12", "khong-gioi-han-12"
HOME = "VNPT Thanh Hóa"


@dataclass(frozen=True)
class Guest:
    """Whom an agent serves where, with which plan, and at which step they stand now."""

    full_name: str
    number: str
    phone: str
    agent: str
    until: Step
    plan: str = FREE
    branch: str = HOME


# Synthetic, as all of the demo's people. What needs pictures comes later, from the room that draws them.
GUESTS = (
    Guest("Hà Thị Mẫu Bích", "038190000201", "0900000201", "0900000022", Step.DECLARATION),
    Guest("Ngô Văn Mẫu Cảnh", "038088000202", "0900000202", "0900000023", Step.CONSENT),
    Guest("Lục Thị Mẫu Diệp", "038193000203", "0900000203", "0900000022", Step.PLAN),
    Guest("Đào Văn Mẫu Hiếu", "038091000204", "0900000204", "0900000022", Step.PAYMENT, PAID),
    Guest("Bạch Thị Mẫu Khuê", "038195000205", "0900000205", "0900000022", Step.CAPTURE, PAID),
    Guest("Từ Văn Mẫu Lâm", "051089000206", "0900000206", "0900000021", Step.CAPTURE, FREE, "VNPT Quảng Ngãi"),
    Guest("Khúc Thị Mẫu Mai", "051192000207", "0900000207", "0900000024", Step.CONSENT, FREE, "VNPT Quảng Ngãi"),
)
TELLER, FLOAT = "0900000022", 500_000  # whose drawer is open, and with how much the day began


def seed() -> None:
    """Agents who have rehearsed, one of them with a drawer, and their guests."""
    for agent in agents():
        if agent.phone != NEWCOMER and not rehearsing.is_enabled(agent):
            rehearsing.enable(agent)
    if Application.objects.filter(is_demo=True, channel=Channel.COUNTER).exists() or not agents():
        return
    drawer.open_drawer(agent_with(TELLER), Branch.objects.get(name=HOME), FLOAT)
    for guest in GUESTS:
        serve(guest)


def agents() -> list[User]:
    return list(User.objects.filter(is_demo=True, groups__name="agent").order_by("pk"))


def agent_with(phone: str) -> User:
    return next(agent for agent in agents() if agent.phone == phone)


def again(application: Application) -> Application:
    known = Application.objects.select_related("data_key", "plan", "user", "branch", "agent")
    return known.get(pk=application.pk)


def serve(guest: Guest) -> Application:
    """From the button to where they stand."""
    agent = agent_with(guest.agent)
    application = serving.open_for(Branch.objects.get(name=guest.branch), agent, language="vi")
    Application.objects.filter(pk=application.pk).update(is_demo=True)
    if guest.until == Step.DECLARATION:
        typed = {"full_name": guest.full_name, "phone": guest.phone, "document": Document.CITIZEN}
        declaration.keep_draft(application, typed)
    for step in stages(guest, agent):
        application = again(application)
        if application.step == guest.until:
            break
        step(application)
    if guest.until == Step.CONSENT:
        inviting.send_link(application, INVITE.offer(application))
    return again(application)


def stages(guest: Guest, agent: User) -> Iterator[Callable[[Application], None]]:
    person = declaration_of_nobody(guest.full_name, guest.number, guest.phone, home_of(guest.number))
    yield lambda application: declaration.declare(application, person)
    yield comes_in
    yield lambda application: opening.consent(application, PURPOSES, language="vi", place="")
    yield lambda application: plan.choose(application, guest.plan)
    yield lambda application: pays(application, agent)


def comes_in(application: Application) -> None:
    """With a phone of their own, by the code that came to it."""
    device, _digits = INVITE.claim(INVITE.offer(application))
    with transaction.atomic():  # read before it is sent, for then it is forgotten
        payment.send_phone_code(application, "")
        text = Message.objects.filter(template="enrollment/messages/phone_code").latest("created_at")
        digits = str(text.params[0])
    pairing = INVITE.held(device)
    assert pairing
    inviting.come_in(pairing, digits)


def pays(application: Application, agent: User) -> None:
    if application.plan and application.plan.code == PAID:
        money.take(application, agent, tendered=500_000)
    else:
        payment.settle_free(application)


# ── After the pictures, which are drawn elsewhere ──


def attest(application: Application, agent: User) -> None:
    application = again(application)
    attesting.attest(application, agent, shown=dossier.seen(application), said=set(attesting.WORDS))


@transaction.atomic
def activate(application: Application) -> None:
    activation.activate(again(application), DEMO_PASSWORD)
