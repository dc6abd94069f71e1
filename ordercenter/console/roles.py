"""Who may do what: the permissions of each role, declared here and granted after migrations.

Granting only adds. What an administrator gave a role by hand stays.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from ordercenter.core.roles import ROLE_NAMES


def _views(app: str, *models: str) -> frozenset[str]:
    return frozenset(f"{app}.view_{model}" for model in models)


def _may(app: str, *codenames: str) -> frozenset[str]:
    return frozenset(f"{app}.{codename}" for codename in codenames)


# Everybody on the staff reads orders, what is to do about them, where they are and what is left.
EVERYBODY = (
    _views("orders", "order", "workorder", "shop")
    | _views("fulfilment", "shipment", "carrier")
    | _views("rma", "return", "refund")
    | _views("inventory", "sku", "stocklevel", "warehouse")
    | _views("integrations", "notice")
    | _may("orders", "note_order", "attach_order")
    | _may("orders", "open_workorder", "claim_workorder", "resolve_workorder")
)
_STOCK_BOOKS = _views("inventory", "movement", "reservation", "batch", "bin", "placement")
_SERVICE = (
    _views("orders", "customer")
    | _may(
        "orders",
        "approve_order",
        "cancel_order",
        "change_address_order",
        "complete_order",
        "fill_card_order",
        "place_order",
        "revise_order",
        "see_receiver_order",
    )
    | _may("care", "note_inquiry", "answer_inquiry")
    | _views("care", "inquiry")
)
_RETURNS = _may(
    "rma",
    "request_return",
    "authorise_return",
    "post_return",
    "print_label_return",
    "settle_return",
    "close_return",
    "note_unknownparcel",
    "assign_unknownparcel",
) | _views("rma", "unknownparcel")
_RECEIVING = _may(
    "rma",
    "receive_return",
    "inspect_return",
    "print_label_return",
    "note_unknownparcel",
    "assign_unknownparcel",
) | _views("rma", "unknownparcel")
_PACKING = _may(
    "fulfilment",
    "start_picking_shipment",
    "pack_shipment",
    "unpack_shipment",
    "set_carrier_shipment",
    "print_label_shipment",
    "void_label_shipment",
    "dispatch_shipment",
)
_INVOICES = _views("finance", "invoice") | _may("finance", "ask_invoice")
_MONEY_SHEETS = _views(
    "finance", "dailysheet", "settlementfile", "settlementline", "difference", "invoice"
)
_MONEY_WORK = _views("finance", "settlementformat", "settlementcolumn", "financegate") | _may(
    "finance",
    "ask_invoice",
    "issue_invoice",
    "refuse_invoice",
    "take_back_invoice",
    "see_cost_invoice",
    "make_dailysheet",
    "load_settlementfile",
    "accept_difference",
    "add_settlementformat",
    "change_settlementformat",
    "add_settlementcolumn",
    "change_settlementcolumn",
    "delete_settlementcolumn",
)
_WATCHING = (
    _views("core", "event", "delivery", "timer", "escalation", "lawrun", "heartbeat")
    | _views("integrations", "channelaccount", "rawmessage", "mappingversion", "toldchannel")
    | _views("sheets", "sheetrun")
    | _views("care", "trackattempt")
    | _views("insight", "dailynumber")
    | _STOCK_BOOKS
)

ROLES: dict[str, frozenset[str]] = {
    "cs": EVERYBODY
    | _SERVICE
    | _RETURNS
    | _INVOICES
    | _views("integrations", "rawmessage", "channelaccount"),
    "finance": EVERYBODY
    | _views("orders", "customer")
    | _may("orders", "pay_order", "confirm_funds_order")
    | _may("rma", "approve_refund", "pay_out_refund")
    | _MONEY_SHEETS
    | _MONEY_WORK
    | _views("rma", "returnpolicy")
    | _views("insight", "dailynumber")
    | _views("integrations", "inboundcall", "paymentaccount")
    | _may("integrations", "replay_inboundcall")
    | _views("integrations", "erpcheck", "erpdocument", "erppolicy", "mail", "mailroute")
    | _may("integrations", "run_erpcheck", "export_erp", "push_erpdocument", "change_erppolicy"),
    "warehouse": EVERYBODY
    | _STOCK_BOOKS
    | _PACKING
    | _RECEIVING
    | _may("fulfilment", "release_shipment", "split_shipment", "rejoin_shipment")
    | _may("inventory", "receive_stock")
    | _may("orders", "see_receiver_order"),
    "supervisor": EVERYBODY
    | _SERVICE
    | _PACKING
    | _RETURNS
    | _RECEIVING
    | _WATCHING
    | _may("rma", "override_return", "change_returnpolicy")
    | _views("rma", "returnpolicy")
    | _may("orders", "allocate_order", "close_order")
    | _may(
        "fulfilment",
        "plan_shipment",
        "release_shipment",
        "split_shipment",
        "rejoin_shipment",
        "cancel_shipment",
    )
    | _may("inventory", "receive_stock", "adjust_stock", "hold_batch")
    | _may("core", "resend_delivery")
    | _INVOICES,
    "sales": EVERYBODY
    | _views("orders", "customer")
    | _may("orders", "place_order", "revise_order", "see_receiver_order")
    | _INVOICES
    | _may("care", "note_inquiry")
    | _views("care", "inquiry"),
    "logistics": EVERYBODY
    | _may("orders", "see_receiver_order")
    | _views("fulfilment", "trackingpoint")
    | _views("integrations", "trackingsubscription", "inboundcall", "toldchannel")
    | _may("integrations", "replay_inboundcall")
    | _may(
        "fulfilment",
        "set_carrier_shipment",
        "print_label_shipment",
        "void_label_shipment",
        "collect_shipment",
        "deliver_shipment",
        "recover_shipment",
        "track_shipment",
    ),
    "director": EVERYBODY
    | _WATCHING
    | _MONEY_SHEETS
    | _views("finance", "financegate")
    | _may("finance", "change_financegate", "see_cost_invoice")
    | _views("orders", "customer"),
}
# The administrator holds every permission of our own rooms, those of new ones included.
ADMIN = "admin"
OUR_APPS = (
    "core",
    "inventory",
    "orders",
    "fulfilment",
    "rma",
    "care",
    "finance",
    "sheets",
    "insight",
    "integrations",
    "console",
    "auth",
    "django_q",
)


def declared() -> set[str]:
    """Every permission that some role names."""
    return set().union(*ROLES.values())


def grant_roles(**options: Any) -> None:
    """Make the groups and add what they lack; runs after every migration, any number of times."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.select_related("content_type")
    }
    for role in ROLE_NAMES:
        group, _made = Group.objects.get_or_create(name=role)
        if role == ADMIN:
            group.permissions.add(*_everything())
        else:
            group.permissions.add(*(known[name] for name in ROLES[role] if name in known))


def _everything() -> list[Permission]:
    return list(Permission.objects.filter(Q(content_type__app_label__in=OUR_APPS)))
