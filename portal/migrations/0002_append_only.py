"""The database itself refuses to change the audit trail, on both engines."""

from django.db import migrations

from portal import audit


def guard(apps, editor):
    audit.guard(editor.execute, editor.connection.vendor)


def unguard(apps, editor):
    audit.unguard(editor.execute, editor.connection.vendor)


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
