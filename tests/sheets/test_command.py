"""`manage.py sheet`: the same road from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from orders.models import Order, OrderState
from tests.factories import OrderFactory, UserFactory
from tests.sheets.world import Sheet

pytestmark = pytest.mark.django_db


def test_export_edit_look_sync(tmp_path: Path):
    user = UserFactory(is_superuser=True)
    order = OrderFactory(state=OrderState.PENDING_FINANCE)
    OrderFactory()
    out, result = tmp_path / "out.xlsx", tmp_path / "result.xlsx"
    call_command("sheet", "export", str(out), "--as", user.username, "--query", "tab=finance")
    sheet = Sheet(out.read_bytes())
    assert sheet.main.max_row == 2
    out.write_bytes(sheet.set(order, seller_memo="terminal").saved())

    call_command("sheet", "sync", str(out), "--as", user.username, "--dry-run")
    assert Order.objects.get(pk=order.pk).seller_memo == ""

    call_command("sheet", "sync", str(out), "--as", user.username, "--result", str(result))
    assert Order.objects.get(pk=order.pk).seller_memo == "terminal"
    assert result.read_bytes().startswith(b"PK")


def test_a_refusal_is_one_sentence(tmp_path: Path):
    user = UserFactory(is_superuser=True)
    path = tmp_path / "x.xlsx"
    path.write_text("a,b")

    with pytest.raises(CommandError, match="Excel"):
        call_command("sheet", "sync", str(path), "--as", user.username)
    with pytest.raises(CommandError, match="nobody-here"):
        call_command("sheet", "sync", str(path), "--as", "nobody-here")
