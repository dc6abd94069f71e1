"""The scan page. It keeps nothing: counts live on the shipment, every step is an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, ChangedMeanwhile, DomainError, WrongState
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


def _scanner(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For people who are signed in and may pack."""
    return login_required(
        permission_required("fulfilment.pack_shipment", raise_exception=True)(view)
    )


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(
        request.user,  # type: ignore[arg-type]
        via="scan",
        ip=request.META.get("REMOTE_ADDR") or None,
        device=request.headers.get("User-Agent", ""),
    )


@_scanner
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
    context = {"areas": scan.areas(_actor(request)) if not live else [], "found": live}
    return render(request, "fulfilment/home.html", context)


@_scanner
@require_GET
def card(request: HttpRequest, number: str) -> HttpResponse:
    """One parcel: notes first, then the goods, then the next step."""
    shown = scan.card_of(_shipment(number), request.GET.get("read", ""))
    context = {"card": shown, "open_label": "print" in request.GET}
    return render(request, "fulfilment/card.html", context)


@_scanner
@require_GET
def label(request: HttpRequest, number: str) -> HttpResponse:
    """The printed label once more, for looking at; printing itself is a step."""
    shipment = _shipment(number)
    if shipment.label_printed_at is None:
        raise Http404
    response = HttpResponse(draw_label(shipment), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{shipment.number}.pdf"'
    return response


@_scanner
@require_POST
def step(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Do one step with the version the page showed, then show the card again."""
    take = STEPS.get(verb)
    if take is None:
        raise Http404
    shipment = _shipment(number)
    try:
        goes_to = take(request, shipment, _actor(request))
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
    line = scan_item(shipment.pk, seen=_number(request, "seen"), code=code, actor=actor)
    messages.success(
        request,
        f"{line.sku.code} {line.sku.name} {line.packed}/{line.quantity}",
    )
    return _here(request, shipment)


def _take_release(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    release_shipment(shipment.pk, seen=_number(request, "seen"), actor=actor)
    return _here(request, shipment)


def _take_pack(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    pack_shipment(
        shipment.pk,
        seen=_number(request, "seen"),
        weight_grams=_number(request, "weight_grams") if request.POST.get("weight_grams") else None,
        actor=actor,
    )
    messages.success(request, _("The parcel is packed."))
    return _here(request, shipment)


def _take_label(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    """Carrier and waybill as entered, and the label printed: all or nothing."""
    seen: int | None = _number(request, "seen")
    with transaction.atomic():
        if request.POST.get("carrier"):
            set_carrier(
                shipment.pk,
                seen=seen,
                carrier=_number(request, "carrier"),
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
        seen=_number(request, "seen"),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    return _here(request, shipment)


def _take_unpack(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    unpack_shipment(
        shipment.pk,
        seen=_number(request, "seen"),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    return _here(request, shipment)


def _take_dispatch(request: HttpRequest, shipment: Shipment, actor: Actor) -> str:
    dispatch_shipment(shipment.pk, seen=_number(request, "seen"), actor=actor)
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


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput(_("Enter a whole number."), fields={name: ["number"]})
    return int(text)


def _card_url(number: str, **query: Any) -> str:
    url = reverse("scan:card", args=[number])
    return f"{url}?{urlencode(query)}" if query else url


def _here(request: HttpRequest, shipment: Shipment, **query: Any) -> str:
    """This card again; what was read stays read."""
    read = request.POST.get("read", "")
    return _card_url(shipment.number, **({"read": read} if read else {}), **query)
