"""Staff's side: accounts, branches, messages, the audit trail. Numbers are masked, codes are nowhere."""

from django.contrib import admin
from django.contrib.auth.models import Group

from portal.admin import changes, people, trail
from portal.admin.screens import Capped, Desk, Proposing, ReadOnly, SealedSearch, money

__all__ = ["Capped", "Desk", "Proposing", "ReadOnly", "SealedSearch", "changes", "money", "people", "trail"]

admin.site.unregister(Group)  # roles are the table in accounts/roles.py
