"""The desk of customer service (K2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ordercenter.core.errors import DomainError
from ordercenter.core.moments import SHANGHAI
from ordercenter.core.pages import only_for
from ordercenter.core.visitors import may
from orders.care.actions import answer_inquiry, note_inquiry
from orders.care.desk import story_of
from orders.care.views.common import own_files_only, staff


def _desk(request: HttpRequest, asked: str, pick: str, status: int = 200, **more: Any) -> Any:
    story = story_of(asked, actor=staff(request), pick=pick)
    context = {
        "story": story,
        "pick": pick,
        "may_note": may(request, "care.note_inquiry"),
        "may_answer": may(request, "care.answer_inquiry"),
    }
    return render(request, "care/desk.html", context | more, status=status)


@only_for("orders.view_order")
@never_cache
@own_files_only
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """One box; with `q` the whole story of the customer it means."""
    done = _("Noted.") if "done" in request.GET else ""
    asked, pick = request.GET.get("q", "")[:64], request.GET.get("pick", "")[:20]
    return _desk(request, asked, pick, done=done)


@login_required
@never_cache
@require_POST
@own_files_only
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer asked where it is."""
    try:
        note_inquiry(pk, text=request.POST.get("text", ""), actor=staff(request))
    except DomainError as refusal:
        return _refused(request, refusal)
    return _back(request)


@login_required
@never_cache
@require_POST
@own_files_only
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer was told place, time and reason."""
    expected = _moment(request.POST.get("expected_at", ""))
    try:
        answer_inquiry(
            pk,
            place=request.POST.get("place", ""),
            expected_at=expected,
            reason=request.POST.get("reason", ""),
            actor=staff(request),
        )
    except DomainError as refusal:
        return _refused(request, refusal)
    return _back(request)


def _moment(text: str) -> Any:
    """The moment typed, in Shanghai; None for nothing readable."""
    try:
        read = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(read, SHANGHAI) if read and timezone.is_naive(read) else read


def _refused(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    asked, pick = request.POST.get("q", "")[:64], request.POST.get("pick", "")[:20]
    if refusal.status == 403:
        asked = pick = ""
    return _desk(request, asked, pick, refusal.status, complaint=str(refusal))


def _back(request: HttpRequest) -> HttpResponse:
    query = {"q": request.POST.get("q", "")[:64], "pick": request.POST.get("pick", "")[:20]}
    return redirect(f"{reverse('desk:desk')}?{urlencode(query | {'done': 1})}")
