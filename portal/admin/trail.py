"""What was sent and what was done: messages and the audit trail. Codes are nowhere."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import audit, outbox
from portal.accounts import roles
from portal.admin.screens import NamedFilter, ReadOnly
from portal.audit.record import RESULTS
from portal.models import Event, Failure, Message


class VerbFilter(NamedFilter):
    title, parameter_name = _("việc"), "verb"

    def names(self) -> Mapping[str, Any]:
        return audit.verbs()


class ResultFilter(NamedFilter):
    title, parameter_name = _("kết quả"), "result"

    def names(self) -> Mapping[str, Any]:
        return RESULTS


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("created_at", "channel", "template", "masked", "state", "attempts", "error")
    list_filter = ("status", "channel", "template")
    fields = (
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
class EventAdmin(ReadOnly):
    list_display = ("at", "actor", "whose", "what", "about", "outcome", "place")
    list_filter = (VerbFilter, ResultFilter)
    search_fields = ("about__exact", "verb__exact")
    search_help_text = _("Việc hoặc đối tượng, chính xác (ví dụ user:12)")
    fields = ("at", "actor", "whose", "branch", "what", "about", "outcome", "place", "request_id", "details", "seal")
    ordering = ("-id",)

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
