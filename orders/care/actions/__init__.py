"""Everything that customer care changes."""

from orders.care.actions.inquiries import (
    answer_inquiry,
    answer_with_news,
    ask_where,
    note_inquiry,
)
from orders.care.actions.urgent import UrgentWish, report_urgent, tell_director
from orders.care.actions.urging import urge_order

__all__ = [
    "UrgentWish",
    "answer_inquiry",
    "answer_with_news",
    "ask_where",
    "note_inquiry",
    "report_urgent",
    "tell_director",
    "urge_order",
]
