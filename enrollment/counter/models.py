"""What a counter keeps of its own: the codes by which agents are named, that an agent vouches for what was seen, and how
agents rehearse before anybody real stands before them."""

import json

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.models import Application
from portal import sealing
from portal.models import BearsMac, Branch, User


class Referral(BearsMac):
    """The code by which a customer at home names the agent, and the branch, who sent them. A row that others wrote names
    nobody: it would lead one agent's customers to another."""

    code = models.CharField(_("Mã giới thiệu"), max_length=8, unique=True)
    agent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="referrals")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("mã giới thiệu"), pgettext_lazy("nhiều", "mã giới thiệu")
        constraints = (
            models.UniqueConstraint(fields=("agent", "branch"), condition=Q(ended_at=None), name="one_living_code"),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def mac_of_row(self) -> str:
        ended = self.ended_at and self.ended_at.isoformat()
        row = (self.code, self.agent_id, self.branch_id, self.made_at.isoformat(), ended)
        return sealing.blind_index("referral", repr(row))


class Attestation(BearsMac):
    """ "I saw the original, person and picture are the same, the customer does this of free will": by whom, where, when, and
    of exactly what was declared and photographed. The newest counts; it is right as long as nothing of that has changed."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attestations")
    seen = models.CharField(max_length=64)
    agent = models.ForeignKey(User, verbose_name=_("Nhân viên quầy"), on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, verbose_name=_("Đơn vị"), on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=10)  # of the words
    at = models.DateTimeField(_("Lúc"), default=timezone.now)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("cam kết tại quầy"), pgettext_lazy("nhiều", "cam kết tại quầy")
        indexes = (models.Index(fields=("branch", "at"), name="attested_at_counters"),)

    @property
    def mac_of_row(self) -> str:
        row = (self.application_id, self.seen, self.agent_id, self.branch_id, self.version, self.at.isoformat())
        return sealing.blind_index("attestation", repr(row))


class Recheck(BearsMac):
    """The head of a counter asked the agent about what was attested, and lets it stand or doubts it. Written once; a doubt
    is part of the file, and what was approved without it counts no longer."""

    attestation = models.OneToOneField(Attestation, on_delete=models.PROTECT, related_name="recheck")
    by = models.ForeignKey(User, verbose_name=_("Trưởng quầy"), on_delete=models.PROTECT, related_name="+")
    is_doubt = models.BooleanField()
    words = models.CharField(max_length=200)  # which name nobody
    at = models.DateTimeField(default=timezone.now)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("kiểm tra cam kết"), pgettext_lazy("nhiều", "kiểm tra cam kết")

    @property
    def mac_of_row(self) -> str:
        row = (self.attestation_id, self.by_id, self.is_doubt, self.words, self.at.isoformat())
        return sealing.blind_index("recheck", repr(row))


class Rehearsal(BearsMac):
    """A walk-in played with an invented customer, and what the agent did at each turn. The server keeps and marks it; three
    passed ones open the counter to an agent, so a row that others wrote or changed opens it to nobody."""

    agent = models.ForeignKey(
        User, verbose_name=_("Nhân viên quầy"), on_delete=models.PROTECT, related_name="rehearsals"
    )
    scenario = models.CharField(max_length=20)
    state = models.JSONField(default=dict)  # where it stands; of the invented customer the seed alone
    answers = models.JSONField(default=list)  # what was decided, and its points
    moves = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(_("Bắt đầu lúc"), default=timezone.now)
    ended_at = models.DateTimeField(_("Xong lúc"), null=True)
    score = models.PositiveSmallIntegerField(_("Điểm"), null=True)
    passed = models.BooleanField(_("Đạt"), default=False)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("bài diễn tập"), pgettext_lazy("nhiều", "bài diễn tập")
        indexes = (models.Index(fields=("agent", "ended_at"), name="rehearsals_of_agent"),)

    @property
    def mac_of_row(self) -> str:
        ended = self.ended_at and self.ended_at.isoformat()
        kept = json.dumps([self.state, self.answers], sort_keys=True)
        row = (self.agent_id, self.scenario, self.begun_at.isoformat(), self.moves, ended, self.score, self.passed)
        return sealing.blind_index("rehearsal", repr((row, kept)))

    @property
    def reference(self) -> str:
        """As it stands on the pages: no application has one of this kind."""
        return f"DT{self.pk:06d}"
