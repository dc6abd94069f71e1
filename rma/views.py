"""The page where returned goods are received. Every step is an action; before the pieces are
received they are only counted, in the session of the person who counts."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inventory.models import Warehouse
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput, DomainError
from ordercenter.core.pages import only_for, posted_number
from ordercenter.core.visitors import person_of
from orders.actions import attach_file
from orders.models import Attachment
from rma import scan
from rma.actions import (
    Arrived,
    Inspected,
    inspect_return,
    note_unknown_parcel,
    receive_return,
)
from rma.models import Return

Step = Callable[[HttpRequest, Return, Actor], None]

for_receivers = only_for("rma.receive_return")


@for_receivers
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Who waits for goods; with `q` the return that was scanned, or the form for unknown ones."""
    code = request.GET.get("q", "").strip()
    found = scan.find(code)
    if len(found) == 1:
        return redirect("returns:card", number=found[0].number)
    if code and not found:
        messages.error(
            request,
            _("No return is called “%(code)s”. Note it as a parcel without RMA.")
            % {"code": code[:64]},
        )
    context = {
        "areas": [] if code else scan.areas(),
        "found": found,
        "unknown": code if code and not found else "",
        "warehouses": Warehouse.objects.filter(is_active=True),
    }
    return render(request, "rma/home.html", context)


@for_receivers
@require_POST
def unknown(request: HttpRequest) -> HttpResponse:
    """A parcel that nobody announced goes into the inbox."""
    upload = request.FILES.get("photo")
    try:
        note_unknown_parcel(
            tracking_number=request.POST.get("tracking_number", ""),
            phone_tail=request.POST.get("phone_tail", "").strip(),
            sender=request.POST.get("sender", ""),
            sku_codes=request.POST.get("skus", "").replace("，", ",").replace(",", " ").split(),
            note=request.POST.get("note", ""),
            warehouse=posted_number(request, "warehouse", "0") or None,
            photo=(str(upload.name), upload.read()) if upload else None,
            actor=person_of(request, via="scan"),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        query = urlencode({"q": request.POST.get("tracking_number", "")})
        return redirect(f"{reverse('returns:home')}?{query}")
    messages.success(request, _("The parcel waits in the inbox; customer service is told."))
    return redirect("returns:home")


@for_receivers
@require_GET
def card(request: HttpRequest, number: str) -> HttpResponse:
    """One return: notes first, then the goods, then the next step."""
    rma = _return(number)
    context = {"card": scan.card_of(rma, scan.counted(request.session, rma))}
    return render(request, "rma/card.html", context)


@for_receivers
@require_POST
def step(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Do one step with the version the page showed, then show the card again."""
    take = STEPS.get(verb)
    if take is None:
        raise Http404
    rma = _return(number)
    code = request.POST.get("code", "").strip()
    if verb == "scan" and scan.find(code):
        return redirect(f"{reverse('returns:home')}?{urlencode({'q': code})}")
    try:
        take(request, rma, person_of(request, via="scan"))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("returns:card", number=rma.number)


def _take_scan(request: HttpRequest, rma: Return, actor: Actor) -> None:
    """A piece lies on the table; what does not fit is said loudly, and counted all the same."""
    code = request.POST.get("code", "").strip()
    if not code:
        raise BadInput(_("Scan the goods."))
    before = scan.card_of(rma, scan.counted(request.session, rma))
    batch = request.POST.get("batch", "").strip()
    scan.count(request.session, rma, Arrived(code[:64], 1, batch[:40]))
    after = scan.card_of(rma, scan.counted(request.session, rma))
    fresh = [text for text in after.loud if text not in before.loud]
    if fresh:
        messages.error(request, " ".join(fresh))
    else:
        messages.success(request, code)


def _take_clear(request: HttpRequest, rma: Return, actor: Actor) -> None:
    scan.clear(request.session, rma)


def _take_receive(request: HttpRequest, rma: Return, actor: Actor) -> None:
    receive_return(
        rma.pk,
        seen=posted_number(request, "seen"),
        arrived=scan.counted(request.session, rma),
        accept="accept" in request.POST,
        note=request.POST.get("note", ""),
        actor=actor,
    )
    scan.clear(request.session, rma)
    messages.success(request, _("Received. Look at every piece now."))


def _take_photo(request: HttpRequest, rma: Return, actor: Actor) -> None:
    upload = request.FILES.get("photo")
    if upload is None:
        raise BadInput(_("Take a photo first."))
    attach_file(
        rma.order_id,
        kind=Attachment.Kind.PHOTO,
        name=f"{rma.number}-{upload.name}",
        content=upload.read(),
        actor=actor,
    )
    messages.success(request, _("The photo is kept with the order."))


def _take_inspect(request: HttpRequest, rma: Return, actor: Actor) -> None:
    results = []
    for line in rma.lines.all():
        bad = posted_number(request, f"defective-{line.pk}", "0")
        note = request.POST.get(f"note-{line.pk}", "")
        shelf = request.POST.get(f"bin-{line.pk}", "").strip()
        results.append(Inspected(line.pk, line.received - bad, bad, bin=shelf[:20], note=note))
    done = inspect_return(rma.pk, seen=posted_number(request, "seen"), results=results, actor=actor)
    if done.state == "inspected":
        messages.success(request, _("Inspected. Somebody decides about the money."))
    else:
        messages.success(request, _("Inspected. The rest goes by itself."))


STEPS: dict[str, Step] = {
    "scan": _take_scan,
    "clear": _take_clear,
    "receive": _take_receive,
    "photo": _take_photo,
    "inspect": _take_inspect,
}


def _return(number: str) -> Return:
    return get_object_or_404(
        Return.objects.select_related("order", "warehouse", "carrier"), number=number
    )
