"""What every screen of staff's side stands on: what it filters by, how it is searched, that it is read only."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portal import audit, looks, sealing, writing
from portal.models import Change, User
from portal.parts import NOTHING
from portal.refusals import Refusal


def money(amount: int) -> str:
    """As the page's language groups it."""
    return f"{number_format(amount, force_grouping=True)} đ"


def said(answer: bool | None) -> str:
    """In words: Django's own pictures of it are called True and False."""
    return NOTHING if answer is None else str(_("có") if answer else _("không"))


def day(typed: Any) -> date | None:
    """As people write it here, day first."""
    with suppress(ValueError):
        return datetime.strptime(str(typed).strip(), "%d/%m/%Y").date()  # noqa: DTZ007  # a day has no zone
    return None


class NamedFilter(admin.SimpleListFilter):
    """A filter by code that shows words."""

    def names(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, label in self.names().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class PeriodFilter(admin.ListFilter):
    """From a day to a day, both within."""

    title, template, parameter_name = _("thời gian"), "admin/period_filter.html", ""
    days = ("from_day", "to_day")
    field: ClassVar[str]

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.others = [(name, texts[-1]) for name, texts in params.items() if name not in (*self.days, "p", "o")]
        self.used_parameters |= {name: params.pop(name)[-1] for name in self.days if name in params}

    def expected_parameters(self) -> list[str | None]:
        return list(self.days)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Any:
        typed = self.used_parameters.values()
        yield {
            "days": self.used_parameters,
            "others": self.others,
            "wrong": any(text and not day(text) for text in typed),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for name, how, later in (("from_day", "gte", 0), ("to_day", "lt", 1)):
            if asked := day(self.used_parameters.get(name, "")):
                asked = min(max(asked, date(2000, 1, 1)), date(2200, 1, 1))  # no clock of ours says more
                moment = timezone.make_aware(datetime.combine(asked + timedelta(days=later), time.min))
                queryset = queryset.filter(**{f"{self.field}__{how}": moment})
        return queryset


class Capped(Paginator[Any]):
    """Counts no further than a person would page: the millionth row costs no look at the others."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST].count())


class Desk(admin.ModelAdmin[Any]):
    """Our screens filter by what they offer and by nothing else: not by a password's or a sealed column's first letter."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count every row
    paginator = Capped

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Called as the menu calls it, not "select a … to change"."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id else None
        title = {"title": capfirst(self.titled(row))} if row else {}
        return super().changeform_view(request, object_id, form_url, {**title, **(extra_context or {})})

    def titled(self, row: Any) -> str:
        return f"{self.opts.verbose_name} {row}"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A choice is a choice: no windows that open over the page to add to it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self.legible(str(column)) for column in super().get_list_display(request)]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = super().get_list_display_links(request, list_display) or ()
        return [column for column in list_display if column in links or getattr(column, "__name__", "") in links]

    def legible(self, column: str) -> Any:
        """A column that marks what does not open; a plain field stays itself, and so sorts."""
        own: Any = getattr(self, column, None)
        plain = {field.name for field in self.opts.get_fields() if not isinstance(field, sealing.SealedField)}
        if column in plain:
            return column

        def shown(row: Any) -> Any:
            return looks.legible(lambda: own(row) if own else getattr(row, column), row)

        shown.__dict__.update(getattr(own, "__dict__", {}))
        shown.__name__ = column
        return admin.display(description=str(label_for_field(column, self.model, self)))(shown)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return any(self.offers(filtered, lookup) for filtered in self.get_list_filter(request))

    def offers(self, filtered: Any, lookup: str) -> bool:
        if isinstance(filtered, str):  # the forms in which Django's own filters ask, and no way on to other tables
            return lookup in (filtered, *(f"{filtered}__{how}" for how in ("exact", "id__exact", "isnull")))
        return lookup in getattr(filtered, "days", (filtered.parameter_name,))


class SealedSearch(Desk):
    """A search for exact numbers: they travel in the body, and in the address as sealed text only."""

    sealed_search = True
    PLACE = "admin search"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if (
            request.method == "POST"
            and "action" not in request.POST
            and (term := writing.line(request.POST.get("q", "")))
        ):
            asked = request.GET.copy()
            asked.pop("p", None)
            asked["q"] = sealing.seal(term[:200].encode(), self.PLACE)
            return redirect(f"{request.path}?{asked.urlencode()}")
        return super().changelist_view(request, extra_context)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        if not search_term:
            return queryset, False
        audit.record(self.searched)
        with suppress(sealing.Broken):  # typed into the address by hand
            search_term = sealing.unseal(search_term, self.PLACE).decode()
        return queryset.filter(self.known_by(search_term)), False

    searched: ClassVar[str]

    def known_by(self, term: str) -> Q:
        raise NotImplementedError


class ReadOnly(Desk):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Proposing(Desk):
    """A form whose values go to a second person (changes.py): nothing is saved before that one has confirmed it."""

    change_form_template = "admin/proposal_form.html"

    def propose(self, obj: Any, form: Any, by: User) -> Change:
        """By changes.propose; `obj` has no key where it is to be opened."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        try:
            self.propose(obj, form, request.user)
        except Refusal as no:
            self.message_user(request, no.message, messages.ERROR)
        else:
            self.message_user(request, _("Đã gửi cho người thứ hai xác nhận."), messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing of it is saved here."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing was added yet; that it was proposed stands in the trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nor changed."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:portal_change_changelist")

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return redirect("admin:portal_change_changelist")
