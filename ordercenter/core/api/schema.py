"""The OpenAPI description: built from the shapes that read the input, so it can't differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from ordercenter.core.api.problems import CONTENT_TYPE
from ordercenter.core.api.shapes import Shape

_COMPONENTS: dict[str, dict[str, Any]] = {
    "Problem": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable; let your program decide by it."},
            "detail": {"type": "string"},
            "fields": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "description": "What is wrong with which field (422).",
            },
        },
        "required": ["type", "title", "status", "code", "detail"],
        "additionalProperties": True,
    }
}

# What any operation may answer besides its own results.
_EVERYWHERE = {
    "400": "The request can't be read.",
    "401": "No valid key or session.",
    "403": "The key or the person may not do this.",
    "406": "Another format than JSON was asked for.",
    "422": "Some of the input is not right; see `fields`.",
    "429": "Too many requests; wait as long as Retry-After says.",
    "503": "It did not work out; try again.",
}
_WITH_BODY = {
    "413": "The body is larger than 1 MB.",
    "415": "The body is not JSON.",
}

NOT_FOUND = {404: "There is no such thing, or it is not yours."}
STALE = {
    412: "Somebody changed it: the `current` version, and what `happened` since.",
    428: "If-Match is missing.",
}
BINARY: dict[str, Any] = {"type": "string", "format": "binary"}

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    pattern=r'^"\d{1,9}"$',
    description='The ETag of the version you decided on, such as `"7"`.',
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag you have; 304 when it is still the present one.",
)
ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="The version.",
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="`true` when this is the stored answer of an earlier request.",
)


def idempotency_key(*, required: bool) -> OpenApiParameter:
    """The header that makes a request safe to repeat."""
    return OpenApiParameter(
        "Idempotency-Key",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=required,
        pattern=r"^[\x21-\x7e]{1,120}$",
        description="A text of your own for this request. Sent again, it gets the same answer.",
    )


def components(schemas: Mapping[str, dict[str, Any]]) -> None:
    """Name schemas, so that answers can point at them."""
    _COMPONENTS.update(schemas)


def operation(
    summary: str,
    *,
    tag: str,
    id: str,
    answer: str,
    status: int = 200,
    body: Shape | None = None,
    query: Shape | None = None,
    headers: tuple[OpenApiParameter, ...] = (),
    problems: Mapping[int, str] | None = None,
    plain: Mapping[int, str] | None = None,
) -> Callable[[Any], Any]:
    """Describe a view's method: `answer` names the component it answers with.

    `problems` are the refusals of its own, `plain` its answers without a body.
    """
    responses: dict[Any, Any] = {
        status: OpenApiResponse({"$ref": f"#/components/schemas/{answer}"}, summary)
    }
    responses |= refusals(problems or {})
    for code, text in (plain or {}).items():
        responses[code] = OpenApiResponse(description=text)
    return extend_schema(
        operation_id=id,
        summary=summary,
        tags=[tag],
        request={"application/json": body.schema()} if body else None,
        parameters=[*query_parameters(query), *headers],
        responses=responses,
    )


def one(summary: str, *, tag: str, id: str, answer: str) -> Callable[[Any], Any]:
    """Describe the reading of one subject that has versions; see `verbs.unless_known`."""
    return operation(
        summary,
        tag=tag,
        id=id,
        answer=answer,
        headers=(IF_NONE_MATCH, ETAG),
        problems=NOT_FOUND,
        plain={304: "You have this version already."},
    )


def change(
    summary: str,
    *,
    tag: str,
    id: str,
    answer: str,
    body: Shape,
    conflict: str,
) -> Callable[[Any], Any]:
    """Describe a change of a version that was seen; `conflict` says what 409 means."""
    return operation(
        summary,
        tag=tag,
        id=id,
        answer=answer,
        body=body,
        headers=(IF_MATCH, idempotency_key(required=False), ETAG, REPLAYED),
        problems={**NOT_FOUND, 409: conflict, **STALE},
    )


def download(
    summary: str,
    *,
    tag: str,
    id: str,
    media_type: str,
    problems: Mapping[int, str],
    query: Shape | None = None,
) -> Callable[[Any], Any]:
    """Describe a view's method that answers with a file."""
    responses: dict[Any, Any] = {(200, media_type): OpenApiResponse(BINARY, summary)}
    return extend_schema(
        operation_id=id,
        summary=summary,
        tags=[tag],
        request=None,
        parameters=query_parameters(query),
        responses=responses | refusals(problems),
    )


def refusals(problems: Mapping[int, str]) -> dict[Any, Any]:
    """The refusals as they are described: problem details, each with its sentence."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        (status, CONTENT_TYPE): OpenApiResponse(schema, text) for status, text in problems.items()
    }


def query_parameters(query: Shape | None) -> list[OpenApiParameter]:
    """The fields of a query string as they are described."""
    if query is None:
        return []
    return [
        OpenApiParameter(
            field.name,
            field.schema(),
            OpenApiParameter.QUERY,
            required=field.required,
            description=field.about,
        )
        for field in query.fields
    ]


def complete(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Spectacular's last step: add named schemas and the refusals every operation may answer."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(_COMPONENTS)
    for item in result["paths"].values():
        for described in item.values():
            if isinstance(described, dict) and "responses" in described:
                _add_refusals(described)
    return result


def _add_refusals(described: dict[str, Any]) -> None:
    refusals = dict(_EVERYWHERE)
    if "requestBody" in described:
        refusals |= _WITH_BODY
    for status, text in refusals.items():
        described["responses"].setdefault(
            status,
            {
                "description": text,
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
