"""What templates need of `adminkit.looks`: `{% load looks %}`."""

from __future__ import annotations

from decimal import Decimal

from django import template

from ordercenter.core.adminkit import looks

register = template.Library()


@register.filter
def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """The amount as lists show it: ¥1,234.50."""
    return looks.money(amount, currency)
