"""What each process may do in PostgreSQL: a role for each door (public, desk, worker, signer), and what it is granted.

The tables' owner alone, by whom `prepare` runs, alters a table or switches a trigger off. What else not every door may write
each app's part says (`guarded`), and of which rows (`sheltered`)."""

from collections.abc import Iterator

from django.db import connection, transaction

from portal.parts import Part, parts

DOORS = ("public", "desk", "worker", "signer")


def role(door: str) -> str:
    return f"portal_{door}"


@transaction.atomic
def grant_all() -> bool:
    """After the migrations. False where the roles are missing and whoever prepares may not make them."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[role(door) for door in DOORS]])
        missing = {role(door) for door in DOORS} - {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if missing and not cursor.fetchone()[0]:
            return False
        for statement in (*(made_once(name) for name in sorted(missing)), *statements()):
            cursor.execute(statement)
    return True


def made_once(name: str) -> str:
    """Roles are the server's, not the database's: another database may be prepared beside this one."""
    return (
        f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def statements() -> Iterator[str]:
    everyone = ", ".join(role(door) for door in DOORS)
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {everyone}, PUBLIC"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {everyone}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {everyone}"
    for part in parts(Part):
        for table, rights in part.guarded.items():
            yield f"REVOKE ALL ON {table} FROM {everyone}"
            for door in DOORS:
                yield f"GRANT {rights.get(door, rights.get('', 'SELECT'))} ON {table} TO {role(door)}"
        for table, rows in part.sheltered.items():
            yield from shelter(table, rows)


def shelter(table: str, rows: str) -> Iterator[str]:
    """All is read by all; of the rest the public's door writes these rows only."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    others = ", ".join(role(door) for door in DOORS if door != "public")
    for name, rule in {
        "seen": "FOR SELECT TO PUBLIC USING (true)",
        "others": f"FOR ALL TO {others} USING (true)",
        "insert": f"FOR INSERT TO {role('public')} WITH CHECK ({rows})",
        "update": f"FOR UPDATE TO {role('public')} USING ({rows}) WITH CHECK ({rows})",
        "delete": f"FOR DELETE TO {role('public')} USING ({rows})",
    }.items():
        yield f"DROP POLICY IF EXISTS {table}_{name} ON {table}"
        yield f"CREATE POLICY {table}_{name} ON {table} {rule}"
