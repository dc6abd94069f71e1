"""What stands against moves here, and how the stories are locked."""

from __future__ import annotations

from ordercenter.core.clocks import locks_root
from rma.models import UnknownParcel


@locks_root(UnknownParcel.KIND)
def lock_parcel(parcel_id: int) -> bool:
    """Lock the parcel without waiting; False when somebody else holds it."""
    rows = UnknownParcel.objects.select_for_update(skip_locked=True).filter(pk=parcel_id)
    return rows.values_list("pk", flat=True).first() is not None
