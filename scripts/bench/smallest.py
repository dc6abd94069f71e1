"""The smallest DRF + ORM view that places an order: the yardstick for CPU per order.

Token lookup, serializer, order, lines, one conditional stock update a line in sorted order, one
transaction. No timeline, no clock, no outbox, no idempotency, no customer.
"""

from __future__ import annotations

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordercenter.settings")
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from inventory.models import Reservation, Sku, StockLevel  # noqa: E402
from orders.models import ApiKey, Order, OrderLine, Shop  # noqa: E402


class KeyAuthentication(BaseAuthentication):
    """One query for the key."""

    def authenticate(self, request: Request) -> tuple[Any, Any]:
        prefix = request.headers["Authorization"].removeprefix("Bearer ").split(".")[0]
        key = ApiKey.objects.select_related("partner").get(prefix=prefix)
        return key.partner, key


class LineInput(serializers.Serializer):
    """A line as a client sends it."""

    sku = serializers.CharField(max_length=64)
    quantity = serializers.IntegerField(min_value=1)
    unit_price = serializers.DecimalField(max_digits=14, decimal_places=2)


class ReceiverInput(serializers.Serializer):
    """A receiver as a client sends it."""

    name = serializers.CharField(max_length=100)
    phone = serializers.CharField(max_length=40)
    province = serializers.CharField(max_length=40)
    city = serializers.CharField(max_length=40)
    district = serializers.CharField(max_length=40)
    street = serializers.CharField(max_length=300)


class OrderInput(serializers.Serializer):
    """An order as a client sends it."""

    shop = serializers.CharField(max_length=40)
    external_number = serializers.CharField(max_length=64)
    lines = LineInput(many=True)
    receiver = ReceiverInput()


class PlaceView(APIView):
    """The view itself."""

    authentication_classes = [KeyAuthentication]
    permission_classes = []

    def post(self, request: Request) -> Response:
        data = OrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        values = data.validated_data
        at = timezone.now()
        with transaction.atomic():
            receiver = {f"receiver_{name}": value for name, value in values["receiver"].items()}
            order = Order.objects.create(
                state="pending_review",
                shop=Shop.objects.get(code=values["shop"]),
                external_number=values["external_number"],
                source="api",
                brought_in_at=at,
                placed_at=at,
                paid_at=at,
                total=sum(line["unit_price"] * line["quantity"] for line in values["lines"]),
                **receiver,
            )
            codes = [line["sku"] for line in values["lines"]]
            skus = {sku.code: sku for sku in Sku.objects.filter(code__in=codes)}
            lines = OrderLine.objects.bulk_create(
                OrderLine(
                    order=order,
                    channel_line=str(number),
                    sku=skus[line["sku"]],
                    sku_code=line["sku"],
                    quantity=line["quantity"],
                    unit_price=line["unit_price"],
                )
                for number, line in enumerate(values["lines"], 1)
            )
            for line in sorted(lines, key=lambda line: line.sku_id or 0):
                level = StockLevel.objects.get(sku=line.sku_id)
                taken = StockLevel.objects.filter(
                    pk=level.pk, on_hand__gte=F("reserved") + F("held") + line.quantity
                ).update(reserved=F("reserved") + line.quantity)
                if not taken:
                    raise serializers.ValidationError("out of stock")
                Reservation.objects.create(
                    line=line.pk,
                    level=level,
                    quantity=line.quantity,
                    state="confirmed",
                    made_at=at,
                )
        return Response({"number": order.number}, status=201)


urlpatterns = [path("api/v1/orders/", PlaceView.as_view())]

override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]).enable()
application = WSGIHandler()
