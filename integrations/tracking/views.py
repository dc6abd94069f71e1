"""Where Kuaidi100 pushes to: verify, store, answer at once; the work comes later."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from integrations.inbound import Unreadable, form_of, kept_headers, note_refused, store_call
from integrations.models import TrackingSubscription
from integrations.tracking.inbound import PUSH
from integrations.tracking.kuaidi100.signing import is_push_genuine
from ordercenter.core.visitors import address_of

log = structlog.get_logger(__name__)

# A trace of 500 lines is far below.
MOST_BYTES = 512 * 1024
KEPT_HEADERS = ("Content-Type", "User-Agent", "X-Forwarded-For")
# Anything else is pushed again every half hour (execution.md 5).
ACKNOWLEDGED = {"result": True, "returnCode": "200", "message": "成功"}


@csrf_exempt
@require_POST
def kuaidi100_push(request: HttpRequest, token: str) -> HttpResponse:
    """Keep a genuine push and acknowledge it; a forged one is noted and goes no further.

    404 for an address nobody was given, 413 for more than a trace can be, 403 without the right
    signature. The same push again is counted and acknowledged.
    """
    subscription = TrackingSubscription.objects.filter(token=token).only("salt", "token").first()
    if subscription is None:
        log.warning("push_to_unknown_address", ip=address_of(request))
        return _refusal(404)
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return _refusal(413)
    if not _is_genuine(body, subscription.salt):
        note_refused(request, PUSH, token, body, why=_("wrong signature"), headers=KEPT_HEADERS)
        return _refusal(403)
    with transaction.atomic():
        call_id, is_new = store_call(PUSH, token, body, headers=kept_headers(request, KEPT_HEADERS))
        if is_new:
            async_task("integrations.tracking.tasks.process_one", call_id, group="inbound")
    return _json(ACKNOWLEDGED, 200)


def _is_genuine(body: bytes, salt: str) -> bool:
    """Whether the form's `param`, as it came, is signed with this parcel's salt."""
    try:
        form = form_of(body)
    except Unreadable:
        return False
    return is_push_genuine(form.get("param", ""), form.get("sign", ""), salt=salt)


def _refusal(status: int) -> HttpResponse:
    return _json({"result": False, "returnCode": str(status), "message": "refused"}, status)


def _json(body: dict[str, object], status: int) -> HttpResponse:
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
