"""The orders that a person's list shows, found again from the list's address."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ordercenter.core.models import User
from orders.models import Order


def orders_of_list(query: str, user: User) -> QuerySet[Order]:
    """What the order list shows this person for the query string: tab, filters, search; all pages.

    A query string that the list can't read shows what the list itself would: all of the tab.
    """
    request = HttpRequest()
    request.method = "GET"
    values = QueryDict(query, mutable=True)
    values.pop(PAGE_VAR, None)
    request.GET = QueryDict(values.urlencode())
    request.user = user
    orders_admin: Any = admin.site.get_model_admin(Order)
    rows: QuerySet[Order] = orders_admin.get_changelist_instance(request).queryset
    return Order.objects.filter(pk__in=rows.order_by().values("pk"))
