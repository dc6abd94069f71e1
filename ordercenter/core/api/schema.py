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
    responses |= _problems(problems or {})
    for code, text in (plain or {}).items():
        responses[code] = OpenApiResponse(description=text)
    return extend_schema(
        operation_id=id,
        summary=summary,
        tags=[tag],
        request={"application/json": body.schema()} if body else None,
        parameters=[*_query_parameters(query), *headers],
        responses=responses,
    )


def pdf(summary: str, *, tag: str, id: str, problems: Mapping[int, str]) -> Callable[[Any], Any]:
    """Describe a view's method that answers with a PDF."""
    responses: dict[Any, Any] = {
        (200, "application/pdf"): OpenApiResponse({"type": "string", "format": "binary"}, summary)
    }
    responses |= _problems(problems)
    return extend_schema(
        operation_id=id, summary=summary, tags=[tag], request=None, responses=responses
    )


def _problems(problems: Mapping[int, str]) -> dict[Any, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        (status, CONTENT_TYPE): OpenApiResponse(schema, text) for status, text in problems.items()
    }


def _query_parameters(query: Shape | None) -> list[OpenApiParameter]:
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
