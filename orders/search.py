"""Finding orders by whatever a person has at hand.

The shape of the text picks the index, so that each search is an index scan at a million orders:

====================  ==========================================  ==========================
text                  matches                                     index
====================  ==========================================  ==========================
``OC…``               order number, from its beginning            number (pattern)
4 digits              last four of the phone                      phone tail
11 digits             phone, also with an extension               phone (pattern)
5–10 digits           part of the phone, beginning of the         phone (trigrams),
                      channel's number                            channel's number (pattern)
more digits, codes    beginning of the channel's number           channel's number (pattern)
1–2 letters           beginning or end of the receiver's name     name, reversed name (pattern)
3 letters and more    part of the receiver's name                 name (trigrams)
====================  ==========================================  ==========================
"""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse

from orders.models import Order
from orders.receiver import tidy_text

LONGEST = 64
_OWN_NUMBER = re.compile(r"^OC\d{0,22}$", re.IGNORECASE)
_DIALLED = re.compile(r"^(?:\+?86)?[\s-]*(1\d{2})[\s-]?(\d{4})[\s-]?(\d{4})$")
_CODE = re.compile(r"^(?=.*\d)[A-Za-z0-9_./#-]+$")
_WHOLE_PHONE = 11


def search_orders(text: str) -> QuerySet[Order]:
    """The orders that the text means, newest first; none for an empty text."""
    text = tidy_text(text)[:LONGEST]
    if not text:
        return Order.objects.none()
    return _matching(text).order_by("-pk")


def _matching(text: str) -> QuerySet[Order]:
    orders = Order.objects.all()
    if _OWN_NUMBER.match(text):
        return orders.filter(number__startswith=text.upper())
    if dialled := _DIALLED.match(text):
        text = "".join(dialled.groups())
    if text.isascii() and text.isdigit():
        return orders.filter(_digits(text))
    if _CODE.match(text):
        return orders.filter(external_number__startswith=text)
    if len(text) <= 2:
        return orders.alias(name_end=Reverse("receiver_name")).filter(
            Q(receiver_name__startswith=text) | Q(name_end__startswith=text[::-1])
        )
    return orders.filter(receiver_name__contains=text)


def _digits(text: str) -> Q:
    if len(text) == 4:
        return Q(receiver_phone_tail=text)
    if len(text) == _WHOLE_PHONE:
        return Q(receiver_phone__startswith=text) | Q(external_number=text)
    if 5 <= len(text) < _WHOLE_PHONE:
        return Q(receiver_phone__contains=text) | Q(external_number__startswith=text)
    # Shorter or longer: neither a phone nor a part of one that narrows anything down.
    return Q(external_number__startswith=text)
