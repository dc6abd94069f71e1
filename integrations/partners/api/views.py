"""Webhooks over HTTP: a partner's program sets up where it wants to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import PartnerDelivery, WebhookEndpoint
from integrations.models.partners import LONGEST_URL
from integrations.partners import actions
from integrations.partners.api.answers import (
    COMPONENTS,
    EVERY_KIND,
    delivery_as_json,
    status_as_json,
    webhook_as_json,
)
from integrations.partners.kinds import KINDS
from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.finding import id_of
from ordercenter.core.api.idempotent import key_of, once
from ordercenter.core.api.paging import PAGE_FIELDS, newest_first
from ordercenter.core.api.preconditions import seen_version
from ordercenter.core.api.shapes import Choice, Flag, Several, Shape, Text
from ordercenter.core.api.verbs import (
    VerbView,
    created_answer,
    telling_what_happened,
    unless_known,
    versioned_answer,
)
from ordercenter.core.api.views import ApiView
from ordercenter.core.errors import Forbidden
from ordercenter.core.models import Event
from ordercenter.core.secrets import seal, unseal
from orders.api.reading import last_events

TAG = "webhooks"
NUMBER = r"WH[0-9a-f]{16}"

LIST_QUERY = Shape(*PAGE_FIELDS)
DELIVERIES_QUERY = Shape(
    Several("state", Choice("state", tuple(PartnerDelivery.State.values)), 4),
    *PAGE_FIELDS,
)
_KINDS = Several(
    "kinds",
    Choice("kind", (EVERY_KIND, *KINDS)),
    len(KINDS),
    about="What you want to hear of; `*` or nothing is all of it.",
)
_DESCRIPTION = Text("description", 120)
CREATE = Shape(
    Text("url", LONGEST_URL, required=True, about="An https address on the public internet."),
    _KINDS,
    _DESCRIPTION,
)
CHANGE = Shape(
    Text("url", LONGEST_URL, least=1),
    _KINDS,
    _DESCRIPTION,
    Flag("is_active", default=None, about="Off: nothing is sent, and nothing new is kept for it."),
)

schema.components(COMPONENTS)


def visible_to(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """A partner's own webhooks; all of them for staff."""
    rows = WebhookEndpoint.objects.defer("secrets")
    return rows if actor.kind != "partner" else rows.filter(partner=actor.id)


def find_id(number: str, actor: Actor) -> int:
    """The id behind a number. Raises `NotFound`, also for another partner's."""
    return id_of(number, visible_to(actor))


def read_webhook(pk: int) -> dict[str, Any]:
    """The webhook as it is now."""
    return webhook_as_json(WebhookEndpoint.objects.defer("secrets").get(pk=pk))


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> dict[str, Any]:
    # The answer is kept for a repeat of the request: the secret lies there sealed.
    return webhook_as_json(endpoint) | {"secret": seal(secret)}


def _secret_answer(status: int, body: dict[str, Any]) -> Response:
    response = versioned_answer(status, body | {"secret": unseal(body["secret"])})
    response["Cache-Control"] = "no-store"
    return response


class WebhooksView(ApiView):
    """All webhooks of a partner."""

    reading_needs = actions.MANAGE

    @schema.operation(
        "Your webhooks, the newest first",
        tag=TAG,
        id="webhooks_list",
        answer="WebhookPage",
        query=LIST_QUERY,
    )
    def get(self, request: Request) -> Response:
        """How sending goes is told by each one's `status/`."""
        asked = LIST_QUERY.read_query(request.query_params)
        return Response(newest_first(request, visible_to(self.actor), asked, webhook_as_json))

    @schema.operation(
        "Set up a webhook",
        tag=TAG,
        id="webhooks_create",
        answer="WebhookWithSecret",
        status=201,
        body=CREATE,
        headers=(schema.idempotency_key(required=True), schema.ETAG, schema.REPLAYED),
        problems={409: "A partner has at most ten.", **schema.NOT_FOUND},
    )
    def post(self, request: Request) -> Response:
        """It is told what happens from now on, as far as this key may read it."""
        actor = self.actor
        key = key_of(request, required=True)
        values = CREATE.read(request.data)
        return once(
            request,
            key,
            request.data,
            lambda: _create(values, actor),
            status=201,
            answer=created_answer(TAG, _secret_answer),
        )


def _create(values: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    actor.require(actions.MANAGE)
    if actor.kind != "partner" or actor.id is None:
        raise Forbidden(_("A webhook belongs to a partner: set it up with the partner's key."))
    endpoint, secret = actions.create_webhook(
        actor.id,
        url=values["url"],
        kinds=_wanted(values["kinds"]),
        description=values["description"],
        actor=actor,
    )
    return _with_secret(endpoint, secret)


def _wanted(kinds: Sequence[str] | None) -> list[str]:
    """The kinds as they are stored: none means all."""
    return [] if not kinds or EVERY_KIND in kinds else list(kinds)


def happened_to(pk: int, seen: int, current: int, actor: Actor) -> Sequence[dict[str, Any]]:
    """What has changed the webhook between two versions."""
    bumps = ("webhook.changed", "webhook.secret_rotated", "webhook.switched_off")
    events = Event.objects.filter(stream=f"{WebhookEndpoint.KIND}:{pk}", kind__in=bumps)
    return last_events(events, current - seen, actor)


class WebhookView(ApiView):
    """One webhook."""

    reading_needs = actions.MANAGE

    @schema.one("One webhook", tag=TAG, id="webhooks_read", answer="Webhook")
    def get(self, request: Request, number: str) -> Response:
        """As you set it up. The ETag is its version."""
        return unless_known(request, read_webhook(find_id(number, self.actor)))

    @schema.change(
        "Change a webhook",
        tag=TAG,
        id="webhooks_change",
        answer="Webhook",
        body=CHANGE,
        conflict="The same request is still running.",
    )
    def patch(self, request: Request, number: str) -> Response:
        """What you leave out stays. Switched on again, it goes on with what waits."""
        pk = find_id(number, self.actor)
        key = key_of(request, required=False)
        seen = seen_version(request)
        given: Any = request.data or {}
        read = CHANGE.read(given)
        values = {name: value for name, value in read.items() if given.get(name) is not None}
        if "kinds" in values:
            values["kinds"] = _wanted(values["kinds"])
        with telling_what_happened(lambda current: happened_to(pk, seen, current, self.actor)):
            return once(
                request,
                key,
                request.data,
                lambda: self._change(pk, values, seen),
                status=200,
                answer=versioned_answer,
            )

    @schema.operation(
        "Delete a webhook",
        tag=TAG,
        id="webhooks_delete",
        answer="Webhook",
        headers=(schema.IF_MATCH,),
        problems={**schema.NOT_FOUND, **schema.STALE},
    )
    def delete(self, request: Request, number: str) -> Response:
        """Nothing is sent there any more; what waited is gone. Answers with what it was."""
        pk = find_id(number, self.actor)
        seen = seen_version(request)
        body = read_webhook(pk)
        with telling_what_happened(lambda current: happened_to(pk, seen, current, self.actor)):
            actions.delete_webhook(pk, seen=seen, actor=self.actor)
        return Response(body)

    def _change(self, pk: int, values: Mapping[str, Any], seen: int) -> dict[str, Any]:
        endpoint = actions.change_webhook(pk, values, seen=seen, actor=self.actor)
        return webhook_as_json(endpoint)


class WebhookStatusView(ApiView):
    """How sending to one webhook goes."""

    reading_needs = actions.MANAGE

    @schema.operation(
        "How sending to a webhook goes",
        tag=TAG,
        id="webhooks_status",
        answer="WebhookStatus",
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, number: str) -> Response:
        """How much waits, whether it is paused, and what went wrong last."""
        pk = find_id(number, self.actor)
        return Response(status_as_json(WebhookEndpoint.objects.defer("secrets").get(pk=pk)))


class WebhookDeliveriesView(ApiView):
    """The messages of one webhook."""

    reading_needs = actions.MANAGE

    @schema.operation(
        "Messages of a webhook, the newest first",
        tag=TAG,
        id="webhooks_deliveries",
        answer="WebhookDeliveryPage",
        query=DELIVERIES_QUERY,
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, number: str) -> Response:
        """What became of each in the last 30 days."""
        asked = DELIVERIES_QUERY.read_query(request.query_params)
        pk = find_id(number, self.actor)
        rows = (
            PartnerDelivery.objects.filter(endpoint=pk)
            .select_related("endpoint")
            .defer("endpoint__secrets")
        )
        if asked["state"]:
            rows = rows.filter(state__in=asked["state"])
        return Response(newest_first(request, rows, asked, delivery_as_json))


class WebhookVerbView(VerbView):
    """One verb of a webhook."""

    def find(self, number: str) -> int:
        return find_id(number, self.actor)

    def show(self, pk: int) -> dict[str, Any]:
        return read_webhook(pk)

    def happened_since(self, pk: int, seen: int, current: int) -> Sequence[dict[str, Any]]:
        return happened_to(pk, seen, current, self.actor)


class RotateView(WebhookVerbView):
    """The verb that answers with a secret; its answer is kept sealed for a repeat."""

    def post(self, request: Request, number: str) -> Response:
        """The new secret is in this answer only; the old one signs along for a day."""
        return super().post(request, number)

    def show_outcome(self, pk: int, outcome: tuple[WebhookEndpoint, str]) -> dict[str, Any]:
        return _with_secret(*outcome)

    def answer(self, status: int, body: dict[str, Any]) -> Response:
        return _secret_answer(status, body)
