"""How often a thing may be done: one row per holder, one statement per go. No cache, so no race and no loss."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from portal.models import Allowance
from portal.refusals import Refusal

# The first go of a holder, or of a new window, or one more; no row comes back where there was none left.
SPEND = """
    INSERT INTO portal_allowance AS held (purpose, holder, spent, renews_at)
    VALUES (%(purpose)s, %(holder)s, 1, %(end)s)
    ON CONFLICT (purpose, holder) DO UPDATE SET
        spent = CASE WHEN held.renews_at <= %(now)s THEN 1 ELSE held.spent + 1 END,
        renews_at = CASE WHEN held.renews_at <= %(now)s OR %(sliding)s THEN excluded.renews_at ELSE held.renews_at END
    WHERE held.renews_at <= %(now)s OR held.spent < %(times)s
    RETURNING spent
"""


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
        moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (now, now + self.window)]
        named = dict(zip(("now", "end"), moments, strict=True))
        facts: dict[str, Any] = {
            "purpose": self.purpose,
            "holder": holder,
            "times": self.times,
            "sliding": self.sliding,
        }
        with connection.cursor() as cursor:
            cursor.execute(SPEND, {**named, **facts})
            row = cursor.fetchone()
        return self.times - row[0] if row else None

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
