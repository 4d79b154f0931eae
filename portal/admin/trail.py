"""What was sent and what was done: messages and the audit trail. Codes are nowhere."""

import csv
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import audit, naming, outbox, sealing, sheets, writing
from portal.accounts import roles
from portal.accounts.opening import known_by
from portal.accounts.roles import ROLES
from portal.admin.screens import NamedFilter, PeriodFilter, ReadOnly, SealedSearch
from portal.allowances import Limit
from portal.audit import reading
from portal.audit.record import RESULTS
from portal.models import Event, Failure, Message, User
from portal.parts import Part, PartConfig, parts

MOST, EXPORTS = 10_000, Limit("trail exports", 20, timedelta(days=1))
WORDS: dict[str, Any] = {name: role.label for name, role in ROLES.items()}


def messages_in_words() -> dict[str, Any]:
    return {template: words for part in parts(Part) for template, words in part.messages.items()}


class VerbFilter(NamedFilter):
    """Under the part of the house that does it."""

    title, parameter_name = _("việc"), "verb"

    @cached_property
    def groups(self) -> dict[str, str]:
        configs = (config for config in apps.get_app_configs() if isinstance(config, PartConfig))
        return {verb: str(config.verbose_name) for config in configs for verb in config.part.verbs}

    def names(self) -> Mapping[str, Any]:
        verbs = audit.verbs()
        return {verb: verbs[verb] for verb in self.groups}

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, *others = super().choices(changelist)
        yield every
        for choice, group in zip(others, self.groups.values(), strict=True):
            yield {**choice, "group": group}


class MessageFilter(NamedFilter):
    title, parameter_name = _("tin nhắn"), "template"

    def names(self) -> Mapping[str, Any]:
        return messages_in_words()


class ResultFilter(NamedFilter):
    title, parameter_name = _("kết quả"), "result"

    def names(self) -> Mapping[str, Any]:
        return RESULTS


class Sent(PeriodFilter):
    field = "created_at"


class Done(PeriodFilter):
    field = "at"


class Named(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = naming.name(list(self.result_list), reader_of(request))


def reader_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


class About(ReadOnly):
    """Rows about somebody or something, which they name."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return Named

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        return naming.name([row], reader_of(request))[0] if row else None

    @admin.display(description=_("Về"), ordering="about")
    def subject(self, row: Any) -> str:
        return str(row.subject.link)


@admin.register(Message)
class MessageAdmin(SealedSearch, About):
    searched = "messages searched"
    list_display = ("created_at", "channel", "what", "masked", "subject", "state", "attempts", "error")
    list_display_links = ("created_at", "what")
    list_filter = (Sent, "status", "channel", MessageFilter)
    search_fields = ("about",)
    search_help_text = _("Số điện thoại, email hoặc mã hồ sơ, chính xác")
    fields = (
        "subject",
        "what",
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

    def titled(self, row: Message) -> str:
        return self.what(row)

    def known_by(self, term: str) -> Q:
        addresses = [("phone", writing.mobile(term)), ("email", writing.email(term).lower())]
        indexes = [sealing.blind_index(kind, address) for kind, address in addresses if address]
        return Q(recipient_index__in=indexes) | Q(about__in=sorted(reading.about(term)))

    @admin.display(description=_("Tin nhắn"))
    def what(self, message: Message) -> str:
        return str(messages_in_words().get(message.template, message.template))

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
class EventAdmin(SealedSearch, About):
    searched = "trail searched"
    change_list_template = "admin/trail.html"
    list_display = ("at", "who", "whose", "what", "subject", "values", "outcome", "place")
    list_display_links = ("at",)
    list_filter = (Done, VerbFilter, ResultFilter)
    list_select_related = ("actor",)
    search_fields = ("about",)
    search_help_text = _("Số giấy tờ, số điện thoại, email, mã hồ sơ hoặc mã yêu cầu, chính xác")
    fields = ("at", "who", "whose", "branch", "what", "subject", "values", "outcome", "place", "request_id", "seal")
    ordering = ("-at", "-id")
    COLUMNS = ("at", "who", "whose", "branch", "what", "subject", "about", "values", "outcome", "place", "request_id")

    def titled(self, row: Event) -> str:
        return self.what(row)

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
        events = list(self.get_changelist_instance(request).get_queryset(request)[:MOST])
        rows = naming.name(events, reader_of(request))
        audit.record("trail exported", count=len(rows), fields=sorted(set(request.GET) - {"p", "o"}))
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # by which spreadsheets know UTF-8
        response["Content-Disposition"] = f'attachment; filename="nhat-ky-{timezone.localdate():%Y%m%d}.csv"'
        sheet = csv.writer(response)
        sheet.writerow([str(label_for_field(column, Event, self)) for column in self.COLUMNS])
        columns = [self.legible(column) for column in self.COLUMNS]
        for event in rows:
            sheet.writerow([sheets.text(self.cell(event, column)) for column in columns])
        return response

    def cell(self, event: Event, column: Any) -> str:
        if column == "at":
            return f"{timezone.localtime(event.at):%d/%m/%Y %H:%M:%S}"
        if getattr(column, "__name__", "") == "subject":
            return str(event.subject.words)  # type: ignore[attr-defined]  # by naming.name()
        if getattr(column, "__name__", "") == "values":
            return "; ".join(reading.lines(event, WORDS))
        return str(column(event) if callable(column) else getattr(event, column))

    @admin.display(description=_("Ai"), ordering="actor")
    def who(self, event: Event) -> str:
        return naming.person(event.actor) if event.actor else "–"

    @admin.display(description=_("Chi tiết"))
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
    """The job is named as the log line names it."""

    list_display = ("job", "subject", "reason", "times", "since", "at")
    fields = list_display
    ordering = ("-at",)

    @admin.display(description=_("Về"))
    def subject(self, failure: Failure) -> str:
        return naming.words_of(failure.row)
