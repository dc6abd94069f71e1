"""Structured logs: one JSON object a line, each with the id of the request it belongs to.

Settings use it with `LOGGING_CONFIG = "ordercenter.engine.logs.configure"` and
`LOGGING = {"level": "INFO", "format": "json"}` ("text" for reading with the eye).
"""

import logging
import logging.config
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

REQUEST_ID_HEADER = "X-Request-Id"
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Polled every few seconds by machines: worth a line only when somebody looks for it.
QUIET_PATHS = ("/healthz", "/readyz", "/metrics", "/static/")

# The last part of an address that other systems call is a secret: whoever knows it may push.
SECRET_ADDRESS = re.compile(r"(/hooks/[^/\s]+/)[^/\s]+")


def hide_secret_addresses(
    _logger: Any, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Cut the secret out of addresses, in our own lines and in those of Django."""
    if "request" in line:  # Django hands over the whole request
        line["request"] = str(line["request"])
    for name, text in line.items():
        if isinstance(text, str) and "/hooks/" in text:
            line[name] = SECRET_ADDRESS.sub(r"\1…", text)
    return line


SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(),
    hide_secret_addresses,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(choices: Mapping[str, Any]) -> None:
    """Send every log line of this process, ours and the libraries', to stderr in one form.

    `choices` holds `level` (default INFO) and `format`, "json" (default) or "text".
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    level = choices.get("level", "INFO")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": _formatter(choices.get("format", "json"))},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django": {"handlers": [], "propagate": True},
                # q2 reports every enqueued task at INFO, httpx every call.
                "django-q": {"level": "WARNING", "handlers": [], "propagate": True},
                "httpx": {"level": "WARNING"},
                "axes": {"level": "WARNING"},
                "environ": {"level": "WARNING"},
            },
        }
    )


def _formatter(form: str) -> dict[str, Any]:
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ]
    if form == "json":
        last += [
            # As text, without local variables: those hold customers' data.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last.append(structlog.dev.ConsoleRenderer())
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED_PROCESSORS,
        "processors": last,
    }


class RequestLogMiddleware:
    """Give each request an id, write it into every log line, and return it to the caller.

    A caller's own X-Request-Id is kept when it is short and harmless. The request line names the
    path without its query: searches contain phone numbers and names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("ordercenter.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.perf_counter()
        try:
            response = self.get_response(request)
            self._write_line(request, response.status_code, begun)
        finally:
            structlog.contextvars.clear_contextvars()
        response[REQUEST_ID_HEADER] = request_id
        return response

    def _write_line(self, request: HttpRequest, status: int, begun: float) -> None:
        is_quiet = status < 500 and request.path.startswith(QUIET_PATHS)
        write = self.log.debug if is_quiet else self.log.info
        write(
            "request",
            method=request.method,
            path=request.path,
            status=status,
            ms=round((time.perf_counter() - begun) * 1000, 1),
        )


def request_id_of(request: HttpRequest) -> str:
    """The caller's request id when it is acceptable, else a fresh one."""
    given = request.headers.get(REQUEST_ID_HEADER, "")
    return given if ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
