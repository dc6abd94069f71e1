"""Who does something, and by which door they came."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ordercenter.core.errors import Forbidden

if TYPE_CHECKING:
    from ordercenter.core.models import User

DOORS = ("admin", "api", "sheet", "scan", "page", "channel", "rule", "timer", "command")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts; written into every event.

    `kind` is person, partner, customer or system. `permissions` of None means: everything
    (system actors, administrators). `shops` of None means every shop.
    """

    kind: str
    label: str
    door: str
    id: int | None = None
    ip: str | None = None
    device: str = ""
    permissions: frozenset[str] | None = field(default=None, repr=False)
    shops: frozenset[int] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.door not in DOORS:
            raise ValueError(f"nobody comes by the door {self.door!r}; the doors are {DOORS}")

    @classmethod
    def person(cls, user: User, *, via: str, ip: str | None = None, device: str = "") -> Actor:
        """The signed-in member of staff, with the permissions they have at this moment."""
        permissions = None if user.is_superuser else frozenset(user.get_all_permissions())
        return cls(
            kind="person",
            id=user.pk,
            label=user.get_full_name() or user.get_username(),
            door=via,
            ip=ip,
            device=device[:200],
            permissions=permissions,
        )

    @classmethod
    def system(cls, label: str, *, door: str | None = None) -> Actor:
        """A machine of ours. The door is the part of the label before a colon: `rule:42`."""
        return cls(kind="system", label=label, door=door or label.split(":")[0])

    @classmethod
    def partner(
        cls,
        partner_id: int,
        label: str,
        *,
        permissions: frozenset[str],
        shops: frozenset[int],
        ip: str | None = None,
        device: str = "",
    ) -> Actor:
        """A partner's program that came with a key; it may touch its own shops only."""
        return cls(
            kind="partner",
            id=partner_id,
            label=label,
            door="api",
            ip=ip,
            device=device[:200],
            permissions=permissions,
            shops=shops,
        )

    def may(self, permission: str) -> bool:
        """True when the actor holds `app.codename`."""
        return self.permissions is None or permission in self.permissions

    def require(self, permission: str) -> None:
        """Return when the actor holds the permission; raises `Forbidden` otherwise."""
        if not self.may(permission):
            raise Forbidden(permission=permission)

    def may_see_shop(self, shop_id: int) -> bool:
        """True when the shop's orders are this actor's business."""
        return self.shops is None or shop_id in self.shops

    def through(self, door: str) -> Actor:
        """The same actor by another door."""
        return replace(self, door=door)

    def as_columns(self) -> dict[str, Any]:
        """The columns of an event that tell who acted."""
        return {
            "actor_kind": self.kind,
            "actor_id": self.id,
            "actor_label": self.label[:80],
            "door": self.door,
            "ip": self.ip,
            "device": self.device,
        }


SYSTEM = Actor.system("system", door="command")
