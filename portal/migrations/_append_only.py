"""The triggers by which the database itself refuses to change the audit trail, on both engines."""

from collections.abc import Callable
from typing import Any

_FIXED = ["at", "actor_id", "role", "branch", "verb", "about", "result", "place", "request_id", "details", "mac"]
POSTGRESQL = [
    """CREATE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'portal_event' THEN
        IF to_jsonb(OLD)->>'seal_id' IS NULL AND to_jsonb(NEW) - 'seal_id' = to_jsonb(OLD) - 'seal_id' THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'the audit trail is append-only';
    END $$""",
    *[
        f"CREATE TRIGGER {table}_{kind} BEFORE {what} ON {table} FOR EACH {each} EXECUTE FUNCTION portal_append_only()"
        for table in ("portal_event", "portal_seal")
        for kind, what, each in (("fixed", "UPDATE OR DELETE", "ROW"), ("kept", "TRUNCATE", "STATEMENT"))
    ],
]
POSTGRESQL_UNDONE = [
    *[
        f"DROP TRIGGER {table}_{kind} ON {table}"
        for table in ("portal_event", "portal_seal")
        for kind in ("fixed", "kept")
    ],
    "DROP FUNCTION portal_append_only",
]
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
_TAKEN = "EXISTS (SELECT 1 FROM portal_event WHERE id = NEW.id)"
_UNCHANGED = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in ["id", *_FIXED])
SQLITE = [
    f"CREATE TRIGGER portal_event_fixed BEFORE UPDATE ON portal_event WHEN NOT (OLD.seal_id IS NULL AND {_UNCHANGED}) {_REFUSE}",
    f"CREATE TRIGGER portal_event_kept BEFORE DELETE ON portal_event {_REFUSE}",
    # REPLACE would delete without asking the trigger above.
    f"CREATE TRIGGER portal_event_new BEFORE INSERT ON portal_event WHEN {_TAKEN} {_REFUSE}",
    f"CREATE TRIGGER portal_seal_fixed BEFORE UPDATE ON portal_seal {_REFUSE}",
    f"CREATE TRIGGER portal_seal_kept BEFORE DELETE ON portal_seal {_REFUSE}",
]
SQLITE_UNDONE = [f"DROP TRIGGER {line.split()[2]}" for line in SQLITE]


def guard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL if vendor == "postgresql" else SQLITE:
        execute(line)


def unguard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL_UNDONE if vendor == "postgresql" else SQLITE_UNDONE:
        execute(line)
