"""The scan page. It keeps nothing: counts live on the shipment, every step is an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ordercenter.core.actor import Actor
from ordercenter.core.errors import ChangedMeanwhile, DomainError, WrongState
from ordercenter.core.pages import inline_pdf, only_for, posted_number
from ordercenter.core.visitors import person_of
from orders.fulfilment import scan
from orders.fulfilment.actions import (
    dispatch_shipment,
    pack_shipment,
    print_label,
    release_shipment,
    scan_item,
    set_carrier,
    unpack_shipment,
    void_label,
)
from orders.fulfilment.actions.pick import matching_lines
from orders.fulfilment.labels import draw_label
from orders.fulfilment.models import Shipment

Step = Callable[[HttpRequest, Shipment, Actor], str]

for_packers = only_for("fulfilment.pack_shipment")


@for_packers
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Today's parcels by area; with `q` the parcel that was scanned."""
    code = request.GET.get("q", "").strip()
    found = scan.find(code)
    live = [shipment for shipment in found if shipment.is_live] or found
    if len(live) == 1:
        return redirect(_card_url(live[0].number))
    if code and not live:
        messages.error(
            request,
            _("Nothing here is called “%(code)s”. Scan an order, shipment or waybill number.")
            % {"code": code[:64]},
        )
    areas = [] if live else scan.areas(person_of(request, via="scan"))
    context = {"areas": areas, "found": live}
    return render(request, "fulfilment/home.html", context)


@for_packers
@require_GET
def card(request: HttpRequest, number: str) -> HttpResponse:
    """One parcel: notes first, then the goods, then the next step."""
    shown = scan.card_of(_shipment(number), request.GET.get("read", ""))
    context = {"card": shown, "open_label": "print" in request.GET}
    return render(request, "fulfilment/card.html", context)


@for_packers
@require_GET
def label(request: HttpRequest, number: str) -> HttpResponse:
    """The printed label once more, for looking at; printing itself is a step."""
    shipment = _shipment(number)
    if shipment.label_printed_at is None:
        raise Http404
    return inline_pdf(draw_label(shipment), shipment.number)


@for_packers
@require_POST
def step(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Do one step with the version the page showed, then show the card again."""
    take = STEPS.get(verb)
    if take is None:
        raise Http404
    shipment = _shipment(number)
    try:
        goes_to = take(request, shipment, person_of(request, via="scan"))
    except ChangedMeanwhile as refusal:
        messages.error(request, _changed_text(request, shipment, refusal))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        return redirect(goes_to)
    return redirect(_here(request, shipment))


def _changed_text(request: HttpRequest, shipment: Shipment, refusal: DomainError) -> str:
    try:
        after = int(request.POST.get("after", ""))
    except ValueError:
        after = 0
    changes = scan.what_changed(shipment, after)
    return f"{refusal} {changes}" if changes else str(refusal)


def _take_scan(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    """A code came in: a piece of this parcel, another parcel, or Enter alone for “I have read”."""
    code = request.POST.get("code", "").strip()
    shown = scan.card_of(shipment, request.POST.get("read", ""))
    if not code:
        return _card_url(shipment.number, read=shown.fingerprint)
    if not matching_lines(code, shown.lines) and scan.find(code):
        return f"{reverse('scan:home')}?{urlencode({'q': code})}"
    if not shown.is_read:
        raise WrongState(_("Read the notes first, then press Enter."))
    line = scan_item(shipment.pk, seen=posted_number(request, "seen"), code=code, actor=actor)
    messages.success(
        request,
        f"{line.sku.code} {line.sku.name} {line.packed}/{line.quantity}",
    )
    return _here(request, shipment)


def _take_release(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    release_shipment(shipment.pk, seen=posted_number(request, "seen"), actor=actor)
    return _here(request, shipment)


def _take_pack(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    is_weighed = bool(request.POST.get("weight_grams"))
    pack_shipment(
        shipment.pk,
        seen=posted_number(request, "seen"),
        weight_grams=posted_number(request, "weight_grams") if is_weighed else None,
        actor=actor,
    )
    messages.success(request, _("The parcel is packed."))
    return _here(request, shipment)


def _take_label(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    """Carrier and waybill as entered, and the label printed: all or nothing."""
    seen: int | None = posted_number(request, "seen")
    with transaction.atomic():
        if request.POST.get("carrier"):
            set_carrier(
                shipment.pk,
                seen=seen,
                carrier=posted_number(request, "carrier"),
                waybill=request.POST.get("waybill", ""),
                actor=actor,
            )
            seen = None  # this very transaction holds the parcel
        print_label(shipment.pk, seen=seen, actor=actor)
    messages.success(request, _("The label is ready."))
    return _here(request, shipment, print="1")


def _take_void(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    void_label(
        shipment.pk,
        seen=posted_number(request, "seen"),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    return _here(request, shipment)


def _take_unpack(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    unpack_shipment(
        shipment.pk,
        seen=posted_number(request, "seen"),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    return _here(request, shipment)


def _take_dispatch(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    dispatch_shipment(shipment.pk, seen=posted_number(request, "seen"), actor=actor)
    messages.success(request, _("%(number)s has left the warehouse.") % {"number": shipment.number})
    return _here(request, shipment)


STEPS: dict[str, Step] = {
    "scan": _take_scan,
    "release": _take_release,
    "pack": _take_pack,
    "label": _take_label,
    "void": _take_void,
    "unpack": _take_unpack,
    "dispatch": _take_dispatch,
}


def _shipment(number: str) -> Shipment:
    return get_object_or_404(
        Shipment.objects.select_related("order", "warehouse", "carrier"), number=number
    )


def _card_url(number: str, **query: Any) -> str:
    url = reverse("scan:card", args=[number])
    return f"{url}?{urlencode(query)}" if query else url


def _here(request: HttpRequest, shipment: Shipment, **query: Any) -> str:
    """This card again; what was read stays read."""
    read = request.POST.get("read", "")
    return _card_url(shipment.number, **({"read": read} if read else {}), **query)
