"""The triggers by which the database itself refuses to change what was received in cash, on both engines: a receipt stays as
it was given, into an open drawer alone; a drawer only goes on, from open to counted, explained and confirmed, and what was
settled on the way stays."""

from collections.abc import Callable
from typing import Any

TABLES = ("orders_drawer", "orders_cashreceipt")
BEGUN = ("id", "agent_id", "branch_id", "day", "opened_at", "opening")
COUNTED = (*BEGUN, "received", "returned", "receipts_given", "notes", "counted", "closed_at")
# From → what may follow, and which columns stay.
WAYS = (
    ("open", ("open", "counted", "closed"), (*BEGUN, "explanation", "confirmed_by_id", "confirmed_at")),
    ("counted", ("closed",), (*COUNTED, "confirmed_by_id", "confirmed_at")),
    ("closed", ("confirmed",), (*COUNTED, "explanation")),
)
NO = "a closed day does not change"


def _allowed(same: str) -> str:
    """`same` is how this engine says that two values are one, or both nothing; JSON is compared as text."""

    def kept(column: str) -> str:
        old, new = (
            f"CAST({row}.{column} AS text)" if column == "notes" else f"{row}.{column}" for row in ("OLD", "NEW")
        )
        return f"{old} {same} {new}"

    return " OR ".join(
        f"(OLD.status = '{origin}' AND NEW.status IN ({', '.join(map(repr, following))})"
        f" AND {' AND '.join(map(kept, columns))})"
        for origin, following, columns in WAYS
    )


_OPEN = "EXISTS (SELECT 1 FROM orders_drawer WHERE id = NEW.drawer_id AND status = 'open')"
POSTGRESQL = [
    f"""CREATE FUNCTION orders_closed_days() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF {_OPEN} THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION '{NO}';
    END $$""",
    f"""CREATE FUNCTION orders_drawer_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF {_allowed("IS NOT DISTINCT FROM")} THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION '{NO}';
    END $$""",
    "CREATE TRIGGER orders_drawer_fixed BEFORE UPDATE ON orders_drawer FOR EACH ROW EXECUTE FUNCTION orders_drawer_goes_on()",
    "CREATE TRIGGER orders_cashreceipt_fixed BEFORE INSERT OR UPDATE OR DELETE ON orders_cashreceipt "
    "FOR EACH ROW EXECUTE FUNCTION orders_closed_days()",
    "CREATE TRIGGER orders_drawer_kept BEFORE DELETE ON orders_drawer "
    "FOR EACH ROW EXECUTE FUNCTION orders_closed_days()",
    *[
        f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION orders_closed_days()"
        for table in TABLES
    ],
]
POSTGRESQL_UNDONE = [
    *[f"DROP TRIGGER {line.split()[2]} ON {line.split(' ON ')[1].split()[0]}" for line in POSTGRESQL[2:]],
    *[f"DROP FUNCTION {name}" for name in ("orders_closed_days", "orders_drawer_goes_on")],
]
_TAKEN = (
    "EXISTS (SELECT 1 FROM orders_drawer WHERE id = NEW.id)",
    "EXISTS (SELECT 1 FROM orders_cashreceipt WHERE id = NEW.id)",
)
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{NO}'); END"
SQLITE = [
    f"CREATE TRIGGER orders_drawer_fixed BEFORE UPDATE ON orders_drawer WHEN NOT ({_allowed('IS')}) {_REFUSE}",
    f"CREATE TRIGGER orders_cashreceipt_fixed BEFORE UPDATE ON orders_cashreceipt {_REFUSE}",
    *[f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {_REFUSE}" for table in TABLES],
    f"CREATE TRIGGER orders_cashreceipt_closed BEFORE INSERT ON orders_cashreceipt WHEN NOT {_OPEN} {_REFUSE}",
    # REPLACE would delete without asking the triggers above.
    f"CREATE TRIGGER orders_drawer_new BEFORE INSERT ON orders_drawer WHEN {_TAKEN[0]} {_REFUSE}",
    f"CREATE TRIGGER orders_cashreceipt_new BEFORE INSERT ON orders_cashreceipt WHEN {_TAKEN[1]} {_REFUSE}",
]
SQLITE_UNDONE = [f"DROP TRIGGER {line.split()[2]}" for line in SQLITE]


def guard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL if vendor == "postgresql" else SQLITE:
        execute(line)


def unguard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL_UNDONE if vendor == "postgresql" else SQLITE_UNDONE:
        execute(line)
