"""Reading JSON bodies strictly: amounts stay exact, sizes are bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ordercenter.core.errors import DomainError

LARGEST_BODY = 1024 * 1024


class BodyTooLarge(DomainError):
    """More bytes than any request of this API needs."""

    code = "body_too_large"
    status = 413
    title = _("The request is larger than 1 MB. Send it in parts.")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON of at most 1 MB; numbers with decimals become `Decimal`, NaN is no number."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        try:
            return json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
        # Decimal refuses absurd exponents with an ArithmeticError.
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
