"""What was sent and what was done: messages and the audit trail. Codes are nowhere."""

import csv
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import audit, looks, outbox, sealing, writing
from portal.accounts import roles
from portal.accounts.opening import known_by
from portal.accounts.roles import ROLES
from portal.admin.screens import NamedFilter, PeriodFilter, ReadOnly, SealedSearch
from portal.allowances import Limit
from portal.audit import reading
from portal.audit.record import RESULTS
from portal.models import Event, Failure, Message

MOST, EXPORTS = 10_000, Limit("trail exports", 20, timedelta(days=1))
WORDS: dict[str, Any] = {name: role.label for name, role in ROLES.items()}


class VerbFilter(NamedFilter):
    title, parameter_name = _("việc"), "verb"

    def names(self) -> Mapping[str, Any]:
        return audit.verbs()


class ResultFilter(NamedFilter):
    title, parameter_name = _("kết quả"), "result"

    def names(self) -> Mapping[str, Any]:
        return RESULTS


class Sent(PeriodFilter):
    field = "created_at"


class Done(PeriodFilter):
    field = "at"


@admin.register(Message)
class MessageAdmin(SealedSearch, ReadOnly):
    searched = "messages searched"
    list_display = ("created_at", "channel", "template", "masked", "about", "state", "attempts", "error")
    list_filter = (Sent, "status", "channel", "template")
    search_fields = ("about",)
    search_help_text = _("Số điện thoại, email hoặc mã hồ sơ, chính xác")
    fields = (
        "about",
        "template",
        "language",
        "channel",
        "masked",
        "status",
        "attempts",
        "error",
        "due_at",
        "created_at",
        "sent_at",
        "provider_id",
    )
    ordering = ("-created_at",)
    actions = ("resend",)

    def known_by(self, term: str) -> Q:
        addresses = [("phone", writing.mobile(term)), ("email", writing.email(term).lower())]
        indexes = [sealing.blind_index(kind, address) for kind, address in addresses if address]
        return Q(recipient_index__in=indexes) | Q(about__in=sorted(reading.about(term)))

    @admin.display(description=_("Trạng thái"))
    def state(self, message: Message) -> str:
        return format_html('<span class="state state-{}">{}</span>', message.status, message.get_status_display())

    @admin.action(description=_("Gửi lại các tin đã ngừng thử"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        again = outbox.resend(queryset)
        audit.record("messages resent", count=again)
        text = ngettext("%(count)d tin sẽ được gửi lại.", "%(count)d tin sẽ được gửi lại.", again) % {"count": again}
        self.message_user(request, text, messages.SUCCESS if again else messages.WARNING)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_message")


@admin.register(Event)
class EventAdmin(SealedSearch, ReadOnly):
    searched = "trail searched"
    change_list_template = "admin/trail.html"
    list_display = ("at", "who", "whose", "what", "about", "values", "outcome", "place")
    list_filter = (Done, VerbFilter, ResultFilter)
    list_select_related = ("actor",)
    search_fields = ("about",)
    search_help_text = _(
        "Số giấy tờ, số điện thoại, email, mã hồ sơ, mã yêu cầu hoặc đối tượng (ví dụ user:12), chính xác"
    )
    fields = ("at", "who", "whose", "branch", "what", "about", "values", "outcome", "place", "request_id", "seal")
    ordering = ("-at", "-id")
    COLUMNS = ("at", "who", "whose", "branch", "what", "about", "values", "outcome", "place", "request_id")

    def known_by(self, term: str) -> Q:
        return reading.concerning(term, known_by(term))

    def get_urls(self) -> list[Any]:
        return [
            path("export/", self.admin_site.admin_view(self.export), name="portal_event_export"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest) -> HttpResponse:
        """What the list shows, filtered and sought as it is, in the words of whoever takes it away; that is on the record."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        EXPORTS.require(str(request.user.pk), _("Hôm nay đã xuất nhật ký 20 lần. Vui lòng thử lại vào ngày mai."))
        rows = list(self.get_changelist_instance(request).get_queryset(request)[:MOST])
        audit.record("trail exported", count=len(rows), fields=sorted(set(request.GET) - {"p", "o"}))
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # by which spreadsheets know UTF-8
        response["Content-Disposition"] = f'attachment; filename="nhat-ky-{timezone.localdate():%Y%m%d}.csv"'
        sheet = csv.writer(response)
        sheet.writerow([str(label_for_field(column, Event, self)) for column in self.COLUMNS])
        columns = [self.legible(column) for column in self.COLUMNS]
        for event in rows:
            sheet.writerow([reading.csv_cell(self.cell(event, column)) for column in columns])
        return response

    def cell(self, event: Event, column: Any) -> str:
        if column == "at":
            return f"{timezone.localtime(event.at):%d/%m/%Y %H:%M:%S}"
        if getattr(column, "__name__", "") == "values":
            return "; ".join(reading.lines(event, WORDS))
        return str(column(event) if callable(column) else getattr(event, column))

    @admin.display(description=_("Ai"), ordering="actor")
    def who(self, event: Event) -> str:
        """Staff by name; of a customer the number of the account."""
        if event.actor is None:
            return "–"
        actor = event.actor
        return str(looks.legible(lambda: actor.full_name, actor) if actor.is_staff else actor)

    @admin.display(description=_("Nội dung"))
    def values(self, event: Event) -> str:
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in reading.lines(event, WORDS)))

    @admin.display(description=_("Vai trò"))
    def whose(self, event: Event) -> str:
        return roles.labels(event.role.split(","))

    @admin.display(description=_("Việc"))
    def what(self, event: Event) -> str:
        return str(audit.verbs().get(event.verb, event.verb))

    @admin.display(description=_("Kết quả"))
    def outcome(self, event: Event) -> str:
        return str(RESULTS.get(event.result, event.result))


@admin.register(Failure)
class FailureAdmin(ReadOnly):
    list_display = ("job", "row", "reason", "times", "since", "at")
    ordering = ("-at",)
