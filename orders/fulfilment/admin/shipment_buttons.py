"""What can be done with a parcel from its card: each button calls one action."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit.buttons import (
    TransitionButtons,
    action_button,
    actor_of,
    button,
    when,
)
from ordercenter.core.adminkit.dialogs import Dialog, Reason
from ordercenter.core.errors import DomainError, WrongState
from orders.fulfilment import actions
from orders.fulfilment.admin.shipment_dialogs import ChosenCarrier, Rejoin, Split, Weighed, twins
from orders.fulfilment.models import Shipment, ShipmentState
from orders.fulfilment.models.shipments import BEFORE_PICKING, IN_THE_HOUSE

PRINTABLE = (ShipmentState.RELEASED, ShipmentState.PICKING, ShipmentState.PACKED)


def _untouched(shipment: Shipment, actor: Actor) -> DomainError | None:
    is_so = shipment.state in BEFORE_PICKING and shipment.label_printed_at is None
    return None if is_so else WrongState()


def _can_split(shipment: Shipment, actor: Actor) -> DomainError | None:
    pieces = sum(shipment.lines.values_list("quantity", flat=True))
    return _untouched(shipment, actor) if pieces > 1 else WrongState()


def _can_rejoin(shipment: Shipment, actor: Actor) -> DomainError | None:
    return _untouched(shipment, actor) if twins(shipment).exists() else WrongState()


@when
def _has_no_label(shipment: Shipment) -> bool:
    return shipment.state in IN_THE_HOUSE and shipment.label_printed_at is None


@when
def _can_print(shipment: Shipment) -> bool:
    return shipment.state in PRINTABLE and shipment.carrier_id is not None


@when
def _can_void(shipment: Shipment) -> bool:
    return shipment.state in IN_THE_HOUSE and shipment.label_printed_at is not None


class ShipmentButtons(TransitionButtons):
    """Mixin for the admin of shipments."""

    release = action_button(
        actions.release_shipment,
        _("Release to the warehouse"),
        icon="play_arrow",
        tone="primary",
        permission="fulfilment.release_shipment",
        verb="release",
        says=_("Its goods are promised; the warehouse may pick it."),
        done=_("The parcel is on the picking list."),
    )

    start_picking = action_button(
        actions.start_picking,
        _("Begin picking"),
        icon="shopping_cart",
        tone="primary",
        permission="fulfilment.start_picking_shipment",
        verb="start_picking",
        done=_("Picking has begun."),
    )

    @button(
        _("Pack"),
        icon="package_2",
        tone="primary",
        permission="fulfilment.pack_shipment",
        verb="pack",
        form=Weighed,
        says=_("You have counted every piece by hand. The scan page counts for you."),
        done=_("The parcel is packed."),
    )
    def pack(self, request: HttpRequest, form: Dialog, shipment: Shipment) -> None:
        lines = shipment.lines.select_related("sku")
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.sku.code] = quantities.get(line.sku.code, 0) + line.quantity
        actions.pack_shipment(
            shipment.pk,
            seen=form.seen_version,
            quantities=quantities,
            actor=actor_of(request),
            **form.values(),
        )

    set_carrier = action_button(
        actions.set_carrier,
        _("Carrier and waybill"),
        confirm=_("Keep"),
        icon="local_shipping",
        permission="fulfilment.set_carrier_shipment",
        possible=_has_no_label,
        form=ChosenCarrier,
        done=_("The carrier is set."),
    )

    print_label = action_button(
        actions.print_label,
        _("Print label"),
        icon="print",
        tone="primary",
        permission="fulfilment.print_label_shipment",
        possible=_can_print,
        says=_("From then on the parcel goes where the label says."),
        done=_("The label is made; open the PDF below."),
    )

    dispatch = action_button(
        actions.dispatch_shipment,
        _("Dispatch"),
        icon="outbox",
        tone="primary",
        permission="fulfilment.dispatch_shipment",
        verb="dispatch",
        says=_("The parcel leaves our warehouse; its goods are taken out of stock."),
        done=_("The parcel has left the warehouse."),
    )

    collect = action_button(
        actions.collect_shipment,
        _("Carrier has it"),
        icon="hail",
        permission="fulfilment.collect_shipment",
        verb="start_transit",
        done=_("The carrier's pickup is noted."),
    )

    deliver = action_button(
        actions.deliver_shipment,
        _("Delivered"),
        icon="where_to_vote",
        permission="fulfilment.deliver_shipment",
        verb="deliver",
        form=Reason,
        says=_("Only when the carrier's trace does not come by itself."),
        done=_("The delivery is noted."),
    )

    recover = action_button(
        actions.recover_shipment,
        _("Trouble is over"),
        icon="healing",
        permission="fulfilment.recover_shipment",
        verb="recover",
        form=Reason,
        done=_("The parcel goes on."),
    )

    split = action_button(
        actions.split_shipment,
        _("Split"),
        icon="call_split",
        permission="fulfilment.split_shipment",
        possible=_can_split,
        form=Split,
        done=_("The parcel is split."),
    )

    rejoin = action_button(
        actions.rejoin_shipment,
        _("Put together"),
        icon="call_merge",
        permission="fulfilment.rejoin_shipment",
        possible=_can_rejoin,
        form=Rejoin,
        done=_("The two parcels are one."),
    )

    unpack = action_button(
        actions.unpack_shipment,
        _("Unpack"),
        icon="unarchive",
        permission="fulfilment.unpack_shipment",
        verb="unpack",
        form=Reason,
        done=_("The parcel is open again."),
    )

    void_label = action_button(
        actions.void_label,
        _("Void label"),
        icon="label_off",
        permission="fulfilment.void_label_shipment",
        possible=_can_void,
        form=Reason,
        done=_("The label must not be used any more."),
    )

    cancel = action_button(
        actions.cancel_shipment,
        _("Cancel parcel"),
        icon="cancel",
        tone="danger",
        permission="fulfilment.cancel_shipment",
        verb="cancel",
        form=Reason,
        says=_("The order keeps its stock and can be planned anew."),
        done=_("The parcel is cancelled."),
    )
