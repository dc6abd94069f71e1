"""The pages beside the order list, as people use them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.models import User
from orders.actions import set_memo
from orders.models import Order, OrderState
from orders.sheets import resources, tasks
from orders.sheets.models import SheetRun
from tests.factories import OrderFactory, UserFactory
from tests.sheets.world import Sheet, export

pytestmark = pytest.mark.django_db
EXPORT, IMPORT = "admin:orders_order_export", "admin:orders_order_import"
CONFIRM = "admin:orders_order_process_import"
FORM = {"format": "0", "resource": "0"}


def signed_in(*roles: str, **fields: Any) -> tuple[Client, User]:
    user = UserFactory(roles=roles, is_superuser=not roles, **fields)
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client, user


def upload(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("orders.xlsx", content)
    return client.post(reverse(IMPORT), {**FORM, "import_file": file}, follow=True)


def confirm(client: Client, run: SheetRun) -> Any:
    fields = {"import_file_name": run.pk, "original_file_name": run.name, **FORM}
    return client.post(reverse(CONFIRM), fields, follow=True)


def workbook(answer: Any) -> Sheet:
    return Sheet(b"".join(answer.streaming_content))


def test_the_list_offers_both_ways_and_the_export_keeps_its_filters():
    client, _user = signed_in()
    wanted = OrderFactory(state=OrderState.PENDING_FINANCE)
    OrderFactory()
    shown = client.get(reverse("admin:orders_order_changelist"), {"tab": "finance"})
    assert f"{reverse(EXPORT)}?tab=finance" in shown.content.decode()
    assert reverse(IMPORT) in shown.content.decode()

    done = client.post(f"{reverse(EXPORT)}?tab=finance", FORM, follow=True)

    run = SheetRun.objects.get()
    assert (run.state, run.counts) == ("done", {"rows": 1})
    file = reverse("admin:sheets_sheetrun_file", args=[run.pk])
    assert file in done.content.decode()
    sheet = workbook(client.get(file))
    assert [row[0].value for row in sheet.main.iter_rows(min_row=2)] == [wanted.number]


def test_upload_shows_everything_first_and_writes_on_confirmation():
    client, user = signed_in()
    order, other = OrderFactory(), OrderFactory()
    content = export(actor=Actor.person(user, via="admin"))
    set_memo(other.pk, seen=None, text="别人的", actor=SYSTEM)
    sheet = Sheet(content).set(order, seller_memo="我的").set(other, seller_memo="也是我的")

    looked = upload(client, sheet.saved())

    page = looked.content.decode()
    assert "别人的" in page and "也是我的" in page and "system" in page
    assert Order.objects.get(pk=order.pk).seller_memo == ""
    run = SheetRun.objects.get(kind="import")
    assert reverse(CONFIRM) in page and f'value="{run.pk}"' in page

    told = confirm(client, run).content.decode()

    assert "已写入 1 个单元格" in told and "1 个单元格未写入" in told
    run.refresh_from_db()
    assert (run.state, run.counts["applied"], run.counts["conflict"]) == ("done", 1, 1)
    assert Order.objects.get(pk=order.pk).seller_memo == "我的"
    assert Order.objects.get(pk=other.pk).seller_memo == "别人的"
    result = workbook_of_result(client, run)
    assert "A2" in result and "冲突" in str(result["conflict"])
    confirm(client, run)
    assert Order.objects.get(pk=order.pk).version == 2


def workbook_of_result(client: Client, run: SheetRun) -> dict[str, Any]:
    answer = client.get(reverse("admin:sheets_sheetrun_result", args=[run.pk]))
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    main, cells = book.worksheets
    colours = {
        cell.fill.fgColor.rgb
        for row in main.iter_rows(min_row=2)
        for cell in row
        if cell.fill.fill_type
    }
    assert colours == {"FFBBF7D0", "FFFECACA"}
    rows = [[cell.value for cell in row] for row in cells.iter_rows(min_row=2)]
    conflict = next(row for row in rows if row[4:6] == ["别人的", "也是我的"])
    return {"A2": main["A2"].value, "conflict": conflict}


def test_a_long_upload_is_looked_through_by_a_worker(monkeypatch: pytest.MonkeyPatch):
    client, user = signed_in()
    order = OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin"))).set(order, seller_memo="x")
    asked: list[Any] = []
    monkeypatch.setattr(resources, "BYTES_AT_ONCE", 10)
    monkeypatch.setattr(resources, "async_task", lambda *args, **kwargs: asked.append(args))

    waiting = upload(client, content.saved())

    run = SheetRun.objects.get(kind="import")
    assert asked == [("orders.sheets.tasks.look_through", run.pk)]
    progress = reverse("admin:sheets_sheetrun_progress", args=[run.pk])
    assert progress in waiting.content.decode()
    assert client.get(progress).json()["state"] == "waiting"
    assert tasks.look_through(run.pk) == "looked"
    assert tasks.apply(run.pk) == "done"
    assert client.get(progress).json() == {"state": "done", "says": "已完成", "done": 1, "total": 1}
    assert Order.objects.get(pk=order.pk).seller_memo == "x"


def test_a_bad_workbook_gets_a_clear_answer():
    client, _user = signed_in()

    page = upload(client, b"PK\x03\x04 broken").content.decode()

    run = SheetRun.objects.get()
    assert (run.state, run.problem_code) == ("failed", "workbook_truncated")
    assert run.problem in page


def test_nobody_sees_the_runs_of_others_and_only_the_owner_confirms():
    owner, user = signed_in("cs")
    other, _other = signed_in("cs")
    watcher, _boss = signed_in()
    order = OrderFactory()
    content = Sheet(export(actor=Actor.person(user, via="admin"))).set(order, seller_memo="x")
    upload(owner, content.saved())
    run = SheetRun.objects.get(kind="import")
    page = reverse("admin:sheets_sheetrun_change", args=[run.pk])

    assert owner.get(page).status_code == 200
    assert other.get(page).status_code == 404
    assert watcher.get(page).status_code == 200
    confirm(watcher, run)
    assert confirm(other, run).status_code == 404
    assert Order.objects.get(pk=order.pk).seller_memo == ""
    assert "orders.xlsx" not in other.get(reverse(IMPORT)).content.decode()


@pytest.mark.parametrize("role", ["finance", "director"])
def test_roles_without_receivers_get_stars_in_file_and_result(role: str):
    client, _user = signed_in(role)
    order = OrderFactory()
    client.post(reverse(EXPORT), FORM)
    run = SheetRun.objects.get()

    sheet = workbook(client.get(reverse("admin:sheets_sheetrun_file", args=[run.pk])))

    assert sheet.cell(order, "receiver_name").value == "王**"
    everything = " ".join(
        str(cell.value) for ws in sheet.book.worksheets for row in ws.iter_rows() for cell in row
    )
    assert "13812345678" not in everything and "王小明" not in everything
    assert "269 号" not in everything


def test_the_role_decides_which_state_cells_work():
    client, user = signed_in("finance")
    review = OrderFactory()
    finance = OrderFactory(state=OrderState.PENDING_FINANCE)
    sheet = Sheet(export(actor=Actor.person(user, via="admin")))
    sheet.set(review, state="待核款").set(finance, state="备货中")

    page = upload(client, sheet.saved()).content.decode()

    run = SheetRun.objects.get(kind="import")
    refused = run.cells.get(order_id=review.pk)
    assert (refused.reason, bool(refused.message)) == ("forbidden", True)
    assert refused.message in page
    confirm(client, run)
    assert Order.objects.get(pk=review.pk).state == OrderState.PENDING_REVIEW
    assert Order.objects.get(pk=finance.pk).state == OrderState.PREPARING


def test_who_may_not_see_orders_comes_nowhere():
    user = UserFactory()
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")

    for name in (EXPORT, IMPORT, "admin:sheets_sheetrun_changelist"):
        assert client.get(reverse(name)).status_code == 403
