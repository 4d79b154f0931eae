"""Papers outlive the keys that stamped them: each is stamped again before its newest stamp weakens, with evidence of how that
stamp's own authority stood (ETSI EN 319 142-1: B-LTA is kept up, not reached once)."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal import audit, jobs
from signing.authority.models import Authority
from signing.models import Edition, Paper
from signing.papers.pades import Evidence
from signing.steps.signatures import bytes_of, is_whole, keep, lasting, lists_above, stamping

log = structlog.get_logger(__name__)
AHEAD = timedelta(days=365)  # of the end, so that a year without this job loses nothing


class Altered(Exception):
    """What lies there is not what was kept: it is not stamped as if it were."""


def restamp_due() -> None:
    """In batches, each paper by itself; one that was done is due no more, so whoever was killed goes on."""
    weak = weakening(timezone.now())
    if stamping() in weak:
        log.error("the key that stamps weakens itself: hold the ceremony", alarm=True)
        return
    due = Paper.objects.filter(state=Paper.State.SEALED, stamped_by__in=weak)
    jobs.each(
        jobs.through(due.select_related("file__data_key", "application__data_key", "stamped_by__issuer")), restamp
    )


def weakening(now: datetime) -> list[Authority]:
    stamps = Authority.objects.filter(role=Authority.Role.TIMESTAMP)
    return [each for each in stamps if ends_of(each) < now + AHEAD]


def ends_of(authority: Authority) -> datetime:
    """Of its certificate, or of what it signs by, where somebody has set an end to that."""
    assert authority.not_after
    return min(authority.not_after, settings.ALGORITHM_ENDS.get(authority.kind, authority.not_after))


def restamp(paper: Paper) -> None:
    """The file as it was, and after it the evidence and a new stamp over all of it."""
    content, before, stamps = bytes_of(paper.file), paper.stamped_by, stamping()
    if content is None or before is None or not is_whole(paper.file, paper.file_hash):
        raise Altered
    evidence = Evidence(
        (*before.chain, *stamps.chain), tuple(dict.fromkeys((*lists_above(before), *lists_above(stamps))))
    )
    file, digest = keep(lasting(content, evidence), paper.data_key)
    with transaction.atomic():
        same = Paper.objects.filter(pk=paper.pk, file_hash=paper.file_hash, stamped_by=before)
        if not same.update(file=file, file_hash=digest, stamped_by=stamps):
            file.forget()  # another was quicker
            return
        Edition.objects.create(paper=paper, file_hash=paper.file_hash)
        audit.record("paper stamped again", paper, hash=digest[:16])
        assert paper.file
        paper.file.forget()
