"""The customer's page: a number and four digits open it, no login (K1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError, NotFound
from orders.actions import change_address
from orders.care.actions import ask_where, urge_order
from orders.care.forms import AddressForm, FindForm
from orders.care.lookup import TooManyTries, find_order
from orders.care.page import Page, page_of, photos_of
from orders.care.tickets import ORDER_LASTS, order_of, order_ticket, photo_of
from orders.care.views.common import client_ip, own_files_only
from orders.models import Attachment
from rma.actions import post_return, request_return
from rma.models import Return, ReturnKind, ReturnReason


@dataclass(frozen=True, slots=True)
class Wanted:
    """A return as it was typed; shown again beside the reason why it was refused."""

    kind: str = ""
    reason: str = ""
    note: str = ""
    pieces: Mapping[int, int] = field(default_factory=dict)
    is_open: bool = False


NOTHING_WANTED = Wanted()
COOKIE = "track"
MAY = frozenset(
    {
        "orders.change_address_order",
        "care.ask_where",
        "care.urge_order",
        "rma.request_return",
        "rma.post_return",
    }
)
KINDS = (ReturnKind.RETURN, ReturnKind.EXCHANGE)
REASONS = (
    ReturnReason.NO_REASON,
    ReturnReason.WRONG_ITEM,
    ReturnReason.DAMAGED,
    ReturnReason.DEFECTIVE,
    ReturnReason.NOT_AS_DESCRIBED,
    ReturnReason.INCOMPLETE,
    ReturnReason.OTHER,
)
_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
View = Callable[..., HttpResponse]


def _customer(request: HttpRequest) -> Actor:
    return Actor(
        kind="customer",
        label="customer",
        door="page",
        ip=client_ip(request),
        device=request.headers.get("User-Agent", "")[:200],
        permissions=MAY,
    )


@never_cache
@own_files_only
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for number and digits; the right pair opens the order for half an hour."""
    if request.method == "GET":
        form = FindForm(initial={"number": request.GET.get("number", "")[:64]})
        return render(request, "care/find.html", {"form": form, "expired": "old" in request.GET})
    form = FindForm(request.POST)
    if not form.is_valid():
        return render(request, "care/find.html", {"form": form}, status=422)
    try:
        order = find_order(
            form.cleaned_data["number"],
            form.cleaned_data["tail"],
            ip=client_ip(request),
            device=request.headers.get("User-Agent", ""),
        )
    except (NotFound, TooManyTries) as refusal:
        context = {"form": form, "complaint": str(refusal)}
        return render(request, "care/find.html", context, status=refusal.status)
    answer = redirect("track:order")
    answer.set_cookie(
        COOKIE,
        order_ticket(order.pk),
        max_age=ORDER_LASTS,
        path=reverse("track:find"),
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )
    return answer


def _with_order(view: View) -> View:
    """Give the view the order that the form's ticket, or for reading the cookie, opens."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        source = request.POST.get("ticket", "") if request.method == "POST" else ""
        order_id = order_of(source or request.COOKIES.get(COOKIE, ""))
        if order_id is None or (request.method == "POST" and not source):
            return redirect(f"{reverse('track:find')}?{urlencode({'old': 1})}")
        return view(request, order_id, *args, **kwargs)

    return opened


@never_cache
@own_files_only
@require_GET
@_with_order
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """The order as its customer sees it."""
    return _page(request, order_id)


def _page(request: HttpRequest, order_id: int, status: int = 200, **more: Any) -> HttpResponse:
    page: Page = page_of(order_id)
    wanted: Wanted = more.get("wanted", NOTHING_WANTED)
    context = {
        "page": page,
        "done": DONE.get(request.GET.get("done", ""), lambda: "")(),
        "form": AddressForm(),
        "kinds": [(kind.value, kind.label) for kind in KINDS],
        "reasons": [(reason.value, reason.label) for reason in REASONS],
        "goods": [(line, wanted.pieces.get(line.pk, 0)) for line in page.lines],
        "wanted": wanted,
    }
    return render(request, "care/order.html", context | more, status=status)


DONE: dict[str, Callable[[], str]] = {
    "ask": lambda: _("We have your question and will answer here."),
    "urge": lambda: _("We have told the people who prepare your order."),
    "address": lambda: _("The new address is noted."),
    "return": lambda: _("Your return is asked for. We will answer here."),
    "posted": lambda: _("Thank you. We watch for your parcel."),
}


def _done(what: str) -> HttpResponse:
    return redirect(f"{reverse('track:order')}?{urlencode({'done': what})}")


@never_cache
@own_files_only
@require_POST
@_with_order
def act(request: HttpRequest, order_id: int, verb: str) -> HttpResponse:
    """Urge, or ask where it is."""
    step = {"ask": ask_where, "urge": urge_order}.get(verb)
    if step is None:
        raise Http404
    try:
        step(order_id, actor=_customer(request))
    except DomainError as refusal:
        return _page(request, order_id, refusal.status, complaint=str(refusal))
    return _done(verb)


@never_cache
@own_files_only
@require_POST
@_with_order
def address(request: HttpRequest, order_id: int) -> HttpResponse:
    """A new address for the same phone."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, order_id, 422, form=form)
    old = page_of(order_id).order.receiver
    try:
        change_address(
            order_id,
            seen=_number(request.POST.get("seen", "")),
            receiver=form.receiver(old.phone),
            actor=_customer(request),
        )
    except BadInput as refusal:
        for name, complaints in refusal.details.get("fields", {}).items():
            form.add_error(name if name in form.fields else None, complaints)
        return _page(request, order_id, 422, form=form, complaint=str(refusal))
    except DomainError as refusal:
        return _page(request, order_id, refusal.status, form=form, complaint=str(refusal))
    return _done("address")


@never_cache
@own_files_only
@require_POST
@_with_order
def send_back(request: HttpRequest, order_id: int) -> HttpResponse:
    """Ask for a return of some of the goods."""
    wanted = _wanted(request)
    if wanted.kind not in KINDS or wanted.reason not in REASONS or not wanted.pieces:
        says = _("Choose what you want, why, and how many pieces.")
        return _page(request, order_id, 422, complaint=says, wanted=wanted)
    try:
        request_return(
            order_id,
            seen=None,
            kind=ReturnKind(wanted.kind),
            reason=ReturnReason(wanted.reason),
            quantities=wanted.pieces,
            note=wanted.note,
            actor=_customer(request),
        )
    except DomainError as refusal:
        return _page(request, order_id, refusal.status, complaint=str(refusal), wanted=wanted)
    return _done("return")


def _wanted(request: HttpRequest) -> Wanted:
    pieces = {
        line: quantity
        for name, text in request.POST.items()
        if name.startswith("line-")
        and (line := _number(name.removeprefix("line-")))
        and (quantity := _number(str(text)))
    }
    kind, reason, note = (request.POST.get(name, "") for name in ("kind", "reason", "note"))
    return Wanted(kind, reason, note, pieces, is_open=True)


@never_cache
@own_files_only
@require_POST
@_with_order
def post(request: HttpRequest, order_id: int, pk: int) -> HttpResponse:
    """The customer has sent the goods back; here is the tracking number."""
    if not Return.objects.filter(pk=pk, order=order_id).exists():
        raise Http404
    try:
        post_return(
            pk,
            seen=_number(request.POST.get("seen", "")),
            tracking_number=request.POST.get("tracking_number", ""),
            actor=_customer(request),
        )
    except DomainError as refusal:
        return _page(request, order_id, refusal.status, complaint=str(refusal))
    return _done("posted")


def _number(text: str) -> int:
    """A whole number from the page; what is none never fits anything."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@require_GET
def photo(request: HttpRequest, signed: str) -> HttpResponse | FileResponse:
    """One packing photo, while its ticket lasts."""
    shown = Attachment.objects.select_related("order").filter(pk=photo_of(signed) or 0).first()
    if shown is None or not photos_of(shown.order).filter(pk=shown.pk).exists():
        raise Http404
    kind = _TYPES.get(str(shown.file.name).rpartition(".")[2], "application/octet-stream")
    answer = FileResponse(shown.file.open("rb"), content_type=kind)
    answer["Cache-Control"] = "private, max-age=600"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
