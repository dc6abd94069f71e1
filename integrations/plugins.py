"""Adapters by their key: ours, and those that other packages bring along.

Another package announces its adapter under an entry point group. Ours are listed in the code as
well, because this project runs from a checkout and is then not installed as a distribution whose
entry points could be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordercenter.core.errors import BadInput


class Named(Protocol):
    """What a registry asks of its classes: a key that no other one has, and a name for people."""

    key: ClassVar[str]
    label: ClassVar[Any]


class WithCredentials:
    """What adapters have in common: the credentials of the account they speak for."""

    # The credentials it can't do without.
    needs: ClassVar[tuple[str, ...]] = ()
    credentials: Mapping[str, str]

    def check(self) -> None:
        """Return when the account can be used as it is; raises `BadInput`."""
        for name in self.needs:
            self.credential(name)

    def credential(self, name: str) -> str:
        """A credential. Raises `BadInput` when the account has none of that name."""
        value = self.credentials.get(name)
        if not value:
            raise BadInput(
                _("The account lacks the credential %(name)s.") % {"name": name},
                fields={"credentials": [name]},
            )
        return str(value)


A = TypeVar("A", bound=Named)


class Registry(Generic[A]):
    """The adapters of one kind. `field` is what an account calls the key; `unknown` says %(key)s.

    Other packages are asked once, when an adapter is first looked for.
    """

    def __init__(self, group: str, *built_in: type[A], field: str, unknown: str | Promise) -> None:
        self.group = group
        self.built_in = built_in
        self.field = field
        self.unknown = unknown

    @cached_property
    def all(self) -> dict[str, type[A]]:
        """Adapter classes by key. Raises `ValueError` when two packages claim one key."""
        found = {adapter.key: adapter for adapter in self.built_in}
        for point in entry_points(group=self.group):
            adapter = point.load()
            if found.setdefault(adapter.key, adapter) is not adapter:
                raise ValueError(f"two adapters are named {adapter.key}")
        return found

    def named(self, key: str) -> type[A]:
        """The adapter of this key. Raises `BadInput` when there is none."""
        try:
            return self.all[key]
        except KeyError:
            raise BadInput(self.unknown % {"key": key}, fields={self.field: [key]}) from None
