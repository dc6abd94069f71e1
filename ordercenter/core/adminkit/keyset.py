"""Lists that stay quick at a million rows: no OFFSET, no exact count, tabs with capped counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from ordercenter.core.adminkit.counts import as_badge, capped_count, kept_counts

TAB_VAR = "tab"
# Narrows a list to the rows behind a number.
BEHIND_VAR = "behind"
# Beyond this the list says "10,000+" and stops counting.
COUNT_CAP = 10_000
MOST_ON_TOP = 50
# What a search finds lies scattered; counting it costs more than finding it.
SEARCH_CAP = 1_000
OLDER, NEWER, LAST = "older", "newer", "last"


@dataclass(frozen=True, slots=True)
class Tab:
    """A named part of a list. `rows` narrows the queryset; `counted` puts a number on the tab.

    `on_top` picks and sorts the rows that stand above all others, whenever they were made.
    """

    key: str
    title: str | Promise
    rows: Callable[[QuerySet[Any], HttpRequest], QuerySet[Any]]
    counted: bool = True
    urgent: bool = False
    # Tabs that show each person something else are counted for each person.
    personal: bool = False
    on_top: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None


# The last tab of most lists.
EVERYTHING = Tab("all", _("All"), lambda rows, request: rows, counted=False)


def rows_in(*states: str) -> Callable[[QuerySet[Any], HttpRequest], QuerySet[Any]]:
    """The rows of a tab that shows these states."""
    return lambda rows, request: rows.filter(state__in=states)


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a number; `says` names the number above the list."""

    rows: Callable[[QuerySet[Any]], QuerySet[Any]]
    says: str


FindBehind = Callable[[type[Model], str], Behind | None]
_find_behind: list[FindBehind] = []


def narrows_lists(find: FindBehind) -> FindBehind:
    """Let a room above say which rows of a model `behind=…` in a list's address means.

    The function answers None for what it does not know.
    """
    _find_behind.append(find)
    return find


@dataclass(frozen=True, slots=True)
class ShownTab:
    title: str | Promise
    url: str
    count: str
    is_active: bool
    urgent: bool


class KeysetPages:
    """Stands where Django expects a paginator; the template shows first, newer, older."""

    template_name = "admin/kit/pages.html"
    num_pages = 1

    def __init__(self, per_page: int) -> None:
        self.per_page = per_page
        self.first = self.newer = self.older = ""
        self.count_text = ""

    def get_elided_page_range(self, *args: Any, **kwargs: Any) -> list[int]:
        return []


class KeysetChangeList(ChangeList):
    """Newest first by primary key; a page begins behind a row, not behind a number of rows.

    The place is written `p=older-123` (rows below 123) or `p=newer-123`. A search looks at all
    rows, whatever tab is open. What a tab has on top stands on its first page and nowhere else.
    """

    tab: Tab | None = None
    behind: Behind | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str] | None = None
    ) -> QuerySet[Any]:
        self.filter_params.pop(ORDER_VAR, None)
        self.params.pop(ORDER_VAR, None)
        tabs: Sequence[Tab] = getattr(self.model_admin, "tabs", ())
        wanted = request.GET.get(TAB_VAR, "")
        if tabs and not self.query:
            self.tab = next((tab for tab in tabs if tab.key == wanted), tabs[-1])
        rows = super().get_queryset(request, exclude_parameters)
        if self.tab:
            rows = self.tab.rows(rows, request)
        self.behind = self._behind(request.GET.get(BEHIND_VAR, ""))
        return self.behind.rows(rows) if self.behind else rows

    def _behind(self, text: str) -> Behind | None:
        """What the list is narrowed to. What nobody knows is refused: all rows would be wrong."""
        if not text or self.query:
            return None
        found = (find(self.model, text) for find in _find_behind)
        behind = next((one for one in found if one is not None), None)
        if behind is None:
            raise IncorrectLookupParameters
        return behind

    @property
    def all_rows_url(self) -> str:
        """The same list, not narrowed to what is behind a number."""
        return str(self.get_query_string({}, [BEHIND_VAR, PAGE_VAR]))

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(TAB_VAR, None)
        found.pop(BEHIND_VAR, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        on_top = self._on_top()
        rows = self.queryset.order_by("-pk")
        if on_top:
            rows = rows.exclude(pk__in=[row.pk for row in on_top])
        way, _dash, place = request.GET.get(PAGE_VAR, "").partition("-")
        is_number = place.isascii() and place.isdigit() and len(place) < 19
        pk = int(place) if is_number else None
        pages = KeysetPages(self.list_per_page)
        found, has_newer, has_older = self._page(rows, way, pk)
        self._link(pages, found, has_newer, has_older)
        if not has_newer:
            found = [*on_top, *found]
        self._count(pages, found, has_newer or has_older)
        self.result_list = self.model_admin.dress(request, found)
        self.paginator = pages
        self.can_show_all = self.multi_page = False
        self.show_admin_actions = self.show_full_result_count = False

    def _on_top(self) -> list[Any]:
        if self.tab is None or self.tab.on_top is None or self.query:
            return []
        return list(self.tab.on_top(self.queryset)[:MOST_ON_TOP])

    def _page(self, rows: QuerySet[Any], way: str, pk: int | None) -> tuple[list[Any], bool, bool]:
        """The rows of the page, whether newer ones exist, whether older ones exist."""
        limit = self.list_per_page + 1
        if way == NEWER and pk is not None:
            found = list(rows.order_by("pk").filter(pk__gt=pk)[:limit])
            has_newer = len(found) == limit
            return found[: self.list_per_page][::-1], has_newer, True
        is_first = way != OLDER or pk is None
        found = list((rows if is_first else rows.filter(pk__lt=pk))[:limit])
        return found[: self.list_per_page], not is_first, len(found) == limit

    def _link(self, pages: KeysetPages, found: list[Any], has_newer: bool, has_older: bool) -> None:
        if has_newer:
            pages.first = self.get_query_string({}, [PAGE_VAR])
        if found and has_newer:
            pages.newer = self.get_query_string({PAGE_VAR: f"{NEWER}-{found[0].pk}"})
        if found and has_older:
            pages.older = self.get_query_string({PAGE_VAR: f"{OLDER}-{found[-1].pk}"})

    def _count(self, pages: KeysetPages, found: list[Any], has_more: bool) -> None:
        cap = SEARCH_CAP if self.query else COUNT_CAP
        count = capped_count(self.queryset, cap) if has_more else len(found)
        pages.count_text = f"{cap:,}+" if count > cap else f"{count:,}"
        self.result_count = self.full_result_count = min(count, cap)

    def shown_tabs(self, request: HttpRequest) -> list[ShownTab]:
        """The tabs with links and counts (at most half a minute old)."""
        tabs: Sequence[Tab] = getattr(self.model_admin, "tabs", ())
        counts = self._tab_counts(tabs, request)
        return [
            ShownTab(
                title=tab.title,
                url=self.get_query_string({TAB_VAR: tab.key}, [PAGE_VAR, SEARCH_VAR]),
                count=as_badge(counts.get(tab.key, 0)),
                is_active=tab is (self.tab or tabs[-1]),
                urgent=tab.urgent,
            )
            for tab in tabs
        ]

    def _tab_counts(self, tabs: Sequence[Tab], request: HttpRequest) -> dict[str, int]:
        rows = self.model._default_manager.all()
        counted = {self._count_key(tab, request): tab for tab in tabs if tab.counted}
        found = kept_counts({key: partial(tab.rows, rows, request) for key, tab in counted.items()})
        return {counted[key].key: count for key, count in found.items()}

    def _count_key(self, tab: Tab, request: HttpRequest) -> str:
        who = f":{request.user.pk}" if tab.personal else ""
        return f"{self.opts.label_lower}:{tab.key}{who}"


class KeysetList:
    """Mixin for a model admin whose list is a `KeysetChangeList`.

    `tabs` are shown above the list, the last one is where a person lands. `search` takes the
    search text and answers a queryset; None uses `search_fields` as ever.
    """

    list_before_template = "admin/kit/list_head.html"
    list_per_page = 30
    show_full_result_count = False
    sortable_by: Sequence[str] = ()
    ordering: Sequence[str] = ("-pk",)
    tabs: Sequence[Tab] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def dress(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Hang on the rows what the list shows of other tables, with a fixed number of queries."""
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        answer = super().changelist_view(request, extra_context)  # type: ignore[misc]
        context = getattr(answer, "context_data", None)
        if context and "cl" in context:
            context["tabs"] = context["cl"].shown_tabs(request)
        return answer
