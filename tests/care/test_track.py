"""The customer's page opens with a number and four digits, and with nothing else."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordercenter.core import moments
from ordercenter.core.actor import SYSTEM
from ordercenter.core.models import Event
from orders.actions import attach_file
from orders.care import tickets
from orders.care.models import Inquiry, TrackAttempt
from orders.models import Attachment, Order, OrderState, WorkOrder
from rma.models import Return
from tests.factories import OrderFactory
from tests.support.laws import broken_laws

pytestmark = pytest.mark.django_db
TAIL = "5678"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
ADDRESS = {
    "name": "李雷",
    "province": "上海市",
    "city": "上海市",
    "district": "浦东新区",
    "street": "世纪大道 100 号 8 楼",
}


def look(client, number, tail=TAIL, **more):
    return client.post("/track/", {"number": number, "tail": tail}, **more)


def opened(client, order):
    """The page's text, the client's cookie being set."""
    answer = look(client, order.number)
    assert answer.status_code == 302, answer.text
    return client.get("/track/order/").text


def act(client, order, path, **values):
    return client.post(f"/track/order/{path}/", {"ticket": tickets.order_ticket(order.pk)} | values)


class TestFinding:
    def test_opens_by_our_number_and_by_the_channels(self, client):
        order = OrderFactory()

        assert order.number in opened(client, order)
        assert look(client, order.external_number).status_code == 302
        assert look(client, f" {order.number.lower()} ").status_code == 302

    def test_wrong_digits_and_unknown_numbers_answer_the_same(self, client):
        order = OrderFactory()

        wrong, unknown = look(client, order.number, "0000"), look(client, "OC0000000000", "0000")

        def words(page):
            return re.findall(r'class="bad">([^<]+)<', page.text)

        assert wrong.status_code == unknown.status_code == 404
        assert words(wrong) == words(unknown) != []
        assert "track" not in client.cookies

    def test_hit_and_miss_take_the_same_statements(self, client):
        order = OrderFactory()
        counts = []
        for number, tail in ((order.number, TAIL), (order.number, "0000"), ("OC1", "0000")):
            with CaptureQueriesContext(connection) as seen:
                look(client, number, tail)
            counts.append(len(seen))

        assert len(set(counts)) == 1

    def test_an_order_without_a_phone_opens_for_nobody(self, client):
        order = OrderFactory()
        Order.objects.filter(pk=order.pk).update(receiver_phone_tail="")

        assert look(client, order.number, "0000").status_code == 404

    def test_eight_wrong_tries_close_the_number_for_everybody(self, client):
        order = OrderFactory()
        for n in range(8):
            assert look(client, order.number, "0000", REMOTE_ADDR=f"10.0.0.{n}").status_code == 404

        refused = look(client, order.number, REMOTE_ADDR="10.0.1.1")

        assert refused.status_code == 429
        assert TrackAttempt.objects.filter(outcome="refused", ip="10.0.1.1").count() == 1

    def test_eight_wrong_tries_close_the_address_for_every_number(self, client):
        order = OrderFactory()
        for n in range(8):
            look(client, f"OC{n}", "0000")

        assert look(client, order.number).status_code == 429
        assert look(client, order.number, REMOTE_ADDR="10.0.1.1").status_code == 302

    def test_a_quarter_of_an_hour_later_it_opens_again(self, client):
        order = OrderFactory()
        for _ in range(20):
            look(client, order.number, "0000")
        TrackAttempt.objects.update(at=moments.now() - timedelta(minutes=16))

        assert look(client, order.number).status_code == 302

    def test_every_try_is_written_down_without_the_digits(self, client):
        look(client, "OC1", "4321")

        row = TrackAttempt.objects.values().get()
        assert (row["number"], row["outcome"]) == ("OC1", "wrong")
        assert "4321" not in str(row["device"])

    @pytest.mark.parametrize("ticket", ["", "x", "MQ:1:x"])
    def test_a_forged_ticket_opens_nothing(self, client, ticket):
        OrderFactory()
        client.cookies["track"] = ticket

        assert client.get("/track/order/")["Location"].startswith("/track/")
        client.post("/track/order/urge/", {"ticket": ticket})
        assert not WorkOrder.objects.exists()

    def test_an_old_ticket_opens_nothing(self, client, monkeypatch):
        order = OrderFactory()
        opened(client, order)
        monkeypatch.setattr(tickets, "ORDER_LASTS", timedelta(seconds=-1))

        assert client.get("/track/order/").status_code == 302

    def test_a_cookie_alone_changes_nothing(self, client):
        order = OrderFactory()
        opened(client, order)

        client.post("/track/order/urge/")

        assert not WorkOrder.objects.filter(order=order).exists()


def test_tries_at_once_do_not_slip_past_the_limit(race):
    order = OrderFactory()
    calls = [lambda: look(Client(), order.number, "0000").status_code] * 12

    codes = race(*calls, meet_after="orders.care.lookup._tries")

    assert codes.count(404) <= 8
    assert codes.count(429) == 12 - codes.count(404)


class TestPage:
    def test_weighs_little_and_loads_nothing_foreign(self, client):
        page = opened(client, OrderFactory())

        files = [settings.BASE_DIR / "static/care" / name for name in ("care.css", "care.js")]
        weight = len(page.encode()) + sum(path.stat().st_size for path in files)
        assert weight < 100_000
        assert "http://" not in page and "https://" not in page
        assert not re.search(r"<script(?! src)|\sstyle=|\son\w+=", page)

    def test_allows_no_inline_code(self, client):
        policy = client.get("/track/")["Content-Security-Policy"]

        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

    def test_hides_the_receiver(self, client):
        page = opened(client, OrderFactory())

        assert "13812345678" not in page and "王小明" not in page and "269" not in page

    def test_takes_the_same_statements_for_many_photos_and_events(self, client):
        few, many = OrderFactory(), OrderFactory(state=OrderState.PREPARING)
        for n in range(3):
            attach_file(
                many.pk,
                kind=Attachment.Kind.PHOTO,
                name="a.png",
                content=PNG + b"%d" % n,
                actor=SYSTEM,
            )
        counts = []
        for order in (few, many):
            opened(client, order)
            with CaptureQueriesContext(connection) as seen:
                client.get("/track/order/")
            counts.append(len(seen))

        assert counts[0] == counts[1] <= 12

    def test_shows_packing_photos_by_short_lived_addresses_only(self, client, monkeypatch):
        order = OrderFactory()
        photo = attach_file(
            order.pk, kind=Attachment.Kind.PHOTO, name="a.png", content=PNG, actor=SYSTEM
        )
        paper = attach_file(
            order.pk, kind=Attachment.Kind.AGREEMENT, name="b.pdf", content=b"%PDF-1", actor=SYSTEM
        )
        url = re.search(r'src="(/track/photo/[^"]+)"', opened(client, order)).group(1)

        shown = client.get(url)
        assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
        assert b"".join(shown.streaming_content) == PNG
        assert client.get(f"/track/photo/{photo.pk}/").status_code == 404
        assert client.get(f"/track/photo/{tickets.photo_ticket(paper.pk)}/").status_code == 404
        monkeypatch.setattr(tickets, "PHOTO_LASTS", timedelta(seconds=-1))
        assert client.get(url).status_code == 404


class TestActing:
    def test_urging_opens_one_work_order_however_often(self, client):
        order = OrderFactory(state=OrderState.PREPARING)

        for _ in range(3):
            assert act(client, order, "urge").status_code == 302

        assert WorkOrder.objects.filter(order=order, kind="urged").count() == 1
        event = Event.objects.get(stream=order.stream, kind="order.urged")
        assert (event.actor_kind, event.door) == ("customer", "page")

    def test_asking_starts_one_clock(self, client):
        order = OrderFactory(state=OrderState.PREPARING)

        act(client, order, "ask")
        act(client, order, "ask")

        assert Inquiry.objects.get(order=order).times == 2
        assert broken_laws() == {}

    @pytest.mark.parametrize("verb", ["urge", "ask"])
    def test_what_has_arrived_can_not_be_hurried(self, client, verb):
        order = OrderFactory(state=OrderState.DELIVERED)

        assert act(client, order, verb).status_code == 409
        assert not WorkOrder.objects.filter(order=order).exists()

    def test_a_new_address_keeps_the_phone(self, client):
        order = OrderFactory()

        answer = act(client, order, "address", seen=str(order.version), **ADDRESS)

        order.refresh_from_db()
        assert answer.status_code == 302
        assert (order.receiver_name, order.receiver_phone) == ("李雷", "13812345678")

    @pytest.mark.parametrize(
        ("changes", "status"),
        [({"street": "x"}, 422), ({"name": ""}, 422), ({"seen": "99"}, 412), ({"seen": ""}, 412)],
    )
    def test_a_bad_or_late_address_changes_nothing(self, client, changes, status):
        order = OrderFactory()

        answer = act(client, order, "address", **({"seen": str(order.version)} | ADDRESS | changes))

        order.refresh_from_db()
        assert answer.status_code == status
        assert order.receiver_name == "王小明"

    def test_after_packing_the_address_stays(self, client):
        order = OrderFactory(state=OrderState.PACKED)

        assert "address/" not in opened(client, order)
        assert act(client, order, "address", seen=str(order.version), **ADDRESS).status_code == 409

    def test_a_return_that_the_rules_refuse_says_why(self, client):
        order = OrderFactory(state=OrderState.PREPARING)
        line = order.lines.get()

        answer = act(
            client, order, "return", kind="return", reason="damaged", **{f"line-{line.pk}": "1"}
        )

        assert answer.status_code == 409
        assert 'class="bad"' in answer.text
        assert not Return.objects.exists()

    def test_a_field_that_names_no_line_is_no_fault(self, client):
        order = OrderFactory(state=OrderState.DELIVERED)
        endless = {"line-" + "9" * 500: "1"}

        answer = act(client, order, "return", kind="return", reason="damaged", **endless)

        assert 'class="bad"' in answer.text

    def test_nobody_returns_nothing(self, client):
        order = OrderFactory(state=OrderState.DELIVERED)

        assert act(client, order, "return", kind="return", reason="damaged").status_code == 422
