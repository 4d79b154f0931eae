"""The nine steps that a customer counts, and where somebody stands among them: guide 2's words over the steps of ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from enrollment.journey import ROUTES, Channel, Step


@dataclass(frozen=True)
class Milestone:
    """One of the nine steps that a customer counts, and the steps of ours that lie behind it."""

    name: Any
    note: Any  # which screen it is
    minutes: int  # of the customer's time
    drawing: str  # in templates/drawings
    steps: tuple[Step, ...] = ()
    waits: tuple[Step, ...] = ()  # VNPT's turn, before it


NINE = (  # guide 2
    Milestone(_("Đăng ký tài khoản"), _("Đọc và đồng ý điều khoản"), 1, "step-register", (Step.CONSENT,)),
    Milestone(_("Chọn gói dịch vụ"), _("Miễn phí hoặc trả phí"), 1, "step-plan", (Step.PLAN,)),
    Milestone(_("Khai báo thông tin"), _("Như trên giấy tờ"), 2, "step-declare", (Step.DECLARATION,)),
    Milestone(_("Khởi tạo dịch vụ"), _("Thanh toán nếu có phí"), 1, "step-service", (Step.PAYMENT,)),
    Milestone(_("Nhập mã kích hoạt"), _("Từ SMS, tạo mật khẩu"), 1, "step-code", (Step.ACTIVATION,)),
    Milestone(
        *(_("Xác thực giấy tờ, khuôn mặt"), _("Bằng máy ảnh điện thoại"), 2, "step-identity"),
        (Step.CAPTURE, Step.HANDOVER),
    ),
    Milestone(_("Ký hợp đồng điện tử"), _("Vẽ chữ ký trên màn hình"), 1, "step-contract", (Step.CONTRACT,)),
    Milestone(_("Tạo mã PIN ký số"), _("Sáu chữ số, chỉ mình biết"), 1, "step-pin", (Step.PIN, Step.CONFIRMATION)),
    Milestone(
        _("Ký biên bản nghiệm thu"),
        _("Bằng chứng thư số mới"),
        1,
        "step-acceptance",
        (Step.ACCEPTANCE,),
        waits=(Step.REVIEW, Step.ISSUANCE),
    ),
)
WAITING = _("VNPT thẩm định và cấp chứng thư số")
# Within the nine the app counts its own four screens (guides 1 and 4): "1/4 Kích hoạt tài khoản, tiếp theo: Tạo mã PIN".
SCREENS = {
    Step.ACTIVATION: _("Kích hoạt tài khoản"),
    Step.PIN: _("Tạo mã PIN"),
    Step.ISSUANCE: _("Kích hoạt cặp khóa"),
    Step.ACCEPTANCE: _("Ký biên bản nghiệm thu"),
}


def milestone(step: Step) -> int:
    """Which of the nine it belongs to; ten where all are done, none where it stopped."""
    if step == Step.COMPLETE:
        return len(NINE) + 1
    return next((number for number, each in enumerate(NINE, 1) if step in each.steps + each.waits), 0)


class State(TextChoices):
    DONE = "done", _("đã xong")
    NOW = "now", _("đang ở đây")
    AGAIN = "again", _("làm lại")
    TO_COME = "to-come", _("chưa tới")


@dataclass(frozen=True)
class Row:
    name: Any
    state: State
    number: int = 0  # among the nine; VNPT's turn has none
    minutes: int = 0


@dataclass(frozen=True)
class Way:
    """Where somebody stands among the nine, what is next, and how long it still takes them."""

    rows: tuple[Row, ...]
    screen: Step | None  # where the app counts its own four

    @property
    def now(self) -> Row | None:
        return next((row for row in self.rows if row.state == State.NOW), None)

    @property
    def number(self) -> int:
        """While VNPT has its turn, the last that is done."""
        return (
            self.now.number
            if self.now and self.now.number
            else max((row.number for row in self.rows if row.state in (State.DONE, State.NOW)), default=0)
        )

    @property
    def following(self) -> Row | None:
        left = self.rows[self.rows.index(self.now) :] if self.now else ()
        return next((row for row in left if row.state in (State.AGAIN, State.TO_COME)), None)

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows if row.state != State.DONE)

    @property
    def screens(self) -> tuple[int, Any, Any] | None:
        """The app's own count: which, its name, and the one after it."""
        if self.screen is None:
            return None
        names, at = list(SCREENS.values()), list(SCREENS).index(self.screen)
        return at + 1, names[at], next(iter(names[at + 1 :]), None)


def in_turn(route: Sequence[Step]) -> list[tuple[Milestone, bool]]:
    """The nine, and VNPT's turn as often as somebody waits for it, in the order of this way in: at a counter the card comes
    before the terms. What a route does not ask for stays with what stands before it."""
    places, last = [], -1
    for each in NINE:
        if each.waits:
            places.append((route.index(each.waits[0]), each, True))
        last = min((route.index(step) for step in each.steps if step in route), default=last)
        places.append((last, each, False))
    return [(each, waits) for _place, each, waits in sorted(places, key=lambda row: row[0])]


def way(channel: Channel, step: Step | None, reached: Step | None, redo: Iterable[Step] = ()) -> Way:
    """Nobody's step is the first of the nine: it comes before there is an application. What a route does not ask for,
    as a code of whoever has an account, is done."""
    route = ROUTES[channel]
    past = set(route[: route.index(reached)]) if reached in route else set()

    def state(steps: tuple[Step, ...]) -> State:
        if step in steps or (step is None and steps == NINE[0].steps):
            return State.NOW
        if set(redo) & set(steps):
            return State.AGAIN
        return State.DONE if reached and set(steps) & set(route) <= past else State.TO_COME

    rows, number = [], 0
    for each, waits in in_turn(route):
        if waits:
            # What it waits for first says where it stands: on some ways the PIN comes between.
            rows.append(Row(WAITING, state(each.waits if step in each.waits else each.waits[:1])))
        else:
            number += 1
            rows.append(Row(each.name, state(each.steps), number, each.minutes))
    # The app's own count is of the ways on which the PIN follows the account.
    counts = step in SCREENS and route.index(Step.PIN) < route.index(Step.REVIEW)
    return Way(tuple(rows), step if counts else None)
