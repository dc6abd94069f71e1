"""The finance pages as finance, service and others use them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ordercenter.console.roles import ROLES, grant_roles
from ordercenter.core import moments
from orders.finance.costs import cost_view
from orders.finance.models import (
    Cause,
    DailySheet,
    Difference,
    Invoice,
    SettlementFile,
    SettlementFormat,
)
from orders.models import Order
from tests.factories import ShopFactory, UserFactory
from tests.finance.test_settlements import NOON, entry, statement
from tests.finance.world import make_order
from tests.fulfilment.world import make_house
from tests.rma.world import delivered_order

pytestmark = pytest.mark.django_db
NUMBER = "25312000000000000001"


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    grant_roles()

    def make(role: str) -> Client:
        client = Client()
        user = UserFactory(roles=[role])
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def finance(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("finance")


def press(client: Client, model: str, pk: int | None, name: str, **values: object) -> str:
    """Open the dialog, then press the button; where the browser is sent."""
    url = reverse(f"admin:finance_{model}_{name}", args=[] if pk is None else [pk])
    opened = client.get(url, headers={"HX-Request": "true"})
    assert opened.status_code == 200, opened.headers
    data = {"_form_submitted": "true", **values}
    answer = client.post(url, data, headers={"HX-Request": "true"})
    assert "HX-Redirect" in answer.headers, answer.content.decode()[-3000:]
    return str(answer.headers["HX-Redirect"])


def page(client: Client, model: str, pk: int | None = None, query: str = "") -> str:
    where = "changelist" if pk is None else "change"
    url = reverse(f"admin:finance_{model}_{where}", args=[] if pk is None else [pk])
    answer = client.get(url + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_invoice_goes_its_way_by_buttons(signed_in: Callable[[str], Client]):
    make_house()
    order = delivered_order()
    service, finance = signed_in("cs"), signed_in("finance")

    press(
        service, "invoice", None, "ask", order_number=order.number, kind="general", title="王小明"
    )
    invoice = Invoice.objects.get()
    blocked = page(finance, "invoice", invoice.pk)
    assert "请先点击“采购成本”" in blocked
    press(finance, "invoice", invoice.pk, "look", fingerprint=cost_view(invoice).fingerprint)
    today = moments.now().astimezone(moments.SHANGHAI).date()
    press(finance, "invoice", invoice.pk, "issue", number=NUMBER, issued_on=f"{today}")
    assert "invoiced" in Order.objects.get(pk=order.pk).tags
    assert NUMBER in page(finance, "invoice", invoice.pk)
    card = finance.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert NUMBER in card and "已查看采购成本" in card
    press(finance, "invoice", invoice.pk, "take_back", reason="退货")
    assert "invoiced" not in Order.objects.get(pk=order.pk).tags
    for tab in ("to_issue", "too_high", "asked", "issued", "all"):
        page(finance, "invoice", query=f"?tab={tab}")
    assert NUMBER in page(finance, "invoice", query=f"?q={NUMBER}")


def test_service_asks_but_sees_no_costs(signed_in: Callable[[str], Client]):
    make_house()
    order = delivered_order()
    service = signed_in("cs")
    press(service, "invoice", None, "ask", order_number=order.number, kind="general", title="王")
    invoice = Invoice.objects.get()

    shown = page(service, "invoice", invoice.pk)

    assert "采购成本" not in shown
    for name in ("look", "issue", "refuse", "take_back"):
        url = reverse(f"admin:finance_invoice_{name}", args=[invoice.pk])
        assert service.get(url).status_code == service.post(url).status_code == 403


def test_a_settlement_file_is_loaded_and_its_difference_accepted(finance: Client):
    shop = ShopFactory()
    missing = make_order("10.00", placed=NOON, paid=NOON, shop=shop)
    layout = SettlementFormat.objects.get(name="支付宝账务明细")
    content = statement(entry("L1", "x", income="1.00"))

    where = press(
        finance,
        "settlementfile",
        None,
        "load",
        shop=shop.pk,
        format=layout.pk,
        file=SimpleUploadedFile("账单.csv", content),
    )

    found = SettlementFile.objects.get()
    assert where == reverse("admin:finance_settlementfile_change", args=[found.pk])
    shown = page(finance, "settlementfile", found.pk)
    assert "未知订单 1" in shown and "结算中缺失 1" in shown
    page(finance, "settlementfile")
    lines = page(finance, "settlementline", query=f"?tab=all&settlement__id__exact={found.pk}")
    assert "未知订单" in lines
    page(finance, "settlementline", found.lines.get().pk)
    difference = Difference.objects.get(cause=Cause.MISSING_THEIRS)
    assert missing.number in page(finance, "difference", query="?tab=open")
    press(finance, "difference", difference.pk, "accept", reason="已核对")
    assert "已核对" in page(finance, "difference", difference.pk)


def test_the_same_file_again_is_told_beside_the_dialog(finance: Client):
    shop = ShopFactory()
    layout = SettlementFormat.objects.get(name="支付宝账务明细")
    content = statement(entry("L1", "x", income="1.00"))
    values = {"_form_submitted": "true", "shop": shop.pk, "format": layout.pk}
    url = reverse("admin:finance_settlementfile_load")
    for _time in range(2):
        answer = finance.post(url, {**values, "file": SimpleUploadedFile("账单.csv", content)})

    told = finance.get(answer.headers["Location"]).content.decode()
    assert "这份内容已经导入过" in told
    assert SettlementFile.objects.count() == 1


def test_a_sheet_is_made_kept_and_downloaded(finance: Client):
    make_order("12.50", placed=NOON, paid=NOON)

    press(finance, "dailysheet", None, "make", first_day="2026-11-20", last_day="2026-11-20")

    sheet = DailySheet.objects.get()
    assert (sheet.figures["paid"], sheet.user is not None) == ("12.50", True)
    assert "¥12.50" in page(finance, "dailysheet")
    page(finance, "dailysheet", sheet.pk)
    answer = finance.get(reverse("admin:finance_dailysheet_file", args=[sheet.pk]))
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == ["汇总", "订单", "收款", "退款单", "结算明细", "差异"]


def test_formats_and_checks_open(finance: Client):
    layout = SettlementFormat.objects.get(name="支付宝账务明细")

    assert "账务流水号" in page(finance, "settlementformat", layout.pk)
    page(finance, "settlementformat")
    page(finance, "financegate")


PAGES = {
    "dailysheet": {"finance", "director"},
    "settlementfile": {"finance", "director"},
    "settlementline": {"finance", "director"},
    "difference": {"finance", "director"},
    "invoice": {"finance", "director", "cs", "sales", "supervisor"},
    "settlementformat": {"finance"},
    "financegate": {"finance", "director"},
}


@pytest.mark.parametrize("model", sorted(PAGES))
def test_pages_open_for_these_roles_only(model: str, signed_in: Callable[[str], Client]):
    address = reverse(f"admin:finance_{model}_changelist")

    opened = {role for role in ROLES if signed_in(role).get(address).status_code == 200}

    assert opened == PAGES[model]


def test_who_may_not_see_sheets_gets_no_file(finance: Client, signed_in: Callable[[str], Client]):
    make_order("12.50", placed=NOON, paid=NOON)
    press(finance, "dailysheet", None, "make", first_day="2026-11-20", last_day="2026-11-20")
    url = reverse("admin:finance_dailysheet_file", args=[DailySheet.objects.get().pk])

    assert signed_in("warehouse").get(url).status_code == 403
