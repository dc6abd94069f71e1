"""Verbs over HTTP: a change of one thing, decided on a version of it that was seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.urls import URLPattern, re_path
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core.actor import Actor
from ordercenter.core.api import schema
from ordercenter.core.api.idempotent import Answer, key_of, once
from ordercenter.core.api.preconditions import etag, is_known, seen_version
from ordercenter.core.api.shapes import Shape
from ordercenter.core.api.views import ApiView
from ordercenter.core.errors import ChangedMeanwhile

Values = Mapping[str, Any]
Call = Callable[[int, int, Values, Actor], Any]


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


def created_answer(collection: str, answer: Answer = versioned_answer) -> Answer:
    """An answer that also says where the new subject is: under `/api/v1/<collection>/`."""

    def located(status: int, body: dict[str, Any]) -> Response:
        response = answer(status, body)
        response["Location"] = f"/api/v1/{collection}/{body['number']}/"
        return response

    return located


def unless_known(request: Request, body: dict[str, Any]) -> Response:
    """The subject, or 304 for a caller who has this version already."""
    if is_known(request, body["version"]):
        return Response(status=304, headers={"ETag": etag(body["version"])})
    return versioned_answer(200, body)


@contextmanager
def telling_what_happened(since: Callable[[int], Sequence[dict[str, Any]]]) -> Iterator[None]:
    """A refused stale version also names the events that led to the `current` one."""
    try:
        yield
    except ChangedMeanwhile as stale:
        if current := stale.details.get("current"):
            stale.details["happened"] = since(current)
        raise


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

    def show_outcome(self, pk: int, outcome: Any) -> dict[str, Any]:
        """What is answered after the verb has returned this outcome."""
        return self.show(pk)

    def answer(self, status: int, body: dict[str, Any]) -> Response:
        """The response of a status and a body."""
        return versioned_answer(status, body)

    def post(self, request: Request, number: str) -> Response:
        """Needs the version you decided on; answers with the subject as it is then."""
        pk = self.find(number)
        key = key_of(request, required=False)
        seen = seen_version(request)
        values = self.verb.shape.read(request.data or {})
        with telling_what_happened(lambda current: self.happened_since(pk, seen, current)):
            return once(
                request,
                key,
                request.data,
                lambda: self._carry_out(pk, seen, values),
                status=200,
                answer=self.answer,
            )

    @transaction.atomic(savepoint=False)
    def _carry_out(self, pk: int, seen: int, values: Values) -> dict[str, Any]:
        self.lock(pk, seen)
        outcome = self.verb.call(pk, seen, values, self.actor)
        return self.show_outcome(pk, outcome)


def verb_view(base: type[VerbView], verb: Verb, *, noun: str, answer: str) -> Callable[..., Any]:
    """The view of one verb of a noun, described as such; `answer` names the schema component."""
    describe = schema.change(
        verb.summary,
        tag=f"{noun}: verbs",
        id=f"{noun}_{verb.name}",
        answer=answer,
        body=verb.shape,
        conflict="Not possible now: wrong state, blocked, too late, out of stock.",
    )

    def post(self: VerbView, request: Request, number: str) -> Response:
        return base.post(self, request, number)

    post.__doc__ = base.post.__doc__
    view: Any = type(f"{verb.name.title()}View", (base,), {"verb": verb, "post": describe(post)})
    made: Callable[..., Any] = view.as_view()
    return made


def verb_routes(
    route: str, base: type[VerbView], verbs: Iterable[Verb], *, noun: str, answer: str, name: str
) -> list[URLPattern]:
    """An address for each verb under the subject's `route`, named `<name>-<verb>`."""
    return [
        re_path(
            rf"{route}{verb.name}/$",
            verb_view(base, verb, noun=noun, answer=answer),
            name=f"{name}-{verb.name}",
        )
        for verb in verbs
    ]
