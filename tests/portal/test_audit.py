"""Promise P7: the audit trail cannot be changed unseen, the cut tail included."""

import json
import subprocess
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from portal import audit
from portal.audit import seals, verification
from portal.migrations import _append_only as append_only
from portal.models import Event, Seal
from tests.conftest import People, at_once

pytestmark = pytest.mark.django_db


def write(number: int = 6) -> list[int]:
    return [audit.record("people searched", about=f"user:{place}", place=place).pk for place in range(number)]


def by_force(statement: str, *values: int | str) -> None:
    """What somebody with the database's own password can do: put the triggers aside first."""
    with connection.cursor() as cursor:
        append_only.unguard(cursor.execute, connection.vendor)
        cursor.execute(statement, values)
        append_only.guard(cursor.execute, connection.vendor)


def first_fault() -> str:
    return next(verification.verify(), "")


def test_an_entry_says_who_did_what_from_where(person: People) -> None:
    user = person("agent")
    token = audit.actor.set(audit.Actor(user, "203.0.113.9"))
    entry = Event.objects.get(pk=audit.record("people searched", user, reason="counter").pk)
    audit.actor.reset(token)
    assert (entry.actor, entry.role, entry.branch, entry.place) == (user, "agent", "VNPT Mẫu", "203.0.113.9")
    assert (entry.about, entry.details) == (f"user:{user.pk}", {"reason": "counter"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_event SET result = 'ok2'",
        "DELETE FROM portal_event",
        "UPDATE portal_seal SET digest = 'x'",
        "DELETE FROM portal_seal",
        "UPDATE portal_event SET seal_id = NULL",
    ],
)
def test_the_database_refuses_changes(statement: str) -> None:
    write()
    seals.seal_all()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.exclude(seal=None).count() == 6


def test_sealing_changes_nothing_and_verifies() -> None:
    write()
    assert seals.seal_all() == 6
    write()
    assert seals.seal_all() == 6
    assert seals.seal_all() == 0
    assert first_fault() == ""
    assert Seal.objects.count() == 2


@pytest.mark.parametrize("sealed", [True, False])
def test_a_changed_entry_is_named(sealed: bool) -> None:
    entries = write()
    if sealed:
        seals.seal_all()
    by_force("UPDATE portal_event SET about = 'user:666' WHERE id = %s", entries[2])
    assert first_fault() == f"entry {entries[2]}: its content was changed"


def removed(entries: list[int]) -> None:
    by_force("DELETE FROM portal_event WHERE id = %s", entries[3])


def swapped(entries: list[int]) -> None:
    first, other = entries[1], entries[4]
    for old, new in ((first, -1), (other, first), (-1, other)):
        by_force("UPDATE portal_event SET id = %s WHERE id = %s", new, old)


def added(entries: list[int]) -> None:
    stray = audit.record("people searched")
    by_force("UPDATE portal_event SET seal_id = (SELECT MIN(id) FROM portal_seal) WHERE id = %s", stray.pk)


def tail_cut(entries: list[int]) -> None:
    by_force("DELETE FROM portal_event WHERE seal_id = (SELECT MAX(id) FROM portal_seal)")
    by_force("DELETE FROM portal_seal WHERE number = (SELECT MAX(number) FROM portal_seal)")


def a_seal_lost(entries: list[int]) -> None:
    by_force("DELETE FROM portal_seal WHERE number = 1")


def another_history(entries: list[int]) -> None:
    """Everything rewritten with the right key, in as many seals of as many entries: only the anchor can tell."""
    kept = settings.AUDIT_ANCHOR.read_text()
    by_force("DELETE FROM portal_event")
    by_force("DELETE FROM portal_seal")
    for number in (6, 2):
        write(number)
        seals.seal_all()
    settings.AUDIT_ANCHOR.write_text(kept)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (removed, "5 entries where 6 were sealed"),
        (swapped, "were swapped"),
        (added, "7 entries where 6 were sealed"),
        (tail_cut, "anchored outside but not in the database"),
        (a_seal_lost, "seal 1: missing"),
        (another_history, "seal 1: differs from the anchor"),
    ],
)
def test_harm_to_sealed_entries_is_found(harm: Callable[[list[int]], None], said: str) -> None:
    entries = write()
    seals.seal_all()
    write(2)
    seals.seal_all()
    assert first_fault() == ""
    harm(entries)
    assert said in first_fault()


def test_without_its_anchor_nothing_is_called_whole() -> None:
    write()
    seals.seal_all()
    settings.AUDIT_ANCHOR.unlink()
    assert "not in the anchor" in first_fault()


def test_a_forged_anchor_is_found() -> None:
    write()
    seals.seal_all()
    settings.AUDIT_ANCHOR.write_text(settings.AUDIT_ANCHOR.read_text().replace('"total": 6', '"total": 7'))
    assert "signature is not ours" in first_fault()


def test_heads_that_were_not_anchored_in_time_are_made_good() -> None:
    write()
    seals.seal_batch()  # and here the sealer is killed
    write()
    seals.seal_all()
    assert len(settings.AUDIT_ANCHOR.read_text().splitlines()) == 2
    assert first_fault() == ""


def test_an_anchor_cut_in_mid_line_heals_at_the_next_seal() -> None:
    write()
    seals.seal_all()
    settings.AUDIT_ANCHOR.write_text(settings.AUDIT_ANCHOR.read_text() + '{"number": 2, "tot')
    write()
    seals.seal_all()
    assert first_fault() == ""
    assert len(settings.AUDIT_ANCHOR.read_text().splitlines()) == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_replacing_an_entry_is_refused_too() -> None:
    [entry] = write(1)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "REPLACE INTO portal_event SELECT id, at, role, branch, 'x', about, result, place, request_id, details, mac,"
            " actor_id, seal_id FROM portal_event WHERE id = %s",
            [entry],
        )


def test_the_command_names_the_fault_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    entries = write()
    call_command("audit", "seal")
    call_command("audit", "verify")
    assert "6 sealed entries unchanged" in capsys.readouterr().out
    by_force("UPDATE portal_event SET verb = 'nothing' WHERE id = %s", entries[0])
    with pytest.raises(SystemExit) as end:
        call_command("audit", "verify")
    assert end.value.code == 1
    assert f"entry {entries[0]}" in capsys.readouterr().err


def test_an_outsider_can_check_an_anchored_head_with_the_public_key() -> None:
    write()
    seals.seal_all()
    line = json.loads(settings.AUDIT_ANCHOR.read_text().splitlines()[-1])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seals.public_key()))
    head = f"audit {line['number']} {line['total']} {line['digest']}"
    key.verify(bytes.fromhex(line["signature"]), head.encode())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_writers_and_sealers_at_once_leave_a_whole_chain() -> None:
    def work(place: int) -> None:
        for _turn in range(20):
            if place % 4 == 0:
                seals.seal_all()
            else:
                audit.record("people searched", about=f"user:{place}")

    assert at_once(16, work) == [None] * 16
    seals.seal_all()
    assert Event.objects.filter(seal=None).count() == 0
    assert Event.objects.count() == 12 * 20
    assert first_fault() == ""


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_slow_transaction_is_sealed_later_and_still_verifies() -> None:
    """Its entry has a number below entries that are sealed already."""
    with transaction.atomic():
        audit.record("people searched", about="user:slow")
        others = at_once(1, lambda _place: (write(3), seals.seal_all())[1])
        assert others == [3]
    assert seals.seal_all() == 1
    assert first_fault() == ""


def test_every_verb_in_the_source_has_words() -> None:
    verbs = subprocess.run(
        ["grep", "-rhoP", r'audit\.record\(\s*"\K[^"]+', "portal", "enrollment", "kyc", "signing", "--include=*.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )
    assert set(verbs.stdout.split("\n")) - {""} <= set(audit.verbs())
