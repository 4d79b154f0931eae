"""The first page of everybody of staff: what waits for them, and where to look things up. No list of models."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal import handbook, waits
from portal.accounts import roles
from portal.allowances import Limit
from portal.models import User
from portal.parts import WELL
from portal.waking import Waker

CHECKS = Limit("trail verifications", 5, roles.HOURS)
verify_soon = Waker("portal.tasks.verify_audit")


class Site(admin.AdminSite):
    site_header = site_title = "VNPT SmartCA"
    index_title = _("Việc chờ bạn")
    index_template = "admin/home.html"
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("handbook/", self.admin_view(self.handbook), name="handbook"),
            path("verify/", self.admin_view(require_POST(self.verify)), name="verify"),
        ]
        return [*own, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, "records": self.records(context["available_apps"])}

    def records(self, available: list[Any]) -> list[tuple[Any, str]]:
        """The lists that this person may read, by the names that people give them."""
        return [
            (title, f"{model['admin_url']}{query}")
            for app in available
            for model in app["models"]
            if model["admin_url"]
            for title, query in getattr(self.get_model_admin(model["model"]), "lists", ((model["name"], ""),))
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        user = request.user
        assert isinstance(user, User)
        rows = waits.waiting_for(user)
        known = {
            "waiting": [row for row in rows if row.haste != WELL],
            "well": [row for row in rows if row.haste == WELL],
            "role": roles.labels(user.roles),
            "may_verify": bool(waits.READS_TRAIL & set(user.roles)),
            "searches_trail": user.has_perm("portal.view_event"),
        }
        return super().index(request, {**known, **(extra_context or {})})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """An app is a word of ours; whoever types its address is led home."""
        return redirect("admin:index")

    def handbook(self, request: HttpRequest) -> HttpResponse:
        known = {**self.each_context(request), "title": _("Sổ tay vận hành"), "handbook": handbook.page()}
        return render(request, "admin/handbook.html", known)

    def verify(self, request: HttpRequest) -> HttpResponse:
        """By a worker, where the anchor is; the outcome stands in the trail, and on the home."""
        user = request.user
        assert isinstance(user, User)
        if not waits.READS_TRAIL & set(user.roles):
            raise PermissionDenied
        CHECKS.require(str(user.pk), _("Nhật ký vừa được kiểm tra nhiều lần. Vui lòng chờ rồi thử lại."))
        verify_soon.wake()
        messages.info(request, _("Đang kiểm tra từng sự kiện; kết quả hiện ở đây sau ít phút."))
        return redirect("admin:index")
