"""The application that stands at one step, its trail and second devices, and the subscription that it leads to."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment import corrections, journey
from enrollment.identity import Declaration
from enrollment.journey import Channel, Step
from enrollment.orders.models import Order, Plan
from portal import audit, logs, sealing
from portal.models import Branch, DataKey, OursFromBirth, SealedRow, User
from portal.references import new_reference
from portal.refusals import out_of_step

ORDERED = "application"  # the purpose of what is ordered with an application


class Subscription(models.Model):
    """A plan bought for a term, at a branch. It has certificates, one after another; an application leads to one."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    months = models.PositiveSmallIntegerField()
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("thuê bao"), pgettext_lazy("nhiều", "thuê bao")


class Application(SealedRow, OursFromBirth):
    """One person's way to one certificate. Its state is the step at which it stands; only it moves itself."""

    reference = models.CharField(_("Mã hồ sơ"), max_length=8, unique=True, default=new_reference, editable=False)
    channel = models.CharField(_("Kênh"), max_length=8, choices=Channel)
    step = models.CharField(_("Bước"), max_length=12, choices=Step)
    reached = models.CharField(max_length=12, choices=Step)  # the furthest step; `step` lies before it in a correction
    redo = models.JSONField(default=list)  # steps still to be done again
    items = models.JSONField(default=dict)  # what the reviewer found wrong: item → reason
    moves = models.PositiveIntegerField(default=0)  # a copy read before the last move moves nothing
    reason = models.CharField(_("Lý do dừng"), max_length=20, blank=True)
    user = models.ForeignKey(
        User, verbose_name=_("Tài khoản"), null=True, blank=True, on_delete=models.PROTECT, related_name="applications"
    )
    branch = models.ForeignKey(Branch, verbose_name=_("Đơn vị"), null=True, blank=True, on_delete=models.PROTECT)
    agent = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    # Who sent the customer, by the code declared: not whose hands are in it, yet somebody who gains by it.
    referred_branch = models.ForeignKey(
        Branch, null=True, editable=False, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    referred_agent = models.ForeignKey(
        User, null=True, editable=False, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    plan = models.ForeignKey(Plan, verbose_name=_("Gói cước"), null=True, blank=True, on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        Subscription, null=True, editable=False, on_delete=models.PROTECT, related_name="applications"
    )
    language = models.CharField(_("Ngôn ngữ"), max_length=2, default="vi")
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT)
    draft = sealing.SealedJSONField(key="data_key", null=True)  # as typed so far
    declared = sealing.SealedJSONField(key="data_key", null=True)  # as confirmed; see identity.Declaration
    person_index = models.CharField(max_length=64, blank=True, editable=False)
    phone_index = models.CharField(max_length=64, blank=True, editable=False)
    email_index = models.CharField(max_length=64, blank=True, editable=False)
    phone_confirmed_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)  # a code to the phone or mailbox declared came back: steps/holding.py
    is_duplicate = models.BooleanField(_("Trùng số giấy tờ"), default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("Mở lúc"), auto_now_add=True)
    touched_at = models.DateTimeField(_("Thao tác cuối"), default=timezone.now)
    reminded_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    mac = models.CharField(max_length=64, editable=False)  # of whose hands it was given into, and by which way

    class Meta:
        verbose_name, verbose_name_plural = _("hồ sơ"), pgettext_lazy("nhiều", "hồ sơ")
        constraints = (
            # Whoever comes second is a duplicate, looks like any other and ends at activation: steps/holding.py.
            models.UniqueConstraint(
                fields=("person_index",),
                condition=Q(is_duplicate=False) & ~Q(step__in=journey.ENDS) & ~Q(person_index=""),
                name="one_open_application",
            ),
        )
        indexes = (  # none names touched_at: a draft saved as one types then touches no index at all
            models.Index(fields=("step", "-id"), name="applications_at_step"),
            models.Index(fields=("branch", "step"), condition=~Q(step__in=journey.ENDS), name="open_at_counters"),
            models.Index(
                fields=("branch", "-id"),
                condition=Q(channel="counter") & ~Q(step__in=journey.ENDS),
                name="newest_at_counters",
            ),
            models.Index(
                fields=("branch", "-id"),
                condition=Q(channel="counter", step__in=journey.AT_COUNTER, reached__in=journey.SENDERS_BACK),
                name="to_mend_at_counters",
            ),
            models.Index(fields=("person_index",), name="applications_of_person"),
            models.Index(fields=("phone_index",), name="applications_of_phone"),
            models.Index(fields=("email_index",), name="applications_of_email"),
            models.Index(fields=("id",), condition=Q(step="stopped", erased_at=None), name="still_to_erase"),
            models.Index(fields=("channel", "-id"), name="applications_by_channel"),
            models.Index(
                fields=("branch", "-created_at"), condition=Q(channel=Channel.COUNTER), name="opened_at_counters"
            ),
            models.Index(
                fields=("referred_branch", "-created_at"), condition=~Q(referred_branch=None), name="sent_by_branch"
            ),
            models.Index(
                fields=("referred_agent", "-created_at"), condition=~Q(referred_agent=None), name="sent_by_agent"
            ),
            models.Index(fields=("-id",), condition=Q(is_duplicate=True), name="duplicates"),
            models.Index(fields=("id",), condition=Q(is_demo=True), name="demo_applications"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def mac_of_row(self) -> str:
        """Who writes the row by other means brings it to no other counter, past no attestation, and wipes out no agent."""
        row = (self.reference, str(self.channel), self.branch_id, self.agent_id)
        return sealing.blind_index("application", repr(row))

    def hold(self) -> None:
        """Inside a transaction: whoever else is about to change this application or its orders waits until its end."""
        self.hold_row(self.pk)

    @classmethod
    def hold_row(cls, pk: int) -> None:
        list(cls.objects.select_for_update().filter(pk=pk).values_list("pk"))

    # ── Moving: each of the four ways is one conditional update with its trail ──

    def finish(self, *, changed: bool = False, **facts: Any) -> None:
        """This step is done. `changed`: its outcome differs from an earlier one, on which later steps may have built.
        Facts are fields that become true with the step, in the same update."""
        if self.is_ended:
            raise out_of_step()
        step, reached, redo = journey.finished(
            Channel(self.channel), Step(self.step), Step(self.reached), self.redo, changed=changed
        )
        self._move("finished", step, reached=reached, redo=redo, **facts)

    def move(self, step: Step) -> None:
        """The customer goes back to correct something."""
        if self.reached in journey.SENDERS_BACK or not journey.may_go_back(
            Channel(self.channel), Step(self.step), step
        ):
            raise out_of_step()
        redo = journey.in_order(Channel(self.channel), {step, *self.redo})
        self._move("moved", step, reached=self.reached, redo=redo)

    def send_back(self, items: Mapping[str, str]) -> None:
        """The reviewer asks for these items again, each for its reason, and for nothing that does not depend on them."""
        wrong = {item: items[item] for item in sorted(items) if corrections.fits(item, items[item])}
        on_the_way = {journey.ITEMS.get(item) for item in wrong} <= set(journey.ROUTES[Channel(self.channel)])
        if self.step not in journey.SENDERS_BACK or not wrong or len(wrong) != len(items) or not on_the_way:
            raise out_of_step()
        redo = journey.in_order(Channel(self.channel), {journey.ITEMS[item] for item in wrong})
        # What was approved before is looked at again: nobody comes back past the review.
        self._move("sent back", redo[0], reached=Step.REVIEW, redo=redo, items=wrong)

    def ask_again(self, steps: set[Step]) -> None:
        """Of these, what was done by now is done again after this step: what it was done on has changed."""
        channel, reached = Channel(self.channel), Step(self.reached)
        redo = journey.in_order(channel, {*self.redo, *(steps & set(journey.ahead_of(channel, reached)))})
        mine = Application.objects.filter(pk=self.pk, step=self.step, moves=self.moves)
        if mine.update(redo=redo) != 1:
            raise out_of_step()
        self.redo = redo

    def stop(self, reason: str) -> None:
        if self.is_ended:
            raise out_of_step()
        self._move("stopped", Step.STOPPED, reached=self.reached, redo=[], reason=reason)
        audit.record("application stopped", self, reason=reason)

    @transaction.atomic
    def pass_to(self, agent: User, branch: Branch) -> None:
        """Into the hands of another agent, perhaps at another counter, at the step where it stands. Whoever had it before
        stays one of its hands: the trail names both. A copy read before is out of step from here on."""
        before = self.agent_id
        mac = Application(reference=self.reference, channel=self.channel, branch=branch, agent=agent).mac_of_row
        mine = Application.objects.filter(pk=self.pk, step=self.step, moves=self.moves, mac=self.mac_of_row)
        if mine.update(agent=agent, branch=branch, mac=mac, moves=F("moves") + 1, touched_at=timezone.now()) != 1:
            raise out_of_step()
        self.agent, self.branch, self.mac, self.moves = agent, branch, mac, self.moves + 1
        Trail.note(self, Trail.PASSED, self.step, items={"from": str(before or ""), "to": str(agent.pk)})

    @transaction.atomic
    def _move(self, verb: str, step: Step, **changes: Any) -> None:
        origin, changes = self.step, {"touched_at": timezone.now(), "reminded_at": None, **changes}
        mine = Application.objects.filter(pk=self.pk, step=origin, moves=self.moves)
        if mine.update(step=step, moves=F("moves") + 1, **changes) != 1:
            raise out_of_step()
        self.step, self.moves = step, self.moves + 1
        for name, value in changes.items():
            setattr(self, name, value)
        Trail.note(self, verb, origin, self.reason, self.items if verb == "sent back" else {})
        for begin in journey.BEGINS[step]:
            begin(self)

    # ── How it stands ──

    @property
    def wrong_here(self) -> list[tuple[Any, Any]]:
        """What was sent back and is done again at this step: what, and what to do about it."""
        if self.step not in self.redo:
            return []
        return corrections.instructions(
            {item: why for item, why in self.items.items() if journey.ITEMS[item] == self.step}
        )

    @property
    def is_ended(self) -> bool:
        return self.step in journey.ENDS

    @property
    def may_cancel(self) -> bool:
        return self.step in journey.CANCELLABLE

    @property
    def turn(self) -> journey.Turn:
        return journey.turn(Channel(self.channel), Step(self.step))

    # ── What was declared ──

    @property
    def declaration(self) -> Declaration | None:
        return Declaration.from_json(self.declared) if self.declared else None

    @property
    def may_redeclare(self) -> bool:
        return journey.may_go_back(Channel(self.channel), Step(self.step), Step.DECLARATION)

    @property
    def later(self) -> tuple[str, ...]:
        """What is asked with the password only, of whoever has no account yet."""
        return () if self.user_id else journey.LATER.get(Channel(self.channel), ())

    def as_declared(self, declaration: Declaration) -> dict[str, Any]:
        """The declaration and the indexes by which it is found again, sealed for an update."""
        return {
            "declared": self.sealed("declared", declaration.as_json()),
            "person_index": User.username_for(declaration.number),
            "phone_index": sealing.blind_index("phone", declaration.phone),
            "email_index": sealing.blind_index("email", declaration.email.lower()) if declaration.email else "",
        }

    def correct(self, declaration: Declaration) -> None:
        """Change what was declared without a move, where this step allows it."""
        changes = {**self.as_declared(declaration), "touched_at": timezone.now(), "reminded_at": None}
        if Application.objects.filter(pk=self.pk, step=self.step, moves=self.moves).update(**changes) != 1:
            raise out_of_step()
        for name, value in changes.items():
            setattr(self, name, value)

    @property
    def orders(self) -> "QuerySet[Order]":
        return Order.objects.filter(purpose=ORDERED, subject=self.pk)

    @property
    def order(self) -> Order | None:
        """The one that counts: what was given up is none."""
        return self.orders.exclude(status=Order.Status.CANCELLED).first()

    @classmethod
    def open_ones(cls) -> "QuerySet[Application]":
        return cls.objects.exclude(step__in=journey.ENDS)


class OfApplication(SealedRow):
    """A part of an application's file, sealed by the application's own key: erased with it."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    @property
    def data_key(self) -> DataKey:
        return self.application.data_key


class Trail(models.Model):
    """Every move of an application: from where to where, by whom, why."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="trail")
    at = models.DateTimeField(auto_now_add=True)
    verb = models.CharField(max_length=12)
    origin = models.CharField(max_length=12, choices=Step, blank=True)
    step = models.CharField(max_length=12, choices=Step)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, blank=True)
    items = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, blank=True)

    PASSED = "passed on"
    VERBS: ClassVar[dict[str, Any]] = {
        "opened": _("Mở hồ sơ, đến bước “%(step)s”"),
        "finished": _("Xong bước “%(origin)s”, sang “%(step)s”"),
        "moved": _("Khách quay lại bước “%(step)s”"),
        "sent back": _("Trả lại để làm lại bước “%(step)s”"),
        "stopped": _("Dừng ở bước “%(origin)s”"),
        PASSED: _("Nhân viên khác tiếp nhận"),
    }

    @property
    def asked_again(self) -> list[str]:
        return corrections.named(self.items) if self.verb == "sent back" else []

    @property
    def said(self) -> str:
        """One line of the timeline."""
        return str(self.VERBS[self.verb]) % {"step": self.get_step_display(), "origin": self.get_origin_display()}

    @classmethod
    def note(
        cls, application: Application, verb: str, origin: str, reason: str = "", items: Mapping[str, str] | None = None
    ) -> None:
        cls.objects.create(
            application=application,
            verb=verb,
            origin=origin,
            step=application.step,
            actor=audit.actor.get().user,
            reason=reason,
            items=items or {},
            request_id=logs.request_id(),
        )
