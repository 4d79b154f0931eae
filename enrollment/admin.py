from django.contrib import admin

from enrollment.models import Plan


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    list_display = ("name", "kind", "months", "price", "sold_from", "sold_until")
    list_filter = ("kind",)
    search_fields = ("name", "code")
