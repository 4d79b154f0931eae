"""Who did what about whom: append-only and tamper-evident, without a lock that writers share.

Each entry carries a MAC of its own. Every few seconds a sealer closes the entries written since then in one batch,
chained to the batch before and signed; the head goes to an anchor outside the database. So a changed, removed, swapped
or added entry breaks its batch, and a cut tail or a restored old dump falls short of the anchor (promise P7).

This is the door by which every step writes; `seals` and `verification` are for the worker and the command."""

from portal.audit.record import Actor, actor, is_ours, named, record, verbs

__all__ = ["Actor", "actor", "is_ours", "named", "record", "verbs"]
