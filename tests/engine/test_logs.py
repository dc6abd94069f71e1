"""Structured logs: one JSON object a line, tied to its request."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.http import HttpResponse
from django.test import Client, RequestFactory

from ordercenter.engine import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the logging of this process writes, with the configuration of production."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure({"level": "DEBUG"})
    stream = io.StringIO()
    handler = next(h for h in root.handlers if isinstance(h, logging.StreamHandler))
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def handle(request, view=lambda request: HttpResponse()):
    return logs.RequestLogMiddleware(view)(request)


def test_our_own_and_libraries_lines_have_one_form(written):
    structlog.get_logger("ours").info("order_placed", order=7, name="李雷")
    logging.getLogger("theirs").warning("slow %s", "query", extra={"table": "orders"})

    ours, theirs = lines(written)
    assert ours["event"] == "order_placed"
    assert (ours["order"], ours["name"], ours["level"]) == (7, "李雷", "info")
    assert theirs["event"] == "slow query"
    assert (theirs["table"], theirs["logger"]) == ("orders", "theirs")
    assert set(ours) & set(theirs) >= {"event", "level", "logger", "timestamp"}


def test_every_line_of_a_request_carries_its_id(written):
    def view(request):
        logging.getLogger("theirs").info("inside")
        return HttpResponse()

    answer = handle(RequestFactory().get("/orders/", headers={"X-Request-Id": "abc-1"}), view)

    assert answer["X-Request-Id"] == "abc-1"
    assert {line["request_id"] for line in lines(written)} == {"abc-1"}
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\u4e2d", 'a"b', "a;b"])
def test_an_unfit_request_id_is_replaced(given):
    answer = handle(RequestFactory().get("/", headers={"X-Request-Id": given}))

    assert answer["X-Request-Id"] != given
    assert len(answer["X-Request-Id"]) == 32


def test_two_requests_have_two_ids():
    first, second = handle(RequestFactory().get("/")), handle(RequestFactory().get("/"))

    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_the_query_of_an_address_is_not_logged(written):
    handle(RequestFactory().get("/admin/", {"q": "13800138000"}))

    [line] = lines(written)
    assert line["path"] == "/admin/"
    assert "13800138000" not in written.getvalue()


def test_the_secret_part_of_a_hook_is_not_logged(written, client: Client):
    client.post("/hooks/kuaidi100/s3cret-t0ken/nothing-here/")
    handle(RequestFactory().post("/hooks/kuaidi100/s3cret-t0ken/"))
    structlog.get_logger("ours").warning("Forbidden: /hooks/kuaidi100/s3cret-t0ken/")

    assert "/hooks/kuaidi100/…/" in written.getvalue()
    assert "s3cret-t0ken" not in written.getvalue()


def test_a_traceback_shows_no_local_variables(written):
    def fail() -> None:
        phone = "13800138000"
        raise ValueError(len(phone))

    try:
        fail()
    except ValueError:
        logging.getLogger("ours").exception("failed")

    [line] = lines(written)
    assert "ValueError: 11" in line["exception"]
    assert "13800138000" not in line["exception"]


def test_probes_write_no_line_at_info(written):
    logging.getLogger().setLevel("INFO")

    handle(RequestFactory().get("/healthz"))
    handle(RequestFactory().get("/admin/"))

    assert [line["path"] for line in lines(written)] == ["/admin/"]


def test_the_request_id_is_known_inside_and_gone_outside():
    seen = []

    def view(request):
        seen.append(structlog.contextvars.get_contextvars()["request_id"])
        return HttpResponse()

    handle(RequestFactory().get("/", headers={"X-Request-Id": "r1"}), view)

    assert seen == ["r1"]
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_the_site_returns_the_request_id(client: Client):
    answer = client.get("/healthz", headers={"X-Request-Id": "probe.7"})

    assert answer["X-Request-Id"] == "probe.7"
