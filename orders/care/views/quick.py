"""The quick form of sales: a phone, a reason, a moment (A8)."""

from __future__ import annotations

import time
from urllib.parse import urlencode
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ordercenter.core.actor import Actor
from ordercenter.core.errors import DomainError, TwinRunning
from ordercenter.core.idempotency import claim, fingerprint, store
from ordercenter.core.pages import only_for
from orders.care.actions import UrgentWish, report_urgent
from orders.care.forms import QuickForm
from orders.care.selectors import open_orders_of_phone
from orders.care.views.common import own_files_only, staff
from orders.models import Order, UrgentReason

# A finger that taps twice waits for its first tap.
_TWIN_TRIES = 20
_TWIN_SECONDS = 0.15
NO_ORDER = "none"


@only_for("orders.place_order")
@own_files_only
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Ask; show the customer's open orders; report the chosen one as urgent."""
    if request.method == "GET":
        context = {"form": QuickForm(), "key": uuid4().hex, "done": request.GET.get("done", "")}
        return render(request, "care/quick.html", context)
    key = request.POST.get("key", "")[:64] or uuid4().hex
    form = QuickForm(request.POST)
    if not form.is_valid() or "again" in request.POST:
        return render(request, "care/quick.html", {"form": form, "key": key}, status=_status(form))
    wish = _wish(form)
    choice = request.POST.get("order", "")
    if not choice:
        return _choose(request, form, wish, key)
    try:
        number = _report_once(key, wish, choice, staff(request))
    except DomainError as refusal:
        return _choose(request, form, wish, key, complaint=str(refusal))
    return redirect(f"{reverse('quick:form')}?{urlencode({'done': number})}")


def _status(form: QuickForm) -> int:
    return 200 if form.is_valid() else 422


def _wish(form: QuickForm) -> UrgentWish:
    values = form.cleaned_data
    return UrgentWish(
        phone=values["phone"],
        reason=UrgentReason(values["reason"]),
        wanted_by=values["wanted_by"],
        note=values["note"].strip(),
    )


def _choose(
    request: HttpRequest, form: QuickForm, wish: UrgentWish, key: str, complaint: str = ""
) -> HttpResponse:
    orders: list[Order] = open_orders_of_phone(wish.phone)
    context = {
        "form": form,
        "orders": orders,
        "key": key,
        "complaint": complaint,
        "none": NO_ORDER,
        "reason": wish.reason.label,
        "wish": wish,
    }
    return render(request, "care/quick_choose.html", context, status=409 if complaint else 200)


def _report_once(key: str, wish: UrgentWish, choice: str, actor: Actor) -> str:
    """The number of the urgent order; the same key reports once, however often it is sent."""
    credential = f"quick-order:{actor.id}"
    mark = fingerprint(wish.phone, wish.reason, wish.wanted_by, wish.note, choice)
    for _attempt in range(_TWIN_TRIES):
        try:
            with transaction.atomic():
                known = claim(credential, key, mark)
                if known is not None:
                    return str(known.body)
                order = report_urgent(wish, order_id=_order_id(choice), actor=actor)
                store(credential, key, mark, status=201, body=order.number)
                return order.number
        except TwinRunning:
            time.sleep(_TWIN_SECONDS)
    raise TwinRunning(_("This is being sent already. Look at the board in a moment."), key=key)


def _order_id(choice: str) -> int | None:
    if choice == NO_ORDER:
        return None
    return int(choice) if choice.isascii() and choice.isdigit() and len(choice) < 16 else 0
