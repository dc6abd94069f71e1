"""The sidebar: only what the person may open, with live counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.console.todo import BY_KEY, counts_for
from ordercenter.core.adminkit.counts import as_badge
from ordercenter.core.visitors import may


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar. `todo` gives address, permission and count at once."""

    title: str | Promise
    icon: str
    page: str = ""
    permission: str = ""
    query: str = ""
    todo: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    title: str | Promise
    entries: tuple[Entry, ...]


def _list(title: str | Promise, icon: str, page: str, query: str = "") -> Entry:
    app, _dash, model = page.partition("_")
    return Entry(title, icon, page, f"{app}.view_{model}", query)


def _todo(key: str, icon: str) -> Entry:
    todo = BY_KEY[key]
    return Entry(todo.title, icon, todo.page, todo.permission, todo.query, key)


PARTS = (
    Part(
        _("Orders"),
        (
            _list(_("All orders"), "receipt_long", "orders_order"),
            _todo("review", "fact_check"),
            _todo("finance", "payments"),
            _todo("preparing", "inventory"),
            _todo("delivered", "done_all"),
            _todo("overdue", "alarm"),
            Entry(
                _("Urgent board"), "bolt", permission="orders.view_order", address="/board/urgent/"
            ),
            Entry(
                _("Urgent quick form"),
                "add_alert",
                permission="orders.place_order",
                address="/quick-order/",
            ),
            Entry(
                _("Service desk"),
                "support_agent",
                permission="care.note_inquiry",
                address="/desk/",
            ),
            _list(_("Where is it?"), "contact_support", "care_inquiry"),
            _list(_("Customers"), "person", "orders_customer"),
            Entry(_("Excel runs"), "table_view", "sheets_sheetrun", "orders.view_order"),
        ),
    ),
    Part(
        _("Warehouse work"),
        (
            Entry(
                _("Scan page"),
                "qr_code_scanner",
                permission="fulfilment.pack_shipment",
                address="/scan/",
            ),
            _list(_("Shipments"), "local_shipping", "fulfilment_shipment", "?tab=all"),
            _todo("plan", "assignment"),
            _todo("packing", "package_2"),
            _todo("labelling", "label"),
            _todo("pickup", "outbox"),
            _list(_("Carriers"), "conveyor_belt", "fulfilment_carrier"),
        ),
    ),
    Part(
        _("Returns and refunds"),
        (
            Entry(
                _("Receive returns"),
                "assignment_returned",
                permission="rma.receive_return",
                address="/scan/returns/",
            ),
            _list(_("All returns"), "assignment_return", "rma_return", "?tab=all"),
            _todo("returns_requested", "help"),
            _todo("returns_received", "search_check"),
            _todo("returns_inspected", "payments"),
            _list(_("Refunds"), "currency_exchange", "rma_refund", "?tab=all"),
            _todo("payouts", "price_check"),
            _todo("refunds_trouble", "error"),
            _todo("unknown_parcels", "unknown_document"),
            _list(_("Return policies"), "rule", "rma_returnpolicy"),
        ),
    ),
    Part(
        _("Finance"),
        (
            _list(_("Reconciliation sheets"), "table_chart", "finance_dailysheet"),
            _list(_("Settlement files"), "upload_file", "finance_settlementfile"),
            _todo("differences_open", "difference"),
            _list(_("All differences"), "compare_arrows", "finance_difference", "?tab=all"),
            _todo("invoices_to_issue", "receipt"),
            _todo("invoices_too_high", "undo"),
            _list(_("All invoices"), "receipt_long", "finance_invoice", "?tab=all"),
            _list(_("ERP checks"), "balance", "integrations_erpcheck", "?tab=all"),
            _list(_("ERP documents"), "receipt", "integrations_erpdocument", "?tab=all"),
            _list(_("Rules of the ERP check"), "rule", "integrations_erppolicy"),
            _list(_("Settlement formats"), "table_rows", "finance_settlementformat"),
            _list(_("Finance checks"), "rule_settings", "finance_financegate"),
        ),
    ),
    Part(
        _("Stock"),
        (
            _list(_("SKUs"), "category", "inventory_sku"),
            _list(_("Stock levels"), "warehouse", "inventory_stocklevel"),
            _todo("low_stock", "trending_down"),
            _list(_("Stock movements"), "swap_vert", "inventory_movement"),
            _list(_("Reservations"), "bookmark", "inventory_reservation"),
            _list(_("Batches"), "labs", "inventory_batch"),
            _list(_("Warehouses"), "home_work", "inventory_warehouse"),
        ),
    ),
    Part(
        _("Channels"),
        (
            _list(_("Shops"), "storefront", "orders_shop"),
            _list(_("Channel accesses"), "sync_alt", "integrations_channelaccount"),
            _todo("quarantine", "report"),
            _list(_("Raw messages"), "mail", "integrations_rawmessage", "?tab=all"),
            _list(_("Field mappings"), "schema", "integrations_mappingversion"),
            _list(_("Told to channels"), "campaign", "integrations_toldchannel"),
            _list(_("Followed parcels"), "my_location", "integrations_trackingsubscription"),
            _list(_("Incoming calls"), "call_received", "integrations_inboundcall"),
        ),
    ),
    Part(
        _("Trouble and work orders"),
        (
            _todo("work", "assignment_late"),
            _list(_("All work orders"), "assignment", "orders_workorder", "?tab=open"),
            _todo("trouble", "warning"),
        ),
    ),
    Part(
        _("System"),
        (
            _todo("dead", "mark_email_unread"),
            _list(_("Outbox"), "outgoing_mail", "core_delivery", "?tab=all"),
            _list(_("Events"), "history", "core_event"),
            _list(_("Laws"), "gavel", "core_lawrun"),
            _list(_("Look-ups by customers"), "travel_explore", "care_trackattempt", "?tab=all"),
            _list(_("Clocks"), "timer", "core_timer"),
            _list(_("Time limits"), "hourglass", "core_clockpolicy"),
            _list(_("Working hours"), "schedule", "core_workinghours"),
            _list(_("Holidays"), "event", "core_holiday"),
            _list(_("Notices"), "notifications", "integrations_notice"),
            _list(_("Group robots"), "smart_toy", "integrations_robot"),
            _list(_("Messages of robots"), "chat", "integrations_robotmessage"),
            _list(_("E-mails"), "forward_to_inbox", "integrations_mail", "?tab=all"),
            _list(_("E-mail routes"), "alternate_email", "integrations_mailroute"),
            _list(_("ERP accounts"), "account_tree", "integrations_erpaccount"),
            _list(_("Payment accounts"), "account_balance", "integrations_paymentaccount"),
            _list(_("Tracking accounts"), "travel_explore", "integrations_trackingaccount"),
            _list(_("Schedules"), "calendar_clock", "django_q_schedule"),
            _list(_("Failed tasks"), "error", "django_q_failure"),
            _list(_("Staff"), "badge", "core_user"),
            _list(_("Roles"), "admin_panel_settings", "auth_group"),
            _list(_("Partners"), "handshake", "orders_partner"),
            _list(_("Partners' webhooks"), "webhook", "integrations_webhookendpoint", "?tab=all"),
            _list(
                _("Messages to partners"),
                "forward_to_inbox",
                "integrations_partnerdelivery",
                "?tab=all",
            ),
        ),
    ),
)


def for_request(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar as unfold wants it."""
    counts = counts_for(request)
    parts = [
        {
            "title": part.title,
            "separator": True,
            "collapsible": part.title == PARTS[-1].title,
            "items": [
                _item(entry, request, counts)
                for entry in part.entries
                if may(request, entry.permission)
            ],
        }
        for part in PARTS
    ]
    home = {
        "title": _("To do"),
        "icon": "dashboard",
        "link": reverse("admin:index"),
        "active": request.path == reverse("admin:index"),
    }
    return [{"items": [home]}, *(part for part in parts if part["items"])]


def _item(entry: Entry, request: HttpRequest, counts: dict[str, int]) -> dict[str, Any]:
    link = entry.address or reverse(f"admin:{entry.page}_changelist")
    item: dict[str, Any] = {
        "title": entry.title,
        "icon": entry.icon,
        "link": link + entry.query,
        "active": _is_here(request, link, entry.query),
    }
    if entry.todo and (badge := as_badge(counts.get(entry.todo, 0))):
        item["badge"] = badge
        item["badge_variant"] = "danger" if BY_KEY[entry.todo].urgent else "info"
    return item


def _is_here(request: HttpRequest, link: str, query: str) -> bool:
    if request.path != link:
        return request.path.startswith(link) and not query
    return request.META.get("QUERY_STRING", "") == query.removeprefix("?")
