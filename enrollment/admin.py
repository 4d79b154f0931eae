from django.contrib import admin

from enrollment.models import Plan
from portal.admin import Desk


@admin.register(Plan)
class PlanAdmin(Desk):
    list_display = ("name", "kind", "months", "price", "sold_from", "sold_until")
    list_filter = ("kind",)
    search_fields = ("name", "code")
