"""The order card: five dimensions, a timeline, and buttons that call actions."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from inventory.models import Reservation
from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from orders.actions import hold_order
from orders.models import Attachment, OrderState, Urgency
from tests.factories import OrderFactory

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


def press(client, order, verb, **fields):
    body = {"_form_submitted": "on", "seen": order.version, "heard": 0, **fields}
    return client.post(reverse(f"admin:orders_order_{verb}", args=[order.pk]), body)


def said(answer_or_client, order):
    page = answer_or_client.get(reverse("admin:orders_order_change", args=[order.pk]))
    return [str(message) for message in page.context["messages"]]


def test_the_card_shows_five_dimensions_and_the_timeline(signed_in):
    order = OrderFactory()

    page = signed_in("cs").get(reverse("admin:orders_order_change", args=[order.pk]))

    text = page.content.decode()
    for dimension in ("customer", "goods", "process", "collaboration", "risk"):
        assert f'id="dimension-{dimension}"' in text
    assert [line.what for line in page.context["card"].story] == ["订单进入系统"]


def test_a_press_calls_the_action_and_says_so(signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    client = signed_in("cs")

    answer = press(client, order, "approve")

    order.refresh_from_db()
    assert order.state == OrderState.PENDING_FINANCE
    assert answer.status_code == 302
    assert said(client, order) == ["审核已通过，转财务核款。"]


def test_htmx_is_sent_on_by_a_header(signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    address = reverse("admin:orders_order_approve", args=[order.pk])

    answer = signed_in("cs").post(
        address, {"_form_submitted": "on", "seen": order.version}, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == reverse("admin:orders_order_change", args=[order.pk])


def test_looking_at_a_dialog_changes_nothing(signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)

    answer = signed_in("cs").get(reverse("admin:orders_order_approve", args=[order.pk]))

    assert 'id="dialog"' in answer.content.decode()
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_a_press_without_the_token_of_the_page_is_refused(staff):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("cs"))

    answer = press(client, order, "approve")

    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_a_refusal_is_told_in_chinese_and_changes_nothing(signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    hold_order(order.pk, reason="等客户确认", actor=SYSTEM)
    client = signed_in("cs")

    press(client, order, "approve")

    assert said(client, order) == ["请先处理工单“等客户确认”。"]
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_a_blocked_move_shows_its_reason_instead_of_a_button(signed_in):
    order = OrderFactory(state=OrderState.PENDING_REVIEW)
    hold_order(order.pk, reason="等客户确认", actor=SYSTEM)

    bar = signed_in("cs").get(reverse("admin:orders_order_change", args=[order.pk])).context["bar"]

    approve = next(shown for shown in bar if shown.button.name == "approve")
    assert (approve.url, approve.refusal) == ("", "请先处理工单“等客户确认”。")


@pytest.mark.parametrize(
    "state", [OrderState.PENDING_PAYMENT, OrderState.PREPARING, OrderState.COMPLETED]
)
def test_a_move_that_is_not_possible_has_no_button(state, signed_in):
    order = OrderFactory(state=state)

    bar = signed_in("cs").get(reverse("admin:orders_order_change", args=[order.pk])).context["bar"]

    assert "approve" not in {shown.button.name for shown in bar}


def test_bad_input_comes_back_beside_its_field_with_what_was_typed(signed_in):
    order = OrderFactory()
    address = {"name": "李雷", "phone": "123", "province": "浙江省", "city": "杭州市"}

    answer = press(signed_in("cs"), order, "change_address", street="不知道", **address)

    form = answer.context["form"]
    assert form.errors["phone"] == ["该电话号码无法拨打。"]
    assert "street" in form.errors
    assert form["name"].value() == "李雷"
    order.refresh_from_db()
    assert order.receiver_name == "王小明"


def test_what_is_urgent_says_by_when_and_why(signed_in):
    order = OrderFactory(state=OrderState.PREPARING)
    client = signed_in("cs")

    refused = press(client, order, "set_urgency", urgency="red")
    press(
        client,
        order,
        "set_urgency",
        urgency="red",
        wanted_by="2030-05-01T18:30",
        reason="baby_food",
        note="家长已来电两次",
    )

    assert set(refused.context["form"].errors) == {"wanted_by", "reason"}
    order.refresh_from_db()
    assert (order.urgency, order.urgent_reason, order.tags) == ("red", "baby_food", ["加急"])
    assert f"{order.wanted_by.astimezone(moments.SHANGHAI):%Y-%m-%d %H:%M}" == "2030-05-01 18:30"


def test_what_is_no_longer_urgent_needs_no_reason(signed_in):
    order = OrderFactory(state=OrderState.PREPARING, urgency=Urgency.RED)

    press(signed_in("cs"), order, "set_urgency", urgency="normal")

    order.refresh_from_db()
    assert order.urgency == Urgency.NORMAL


def test_a_starred_address_is_not_offered_to_be_saved(signed_in):
    order = OrderFactory()
    type(order).objects.filter(pk=order.pk).update(
        receiver_name="王**", receiver_phone="138****5678", receiver_is_masked=True
    )

    answer = signed_in("cs").get(reverse("admin:orders_order_change_address", args=[order.pk]))

    form = answer.context["form"]
    assert [form[name].initial for name in ("name", "phone", "street")] == ["", "", ""]


def test_the_owner_revises_lines_in_a_dialog(signed_in, staff):
    owner = staff("sales")
    order = OrderFactory()
    type(order).objects.filter(pk=order.pk).update(brought_in_by=owner)
    line = order.lines.get()
    client = signed_in("sales")
    client.force_login(owner)
    fields = {
        f"lines-{line.pk}-sku": line.sku_code,
        f"lines-{line.pk}-quantity": "3",
        f"lines-{line.pk}-price": "9.50",
        "reason": "客户加购",
    }

    press(client, order, "revise", **fields)

    line.refresh_from_db()
    assert (line.quantity, str(line.amount)) == (3, "28.50")
    assert Reservation.objects.get(line=line.pk, state="confirmed").quantity == 3


@pytest.mark.parametrize("quantity", ["0", "-1", "x", "", "99999999999999999999"])
def test_a_revision_in_nonsense_is_refused_in_the_form(quantity, signed_in):
    order = OrderFactory()
    line = order.lines.get()
    fields = {
        f"lines-{line.pk}-sku": line.sku_code,
        f"lines-{line.pk}-quantity": quantity,
        f"lines-{line.pk}-price": "9.50",
        "reason": "客户加购",
    }

    answer = press(signed_in("root"), order, "revise", **fields)

    assert "lines" in answer.context["form"].errors
    line.refresh_from_db()
    assert line.quantity == 1


def test_a_file_is_attached_and_comes_back_as_a_download(signed_in):
    order = OrderFactory()
    client = signed_in("cs")

    press(client, order, "attach", kind="photo", file=SimpleUploadedFile("装箱.png", PNG))

    attachment = Attachment.objects.get(order=order)
    address = reverse("admin:orders_order_file", args=[order.pk, attachment.pk])
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"].startswith("attachment")
    assert Client().get(address).status_code == 302


def test_a_file_of_another_order_is_not_there(signed_in):
    order, other = OrderFactory(), OrderFactory()
    client = signed_in("cs")
    press(client, order, "attach", kind="photo", file=SimpleUploadedFile("a.png", PNG))
    attachment = Attachment.objects.get()

    answer = client.get(reverse("admin:orders_order_file", args=[other.pk, attachment.pk]))

    assert answer.status_code == 404


def test_a_file_that_is_not_what_it_says_is_refused(signed_in):
    order = OrderFactory()
    file = SimpleUploadedFile("a.png", b"<script>")

    answer = press(signed_in("cs"), order, "attach", kind="photo", file=file)

    assert answer.context["form"].errors["file"] == [
        "仅支持图片（JPG、PNG、WebP）、PDF 和 MP4 文件。"
    ]
    assert not Attachment.objects.exists()


def test_nothing_of_an_order_can_be_posted_to_its_page(signed_in):
    order = OrderFactory()

    answer = signed_in("root").post(
        reverse("admin:orders_order_change", args=[order.pk]), {"state": "completed"}
    )

    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW


def test_the_timeline_masks_what_an_address_change_tells(signed_in):
    order = OrderFactory()
    cs = signed_in("cs")
    address = {
        "name": "韩梅梅",
        "phone": "15900002222",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "street": "文一路 1 号",
    }
    press(cs, order, "change_address", **address)
    card = reverse("admin:orders_order_change", args=[order.pk])

    seen_by_cs = cs.get(card).content.decode()
    seen_by_finance = signed_in("finance").get(card).content.decode()

    assert "15900002222" in seen_by_cs
    assert "15900002222" not in seen_by_finance
    assert "韩梅梅" not in seen_by_finance
    assert json.dumps("韩梅梅") not in seen_by_finance
