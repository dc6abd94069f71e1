"""Where payment systems tell of refunds: verify, store, answer at once; the work comes later."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from integrations.inbound import kept_headers, note_refused, store_call
from integrations.models import NoticeNonce, PaymentAccount
from integrations.payments.accounts import active_account, adapter_of
from integrations.payments.base import Forged
from integrations.payments.inbound import ALIPAY, WECHATPAY
from ordercenter.core import moments
from ordercenter.core.errors import BadInput

log = structlog.get_logger(__name__)

MOST_BYTES = 64 * 1024
KEPT_HEADERS = (
    "Content-Type",
    "User-Agent",
    "X-Forwarded-For",
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)


@csrf_exempt
@require_POST
def wechatpay_refund(request: HttpRequest) -> HttpResponse:
    """Keep a genuine notice and acknowledge it with 204; a forged or replayed one gets 401."""
    status = take_in(request, PaymentAccount.System.WECHATPAY, WECHATPAY)
    if status == 200:
        return HttpResponse(status=204)
    return JsonResponse({"code": "FAIL", "message": "refused"}, status=status)


@csrf_exempt
@require_POST
def alipay_notify(request: HttpRequest) -> HttpResponse:
    """Keep a genuine notice and answer exactly `success`; anything else is sent again."""
    status = take_in(request, PaymentAccount.System.ALIPAY, ALIPAY)
    text = "success" if status == 200 else "fail"
    return HttpResponse(text, content_type="text/plain", status=status)


def take_in(request: HttpRequest, system: str, source: str) -> int:
    """Store the notice once and let a worker read it; the HTTP status of what became of it.

    503 while no account is switched on, or the one that is lacks a credential; 413 for more than a
    notice can be, 401 for a forged one, which is kept apart and never read.
    """
    account = active_account(system)
    if account is None:
        return 503
    try:
        adapter = adapter_of(account)
    except BadInput as error:
        log.error("payment_account_unusable", account=account.pk, why=str(error))
        return 503
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return 413
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        notice = adapter.verify(body, headers, moments.now())
        with transaction.atomic():
            _use_up(source, notice.nonce)
            call_id, is_new = store_call(
                source, str(account.pk), body, headers=kept_headers(request, KEPT_HEADERS)
            )
            if is_new:
                async_task("integrations.payments.tasks.process_one", call_id, group="inbound")
    except Forged as error:
        note_refused(
            request, f"{source}!", str(account.pk), body, why=str(error), headers=KEPT_HEADERS
        )
        return 401
    return 200


def _use_up(source: str, nonce: str) -> None:
    """Let the nonce count once; raises `Forged` the second time."""
    if not nonce:
        return
    _nonce, is_new = NoticeNonce.objects.get_or_create(source=source, nonce=nonce[:64])
    if not is_new:
        raise Forged(_("replayed"))
