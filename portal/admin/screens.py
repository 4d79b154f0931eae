"""What every screen of staff's side stands on: what it filters by, how it is searched, that it is read only."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property

from portal import audit, sealing, writing


class NamedFilter(admin.SimpleListFilter):
    """A filter by code that shows words."""

    def names(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, label in self.names().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


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
    paginator = Capped

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return any(self.offers(filtered, lookup) for filtered in self.get_list_filter(request))

    def offers(self, filtered: Any, lookup: str) -> bool:
        if isinstance(filtered, str):  # the forms in which Django's own filters ask, and no way on to other tables
            return lookup in (filtered, *(f"{filtered}__{how}" for how in ("exact", "id__exact", "isnull")))
        return bool(lookup == filtered.parameter_name)


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
