"""The journey as data: steps, whose turn each is and where it takes them, and one route per way in. Read this first."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Step(TextChoices):
    PLAN = "plan", _("Chọn gói chứng thư số")
    DECLARATION = "declaration", _("Khai báo thông tin")
    CONSENT = "consent", _("Xem lại và đồng ý")
    PAYMENT = "payment", _("Thanh toán")
    ACTIVATION = "activation", _("Kích hoạt tài khoản")
    CAPTURE = "capture", _("Xác thực giấy tờ, khuôn mặt")
    HANDOVER = "handover", _("Cam kết và bàn giao")
    CONTRACT = "contract", _("Ký hợp đồng điện tử")
    PIN = "pin", _("Tạo mã PIN")
    CONFIRMATION = "confirmation", _("Xác nhận bằng mã OTP")
    REVIEW = "review", _("Chờ duyệt cấp chứng thư số")
    ISSUANCE = "issuance", _("Cấp chứng thư số")
    ACCEPTANCE = "acceptance", _("Ký biên bản nghiệm thu")
    COMPLETE = "complete", _("Hoàn thành")
    STOPPED = "stopped", _("Đã dừng")


class Channel(TextChoices):
    """The way in: each with its route, and each route with a test that walks it."""

    BROWSER = "browser", _("Trình duyệt")
    ANOTHER = "another", _("Thêm chứng thư số")
    COUNTER = "counter", _("Quầy")
    VNEID = "vneid", _("VNeID")


class Actor(TextChoices):
    CUSTOMER = "customer", _("Khách hàng")
    AGENT = "agent", _("Nhân viên quầy")
    STAFF = "staff", _("VNPT thẩm định")
    PORTAL = "portal", _("Hệ thống")


@dataclass(frozen=True)
class Turn:
    actor: Actor
    page: str  # the name of the customer's page; whoever waits is shown how things stand


STANDING = "enrollment:standing"
TURNS: dict[Step, Turn] = {
    Step.PLAN: Turn(Actor.CUSTOMER, "enrollment:plan"),
    Step.DECLARATION: Turn(Actor.CUSTOMER, "enrollment:declaration"),
    Step.CONSENT: Turn(Actor.CUSTOMER, "enrollment:consent"),
    Step.PAYMENT: Turn(Actor.CUSTOMER, "enrollment:payment"),
    Step.ACTIVATION: Turn(Actor.CUSTOMER, "enrollment:activation"),
    Step.CAPTURE: Turn(Actor.CUSTOMER, "kyc:capture"),
    Step.HANDOVER: Turn(Actor.AGENT, STANDING),
    Step.CONTRACT: Turn(Actor.CUSTOMER, "signing:contract"),
    Step.PIN: Turn(Actor.CUSTOMER, "signing:pin"),
    Step.CONFIRMATION: Turn(Actor.CUSTOMER, "enrollment:confirmation"),
    Step.REVIEW: Turn(Actor.STAFF, "kyc:review"),
    Step.ISSUANCE: Turn(Actor.PORTAL, "signing:issuance"),
    Step.ACCEPTANCE: Turn(Actor.CUSTOMER, "signing:acceptance"),
    Step.COMPLETE: Turn(Actor.CUSTOMER, "signing:certificate"),
    Step.STOPPED: Turn(Actor.CUSTOMER, STANDING),
}
# What an agent does for whoever stands at the counter: on the customer's own pages, and never what is secret.
AT_COUNTER = (Step.DECLARATION, Step.PLAN, Step.PAYMENT, Step.CAPTURE, Step.HANDOVER)

ISSUED = (Step.ISSUANCE, Step.ACCEPTANCE, Step.COMPLETE)
ROUTES: dict[Channel, tuple[Step, ...]] = {
    Channel.BROWSER: (
        Step.PLAN,
        Step.DECLARATION,
        Step.PAYMENT,
        Step.ACTIVATION,
        Step.CAPTURE,
        Step.CONTRACT,
        Step.PIN,
        Step.REVIEW,
        *ISSUED,
    ),
    # Whoever is signed in has an account already.
    Channel.ANOTHER: (
        Step.PLAN,
        Step.DECLARATION,
        Step.PAYMENT,
        Step.CAPTURE,
        Step.CONTRACT,
        Step.PIN,
        Step.REVIEW,
        *ISSUED,
    ),
    # The card comes first; nothing is photographed before its owner has agreed, on a device of their own.
    Channel.COUNTER: (
        Step.DECLARATION,
        Step.CONSENT,
        Step.PLAN,
        Step.PAYMENT,
        Step.CAPTURE,
        Step.HANDOVER,
        Step.ACTIVATION,
        Step.CONTRACT,
        Step.PIN,
        Step.REVIEW,
        *ISSUED,
    ),
    # Who it is was told by VNeID, so phone and account come first; the PIN is made when VNPT has approved (guide 5).
    Channel.VNEID: (
        Step.DECLARATION,
        Step.ACTIVATION,
        Step.PLAN,
        Step.PAYMENT,
        Step.CAPTURE,
        Step.CONTRACT,
        Step.REVIEW,
        Step.PIN,
        Step.CONFIRMATION,
        *ISSUED,
    ),
}
# What a declaration leaves open on a way in, and is asked with the password (guide 5: phone and code, then e-mail).
LATER: dict[Channel, tuple[str, ...]] = {Channel.VNEID: ("email",)}
INTRODUCED = (Channel.VNEID,)  # where somebody else says who it is: no file of it stands without that
ENDS = (Step.COMPLETE, Step.STOPPED)

# ── Arriving ──

# What begins on arrival at a step, called by the move in its transaction and in this order. Each app's part brings its
# own rows (part.py: `begins`), for those who stand here know nobody above them.
BEGINS: dict[Step, list[Callable[[Any], None]]] = defaultdict(list)

# ── Going back ──

# A customer may go back to correct, as long as nothing was paid or made on the strength of it.
BACK: dict[Step, tuple[Step, ...]] = {
    Step.DECLARATION: (Step.PLAN,),
    Step.CONSENT: (Step.DECLARATION,),
    Step.PLAN: (Step.DECLARATION,),
    Step.PAYMENT: (Step.PLAN, Step.DECLARATION),
}
# At a counter also from where the account is not open yet: a phone lost in the middle would end it else.
BACK_AT_COUNTER: dict[Step, tuple[Step, ...]] = dict.fromkeys(
    (Step.CAPTURE, Step.HANDOVER, Step.ACTIVATION), (Step.DECLARATION,)
)
# What a reviewer may send back, and the step at which it is done again.
ITEMS: dict[str, Step] = {
    "name": Step.DECLARATION,
    "birth-date": Step.DECLARATION,
    "document-dates": Step.DECLARATION,
    "address": Step.DECLARATION,
    "card-front": Step.CAPTURE,
    "card-back": Step.CAPTURE,
    "face": Step.CAPTURE,
    "contract": Step.CONTRACT,
}
# What must be done again when the outcome of a step has changed: the contract prints the person, the plan and the price.
# At a counter whoever it is about agrees to what was typed in their name, and the agent vouches for what was seen.
DEPENDS: dict[Step, set[Step]] = {
    Step.PLAN: {Step.PAYMENT, Step.CONTRACT},
    Step.DECLARATION: {Step.CONTRACT, Step.CONSENT, Step.HANDOVER},
    Step.CAPTURE: {Step.HANDOVER},
}
SENDERS_BACK = (Step.REVIEW, Step.ISSUANCE)
# DOMAIN §1.3: free to cancel until the certificate is being made.
CANCELLABLE = {
    *(Step.DECLARATION, Step.CONSENT, Step.PLAN, Step.PAYMENT, Step.CAPTURE, Step.HANDOVER),
    *(Step.ACTIVATION, Step.CONTRACT, Step.PIN, Step.CONFIRMATION),
}
# Where staff may stop it: also where a certificate cannot be made or can no longer be accepted, or its number would
# be held for ever. At the review they reject.
STOPPABLE = CANCELLABLE | {Step.ISSUANCE, Step.ACCEPTANCE}


# ── Reading the tables ──


def turn(channel: Channel, step: Step) -> Turn:
    """Whose it is on this way in."""
    if channel == Channel.COUNTER and step in AT_COUNTER:
        return Turn(Actor.AGENT, TURNS[step].page)
    return TURNS[step]


def may_go_back(channel: Channel, step: Step, target: Step) -> bool:
    """Not to before the account: it was opened on what was declared."""
    back = {**BACK, **(BACK_AT_COUNTER if channel == Channel.COUNTER else {})}
    past = list(ahead_of(channel, step))
    since_account = past[past.index(Step.ACTIVATION) :] if Step.ACTIVATION in past else past
    return target in back.get(step, ()) and target in since_account


def first(channel: Channel) -> Step:
    return ROUTES[channel][0]


def after(channel: Channel, step: Step) -> Step:
    route = ROUTES[channel]
    return route[route.index(step) + 1]


def in_order(channel: Channel, steps: Iterable[Step]) -> list[Step]:
    wanted = set(steps)
    return [step for step in ROUTES[channel] if step in wanted]


def ahead_of(channel: Channel, step: Step) -> Sequence[Step]:
    """What was done before this step was reached."""
    route = ROUTES[channel]
    return route[: route.index(step)]


def finished(
    channel: Channel, step: Step, reached: Step, redo: Iterable[Step], *, changed: bool
) -> tuple[Step, Step, list[Step]]:
    """Where an application stands after this step: the next thing to do again, else the furthest step reached, else
    one step further. What depended on a changed outcome, and had been done, is done again."""
    left = set(redo) - {step}
    if changed and step != reached:
        left |= DEPENDS.get(step, set()) & set(ahead_of(channel, reached))
    if left:
        again = in_order(channel, left)
        return again[0], reached, again
    if step != reached:
        return reached, reached, []
    following = after(channel, step)
    return following, following, []
