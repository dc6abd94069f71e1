"""Verbs over HTTP: a change of one thing, decided on a version of it that was seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.idempotent import key_of, once
from ordercenter.core.api.preconditions import etag, seen_version
from ordercenter.core.api.shapes import Shape
from ordercenter.core.api.views import ApiView
from ordercenter.core.errors import ChangedMeanwhile

Values = Mapping[str, Any]
Call = Callable[[int, int, Values, Actor], object]


@dataclass(frozen=True, slots=True)
class Verb:
    """A change of a subject. `call` gets its id, the version seen, the input and the actor."""

    name: str
    summary: str
    shape: Shape
    call: Call


def versioned_answer(status: int, body: dict[str, Any]) -> Response:
    """A subject as the body, its version as the ETag."""
    response = Response(body, status=status)
    response["ETag"] = etag(body["version"])
    return response


class VerbView(ApiView, ABC):
    """One verb of one kind of subject; a subclass says how a subject is found and shown."""

    verb: ClassVar[Verb]

    @abstractmethod
    def find(self, number: str) -> int:
        """The id of the subject. Raises `NotFound`, also for what is not this actor's."""

    def lock(self, pk: int, seen: int) -> None:
        """Lock the subject in the version seen, where the actions don't do it themselves."""

    @abstractmethod
    def show(self, pk: int) -> dict[str, Any]:
        """The subject as it is now, with its `version`."""

    @abstractmethod
    def happened_since(self, pk: int, seen: int, current: int) -> Sequence[dict[str, Any]]:
        """What happened to the subject between the two versions."""

    def post(self, request: Request, number: str) -> Response:
        """Needs the version you decided on; answers with the subject as it is then."""
        pk = self.find(number)
        key = key_of(request, required=False)
        seen = seen_version(request)
        values = self.verb.shape.read(request.data or {})
        try:
            return once(
                request,
                key,
                request.data,
                lambda: self._carry_out(pk, seen, values),
                status=200,
                answer=versioned_answer,
            )
        except ChangedMeanwhile as stale:
            if current := stale.details.get("current"):
                stale.details["happened"] = self.happened_since(pk, seen, current)
            raise

    @transaction.atomic(savepoint=False)
    def _carry_out(self, pk: int, seen: int, values: Values) -> dict[str, Any]:
        self.lock(pk, seen)
        self.verb.call(pk, seen, values, self.actor)
        return self.show(pk)


def verb_view(base: type[VerbView], verb: Verb, *, noun: str, answer: str) -> Callable[..., Any]:
    """The view of one verb of a noun, described as such; `answer` names the schema component."""
    describe = schema.operation(
        verb.summary,
        tag=f"{noun}: verbs",
        id=f"{noun}_{verb.name}",
        answer=answer,
        body=verb.shape,
        headers=(
            schema.IF_MATCH,
            schema.idempotency_key(required=False),
            schema.ETAG,
            schema.REPLAYED,
        ),
        problems={
            **schema.NOT_FOUND,
            409: "Not possible now: wrong state, blocked, too late, out of stock.",
            412: "Somebody changed it: the `current` version, and what `happened` since.",
            428: "If-Match is missing.",
        },
    )

    def post(self: VerbView, request: Request, number: str) -> Response:
        return base.post(self, request, number)

    post.__doc__ = base.post.__doc__
    view: Any = type(f"{verb.name.title()}View", (base,), {"verb": verb, "post": describe(post)})
    made: Callable[..., Any] = view.as_view()
    return made
