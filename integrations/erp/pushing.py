"""Bringing a document into the books: entered, handed in, audited; never twice.

Our number is stored before the first call. Where the outcome of a call is not known, the books
are asked what they hold under the number before anything is repeated, and each step that was
reached is remembered.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.calling import as_note
from integrations.channels.base import Answer, Verdict
from integrations.erp.accounts import account_in_use, report_refusal
from integrations.erp.base import Bill, Document, DocumentKind, ErpAdapter, Step
from integrations.erp.documents import document_of, is_of_the_books, refund_of, sale_of
from integrations.erp.registry import open_adapter
from integrations.messaging.notices import notify
from integrations.models import ErpAccount, ErpDocument, NoticeLevel
from ordercenter.core import intents, moments
from ordercenter.core.actor import Actor
from ordercenter.core.errors import BadInput
from ordercenter.core.models import Intent
from ordercenter.core.outbox import RetryLater
from ordercenter.core.timeline import record
from orders.models import Order
from rma.models import Refund, RefundState

log = structlog.get_logger(__name__)

PUSHER = Actor.system("erp", door="channel")
FINANCE_ROLE = "finance"
# An account in trouble is looked at again after this time.
SUSPENDED_SECONDS = 600.0


class Undecided(Exception):
    """A call left open what the books hold; `verdict` says how it ended."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class Refused(Exception):
    """The books do not take the document; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


def push_order(order_id: int) -> None:
    """A paid order stands in the books, or its document says why it does not.

    Nothing happens while no account pushes, and for orders of before it began to. Raises
    `RetryLater` where another turn will help.
    """
    account = _pushing_account()
    if account is None:
        return
    order = Order.objects.select_related("shop", "warehouse").get(pk=order_id)
    if is_of_the_books(order) and order.placed_at >= account.pushes_since:
        _push(_row(account, sale_of(order), order, None))


def push_refund(refund_id: int) -> None:
    """A refund whose money arrived stands in the books, or its document says why not."""
    account = _pushing_account()
    if account is None:
        return
    refund = Refund.objects.select_related("order__shop", "order__warehouse").get(pk=refund_id)
    if refund.state != RefundState.SUCCEEDED or not is_of_the_books(refund.order):
        return
    document = refund_of(refund)
    if refund.done_at is not None and refund.done_at >= account.pushes_since:
        _push(_row(account, document, refund.order, refund))


def push_document(document_id: int) -> None:
    """Take up a document where it stopped."""
    row = ErpDocument.objects.get(pk=document_id)
    if row.state == ErpDocument.State.WAITING:
        _push(row)


def _pushing_account() -> ErpAccount | None:
    account = account_in_use()
    if account is None:
        return None
    if not account.is_active:
        raise RetryLater(_("The ERP account is in trouble."), after=SUSPENDED_SECONDS)
    return account if account.pushes else None


def _row(
    account: ErpAccount, document: Document, order: Order, refund: Refund | None
) -> ErpDocument:
    row, _made = ErpDocument.objects.get_or_create(
        account=account,
        kind=document.kind.value,
        number=document.number,
        defaults={
            "order": order,
            "refund": refund,
            "day": document.day,
            "amount": document.amount,
            "created_at": moments.now(),
        },
    )
    return row


def _push(row: ErpDocument) -> None:
    if row.state != ErpDocument.State.WAITING:
        return
    account = row.account
    if not account.is_active:
        raise RetryLater(_("The ERP account is in trouble."), after=SUSPENDED_SECONDS)
    document = document_of(row)
    intent = intents.plan(
        f"{account.system}.{row.kind}",
        row.number,
        {"amount": str(document.amount), "day": str(document.day), "about": document.about},
    )
    try:
        adapter = open_adapter(account)
    except BadInput as error:
        raise RetryLater(str(error), after=SUSPENDED_SECONDS) from error
    try:
        _Road(adapter, document, row, intent).go()
    except Undecided as trouble:
        _wait(account, row, trouble.verdict)
    except Refused as refusal:
        _refuse(row, intent, refusal.verdict)
    else:
        _book(row, intent)
    finally:
        adapter.close()


class _Road:
    """The way of one document, from the step that is known; each step is one call."""

    def __init__(
        self, adapter: ErpAdapter, document: Document, row: ErpDocument, intent: Intent
    ) -> None:
        self._adapter = adapter
        self._document = document
        self._row = row
        self._intent = intent

    def go(self) -> None:
        """The document is booked afterwards. Raises `Undecided` or `Refused`."""
        if self._intent.state == Intent.State.UNKNOWN:
            self._look()
        if self._row.step < Step.SAVED:
            self._take(self._adapter.save, Step.SAVED)
        if self._row.step < Step.SUBMITTED:
            self._take(self._adapter.submit, Step.SUBMITTED)
        if self._row.step < Step.BOOKED:
            self._take(self._adapter.book, Step.BOOKED)

    def _take(self, call: Callable[[Document], Verdict], to: Step) -> None:
        intents.count_attempt(self._intent)
        verdict = call(self._document)
        if verdict.answer is Answer.OK:
            self._reach(to)
            return
        if verdict.answer in (Answer.RETRY_LATER, Answer.AUTH):
            raise Undecided(verdict)
        # A refusal may mean that an earlier call, whose answer was lost, had done it.
        self._look()
        if self._row.step < to:
            # A number that is taken where we can't see it (another organisation) is final, too.
            is_final = verdict.answer in (Answer.REFUSED, Answer.DUPLICATE)
            raise Refused(verdict) if is_final else Undecided(verdict)

    def _look(self) -> None:
        """Ask what the books hold under our number; the row's step is theirs afterwards."""
        found = self._adapter.find(self._document.kind, self._document.number)
        if found.verdict.answer is not Answer.OK:
            raise Undecided(found.verdict)
        bill = found.bill
        if bill is not None and not _is_ours(bill, self._document):
            text = _("Another document of %(amount)s stands under this number.") % {
                "amount": bill.amount
            }
            raise Refused(Verdict(Answer.REFUSED, code="other_document", text=text))
        self._reach(bill.step if bill else Step.NONE, bill.reference if bill else "")

    def _reach(self, step: Step, reference: str = "") -> None:
        self._row.step = step
        self._row.reference = reference or self._row.reference
        self._row.save(update_fields=["step", "reference"])


def _is_ours(bill: Bill, document: Document) -> bool:
    return bill.amount == document.amount and bill.day == document.day


def _wait(account: ErpAccount, row: ErpDocument, verdict: Verdict) -> None:
    """Nothing is decided yet. Always raises `RetryLater`."""
    ErpDocument.objects.filter(pk=row.pk).update(answer=as_note(verdict))
    if verdict.answer is Answer.AUTH:
        report_refusal(account, verdict)
    raise RetryLater(str(verdict), after=verdict.wait)


@transaction.atomic
def _book(row: ErpDocument, intent: Intent) -> None:
    order = Order.objects.locked(row.order_id, seen=None)
    if intent.state != Intent.State.DONE:
        intents.settle(intent, Intent.State.DONE, {"reference": row.reference})
    row.state, row.booked_at, row.answer = ErpDocument.State.BOOKED, moments.now(), {}
    row.save(update_fields=["state", "booked_at", "answer"])
    record(order, "order.erp_booked", actor=PUSHER, data=_told(row))


@transaction.atomic
def _refuse(row: ErpDocument, intent: Intent, verdict: Verdict) -> None:
    """The books said no: the document, the order's story and a notice to finance say why."""
    order = Order.objects.locked(row.order_id, seen=None)
    intents.settle(intent, Intent.State.REFUSED, as_note(verdict))
    row.state, row.answer = ErpDocument.State.REFUSED, as_note(verdict)
    row.save(update_fields=["state", "answer"])
    record(order, "order.erp_refused", actor=PUSHER, data={**_told(row), "text": verdict.text})
    log.warning("erp_document_refused", document=row.pk, code=verdict.code)
    notify(
        role=FINANCE_ROLE,
        kind="erp.refused",
        level=NoticeLevel.WARN,
        title=_("The ERP does not take %(number)s: %(why)s")
        % {"number": row.number, "why": verdict},
        group_title=_("The ERP does not take %(count)s documents"),
        link=f"/admin/integrations/erpdocument/{row.pk}/change/",
        group_link="/admin/integrations/erpdocument/?tab=refused",
        cause=f"erp_document:{row.pk}:{intent.attempts}",
    )


def _told(row: ErpDocument) -> dict[str, str]:
    return {"kind": row.kind, "number": row.number, "amount": str(row.amount)}


@transaction.atomic
def push_again(document_id: int, *, actor: Actor) -> None:
    """What the ERP refused is tried once more, as our books stand now; a relay does it.

    Nothing happens to a document that is not refused.
    """
    actor.require("integrations.push_erpdocument")
    order_id = ErpDocument.objects.values_list("order_id", flat=True).get(pk=document_id)
    order = Order.objects.locked(order_id, seen=None)
    row = ErpDocument.objects.select_for_update().select_related("account").get(pk=document_id)
    if row.state != ErpDocument.State.REFUSED:
        return
    document = document_of(row)
    row.state, row.answer = ErpDocument.State.WAITING, {}
    row.day, row.amount = document.day, document.amount
    row.save(update_fields=["state", "answer", "day", "amount"])
    # Outcome unknown: the books are asked before anything is repeated.
    Intent.objects.filter(
        kind=f"{row.account.system}.{row.kind}", number=row.number, state=Intent.State.REFUSED
    ).update(state=Intent.State.UNKNOWN, settled_at=None)
    record(order, "order.erp_pushed_again", actor=actor, data={**_told(row), "document": row.pk})


assert {kind.value for kind in DocumentKind} == set(ErpDocument.Kind.values)
