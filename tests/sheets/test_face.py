"""django-import-export is the face; what it is known to get wrong by itself, it can't do here."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from import_export.results import RowResult

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import NotFound, WrongState
from ordercenter.core.models import Event
from orders.actions import set_memo
from orders.models import Order
from orders.sheets import runs, tasks
from orders.sheets.models import SheetRun
from orders.sheets.resources import OrderResource, OrderWorkbook, RunDataset, RunStorage
from tests.factories import OrderFactory
from tests.sheets.test_admin import CONFIRM, EXPORT, IMPORT, confirm, signed_in, upload
from tests.sheets.world import Sheet, export, person
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db


def looked_through(content: bytes, client: Client) -> SheetRun:
    upload(client, content)
    return SheetRun.objects.get(kind="import")


def test_a_row_that_turns_stale_between_preview_and_confirmation_is_told_not_dropped():
    client, user = signed_in()
    order, other = OrderFactory(), OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin")))
    content.set(order, seller_memo="mine").set(other, seller_memo="ok")
    run = looked_through(content.saved(), client)
    assert run.counts["applied"] == 2
    set_memo(order.pk, seen=None, text="faster", actor=SYSTEM)

    page = confirm(client, run).content.decode()

    assert "已写入 1 个单元格" in page and "1 个单元格未写入" in page
    assert "faster" in page and "mine" in page
    assert Order.objects.get(pk=order.pk).seller_memo == "faster"
    assert Order.objects.get(pk=other.pk).seller_memo == "ok"


def test_import_export_is_told_the_same_as_the_run():
    boss = person()
    same, mine, clash, untouched = (OrderFactory() for _ in range(4))
    sheet = Sheet(export(actor=boss))
    for order in (same, mine, clash):
        sheet.set(order, seller_memo="sheet")
    set_memo(same.pk, seen=None, text="sheet", actor=SYSTEM)
    set_memo(clash.pk, seen=None, text="theirs", actor=SYSTEM)
    run = runs.receive_workbook(_file(sheet), name="orders.xlsx", actor=boss)
    resource = OrderResource(actor=boss)

    preview = resource.import_data(RunDataset(run.pk), dry_run=True)
    done = resource.import_data(RunDataset(run.pk))

    for result in (preview, done):
        kinds = {row.object_repr: row.import_type for row in result}
        assert kinds == {
            same.number: RowResult.IMPORT_TYPE_SKIP,
            mine.number: RowResult.IMPORT_TYPE_UPDATE,
            clash.number: RowResult.IMPORT_TYPE_INVALID,
        }
        assert result.totals[RowResult.IMPORT_TYPE_SKIP] == 2, "untouched rows count too"
        assert result.total_rows == 4
        [wrong] = result.invalid_rows
        assert "theirs" in str(wrong.error_dict) and "system" in str(wrong.error_dict)
    assert Order.objects.get(pk=mine.pk).seller_memo == "sheet"
    assert Order.objects.get(pk=untouched.pk).version == untouched.version


def test_what_is_confirmed_went_through_the_actions():
    client, user = signed_in()
    order = OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin"))).set(order, seller_memo="mine")

    confirm(client, looked_through(content.saved(), client))

    event = Event.objects.get(stream=order.stream, kind="order.memo_set")
    assert (event.door, event.actor_id) == ("sheet", user.pk)
    assert Order.objects.get(pk=order.pk).version == order.version + 1
    assert broken_laws() == {}


@override_settings(IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT=True)
def test_the_escape_setting_neither_damages_texts_nor_is_needed():
    client, _user = signed_in()
    order = OrderFactory()
    told = {"seller_memo": "=1+1", "receiver_phone": "+8613800000000", "number": "001234567890"}
    Order.objects.filter(pk=order.pk).update(**told)
    order.refresh_from_db()

    made = client.post(reverse(EXPORT), {"format": "0", "resource": "0"}, follow=True)

    run = SheetRun.objects.get()
    assert f"/{run.pk}/file/" in made.content.decode()
    sheet = Sheet(OrderWorkbook().export_data(RunDataset(run.pk)))
    for key, text in told.items():
        cell = sheet.cell(order, key)
        assert (cell.value, cell.data_type) == (text, "s"), key
    assert sheet.cell(order, "seller_memo").quotePrefix
    assert sheet.cell(order, "receiver_district").value != "None"


def test_numbers_typed_over_texts_come_back_as_the_digits_that_were_seen():
    client, user = signed_in()
    order = OrderFactory(external_number="6901234567890123456")
    content = Sheet(export(actor=Actor.person(user, via="admin")))
    content.set(order, receiver_phone=13900001111, external_number=6901234567890123456)

    run = looked_through(content.saved(), client)
    confirm(client, run)

    order.refresh_from_db()
    assert order.receiver_phone == "13900001111"
    assert order.external_number == "6901234567890123456"
    cells = {cell.field: (cell.outcome, cell.reason) for cell in run.cells.all()}
    assert cells == {"receiver_phone": ("applied", ""), "": ("refused", "locked")}


def test_moments_are_texts_in_shanghai_time():
    client, _user = signed_in()
    order = OrderFactory(placed_at="2026-03-01T16:30:00Z")

    client.post(reverse(EXPORT), {"format": "0", "resource": "0"})

    sheet = Sheet(OrderWorkbook().export_data(RunDataset(SheetRun.objects.get().pk)))
    assert sheet.cell(order, "placed_at").value == "2026-03-02 00:30"


def test_an_upload_lies_in_the_storage_not_in_this_hosts_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    client, user = signed_in()
    order = OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin"))).set(order, seller_memo="mine")
    upload = content.saved()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    run = looked_through(upload, client)

    assert not list(tmp_path.iterdir())
    assert run.file.size == run.size
    RunStorage(name=str(run.pk)).remove()
    assert run.file.storage.exists(run.file.name), "the run keeps what was uploaded"


def test_only_the_owner_confirms_and_only_once():
    one, two = person("cs"), person("cs")
    order = OrderFactory()
    sheet = Sheet(export(actor=one)).set(order, note="once")
    run = runs.receive_workbook(_file(sheet), name="orders.xlsx", actor=one)
    OrderResource(actor=one).import_data(RunDataset(run.pk), dry_run=True)

    with pytest.raises(NotFound):
        OrderResource(actor=two).import_data(RunDataset(run.pk))
    with pytest.raises(WrongState):
        OrderResource(actor=person()).import_data(RunDataset(run.pk))
    OrderResource(actor=one).import_data(RunDataset(run.pk))
    with pytest.raises(WrongState):
        OrderResource(actor=one).import_data(RunDataset(run.pk))

    assert order.notes.count() == 1


def test_nothing_is_confirmed_by_a_link_or_by_somebody_elses_page():
    client, user = signed_in()
    order = OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin"))).set(order, seller_memo="mine")
    run = looked_through(content.saved(), client)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user, "django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse(CONFIRM)).status_code == 405
    assert confirm(strict, run).status_code == 403
    for wrong in ({}, {"import_file_name": "../../etc/passwd"}, {"import_file_name": "0"}):
        fields = {"original_file_name": "x", "format": "0", "resource": "0", **wrong}
        assert client.post(reverse(CONFIRM), fields).status_code in (302, 404)

    assert Order.objects.get(pk=order.pk).seller_memo == ""
    assert confirm(client, run).status_code == 200
    assert Order.objects.get(pk=order.pk).seller_memo == "mine"


def test_many_orders_are_exported_by_a_worker(monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []
    monkeypatch.setattr("orders.sheets.resources.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("orders.sheets.resources.async_task", lambda *a, **k: asked.append(a))
    client, _user = signed_in()
    OrderFactory()
    OrderFactory()

    page = client.post(f"{reverse(EXPORT)}?tab=review", {"format": "0", "resource": "0"})

    run = SheetRun.objects.get()
    assert asked == [("orders.sheets.tasks.export", run.pk)]
    assert page.headers["Location"] == reverse("admin:sheets_sheetrun_change", args=[run.pk])
    assert (run.state, run.query) == ("waiting", "tab=review")


def test_a_run_whose_worker_died_says_so_and_one_that_works_goes_on():
    boss = person()
    dead, alive = (runs.begin_export(actor=boss) for _ in range(2))
    working = SheetRun.objects.filter(pk__in=[dead.pk, alive.pk])
    working.update(state="running", phase="writing", beat_at=moments.now())
    SheetRun.objects.filter(pk=dead.pk).update(beat_at=moments.now() - runs.LOST_AFTER * 1.1)

    assert tasks.fail_lost_runs() == 1

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.state, dead.problem) == ("failed", "系统出错了。请重新导出订单。")
    assert (alive.state, alive.problem) == ("running", "")


def test_the_pages_are_import_exports_and_name_no_english_buttons():
    client, _user = signed_in()
    OrderFactory()

    for address in (reverse(EXPORT), reverse(IMPORT)):
        page = client.get(address).content.decode()
        assert 'name="format"' in page and 'name="resource"' in page
        assert "Submit" not in page and ">Import<" not in page


def _file(sheet: Sheet) -> Any:
    return BytesIO(sheet.saved())
