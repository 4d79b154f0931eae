"""How often a thing may be done: one row per holder, one conditional update per go. No cache, so no race and no loss."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from portal.models import Allowance
from portal.refusals import Refusal


@dataclass(frozen=True)
class Limit:
    purpose: str
    times: int
    window: timedelta
    sliding: bool = (
        False  # the window begins anew with each go, as a lock of five minutes after the last wrong try does
    )

    def spend(self, holder: str) -> int | None:
        """How many goes are left after this one, or None if there was none left to spend."""
        now = timezone.now()
        row = Allowance.objects.filter(purpose=self.purpose, holder=holder)
        renewed = When(renews_at__lte=now, then=Value(1))
        renews = (
            Value(now + self.window)
            if self.sliding
            else Case(When(renews_at__lte=now, then=Value(now + self.window)), default=F("renews_at"))
        )
        for _again in range(2):
            free = row.filter(Q(renews_at__lte=now) | Q(spent__lt=self.times))
            if free.update(spent=Case(renewed, default=F("spent") + 1), renews_at=renews):
                return max(0, self.times - row.values_list("spent", flat=True)[0])
            Allowance.objects.bulk_create(
                [Allowance(purpose=self.purpose, holder=holder, spent=0, renews_at=now + self.window)],
                ignore_conflicts=True,
            )
        return None

    def require(self, holder: str, otherwise: Any) -> None:
        """Spend one, or say no in these words, and after how long it is worth asking again."""
        if self.spend(holder) is None:
            raise Refusal("too-many", otherwise, status=429, wait=self.seconds_to_wait(holder))

    def restore(self, holder: str) -> None:
        """A right try gives back what the wrong ones before it took."""
        Allowance.objects.filter(purpose=self.purpose, holder=holder).update(spent=0)

    def give_back(self, holder: str) -> None:
        """One that was spent before it was known to be nobody's harm."""
        Allowance.objects.filter(purpose=self.purpose, holder=holder, spent__gt=0).update(spent=F("spent") - 1)

    def seconds_to_wait(self, holder: str) -> int:
        renews = (
            Allowance.objects.filter(purpose=self.purpose, holder=holder).values_list("renews_at", flat=True).first()
        )
        return max(1, round((renews - timezone.now()).total_seconds())) if renews else 1

    def spent(self, holder: str) -> int:
        rows = Allowance.objects.filter(purpose=self.purpose, holder=holder, renews_at__gt=timezone.now())
        return rows.values_list("spent", flat=True).first() or 0

    def is_spent(self, holder: str) -> bool:
        rows = Allowance.objects.filter(purpose=self.purpose, holder=holder, renews_at__gt=timezone.now())
        return rows.filter(spent__gte=self.times).exists()
