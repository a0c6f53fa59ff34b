"""What a restriction is: a module with a docstring, a kind, and a pure `check`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from webhook.engine.placement import Placement
from webhook.engine.verdict import Violation
from webhook.objects.migration import Migration
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot


class Concern(StrEnum):
    """What a restriction is about. Volumes and targets don't matter to a decentralized migration."""

    NETWORK = "network"
    VOLUME = "volume"
    DEVICE = "device"
    TARGET = "target"
    STATE = "state"


class Case(Struct, frozen=True, kw_only=True):
    """What a restriction judges: the virtual machine, the cluster around it, and the migration if there is one.

    `placement` is where the virtual machine can go, None where that isn't judged.
    """

    vmi: VirtualMachineInstance
    snapshot: Snapshot
    migration: Migration | None = None
    placement: Placement | None = None
    found: frozenset[str] = frozenset()
    """Restrictions earlier in the order that are broken: one fault has one cause."""

    @property
    def decentralized(self) -> bool:
        """Tell whether the migration goes to, or comes from, another cluster."""
        return self.migration is not None and self.migration.decentralized


class Restriction(Protocol):
    """A module of this package: its docstring is the documentation, its name the id with underscores."""

    ID: str
    CONCERN: Concern
    REMEDY: str
    __doc__: str | None

    def check(self, case: Case, /) -> Iterator[Violation]:
        """Yield what is wrong; nothing when the restriction is kept."""
