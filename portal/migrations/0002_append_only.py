"""The database itself refuses to change the audit trail, on both engines."""

from django.db import migrations

from portal.migrations import _append_only


def guard(apps, editor):
    _append_only.guard(editor.execute, editor.connection.vendor)


def unguard(apps, editor):
    _append_only.unguard(editor.execute, editor.connection.vendor)


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
