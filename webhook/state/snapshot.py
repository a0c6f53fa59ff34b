"""An immutable snapshot of the cluster, which all rules read."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from webhook.objects.claim import Claim
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.metadata import Metadata
from webhook.objects.migration import Migration
from webhook.objects.migration_policy import MigrationPolicy
from webhook.objects.scheduling import Selector
from webhook.objects.vm import VirtualMachine
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import BY_NAME, CLAIM, KINDS, KUBEVIRT, MIGRATION, NAMESPACE, NODE, POD, POLICY, VM, VMI
from webhook.state.migrations import MigrationTable
from webhook.state.nodes import NodeTable
from webhook.state.pods import PodTable
from webhook.state.table import Key, Table

T = TypeVar("T")

CACHED: Final = 256
"""Values that a snapshot caches: the API server has at most 200 writes under way."""

Changes = Mapping[str, Mapping[Key, Any]]
"""By kind and key: the new view, None for an object that is gone."""


@dataclass(frozen=True)
class Snapshot:
    """The table of each kind, by the kind's name; those that every question is about are looked up once."""

    tables: Mapping[str, Table[Any]] = field(default_factory=dict)
    _cache: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def vmi(self, namespace: str, name: str) -> VirtualMachineInstance | None:
        """Return a VMI."""
        return self.table(VMI.name).get(namespace, name)

    def vm(self, namespace: str, name: str) -> VirtualMachine | None:
        """Return a VM."""
        return self.table(VM.name).get(namespace, name)

    def claim(self, namespace: str, name: str) -> Claim | None:
        """Return a PersistentVolumeClaim."""
        return self.table(CLAIM.name).get(namespace, name)

    def namespace(self, name: str) -> Metadata | None:
        """Return a namespace's metadata."""
        return self.table(NAMESPACE.name).get("", name)

    @cached_property
    def nodes(self) -> NodeTable:
        """The nodes, by name and by what they have."""
        return cast("NodeTable", self.table(NODE.name))

    @cached_property
    def pods(self) -> PodTable:
        """The virt-launcher pods, and any others that a decision rests on."""
        return cast("PodTable", self.table(POD.name))

    @property
    def unfinished_migrations(self) -> Collection[Migration]:
        """The migrations that wait or go on."""
        return cast("MigrationTable", self.table(MIGRATION.name)).unfinished.values()

    def namespaces(self, selector: Selector) -> Iterator[str]:
        """Yield the names of the namespaces with labels that are selected."""
        return (space.name for space in self.table(NAMESPACE.name) if selector.matches(space.labels))

    @property
    def count_of_namespaces(self) -> int:
        """How many namespaces there are."""
        return len(self.table(NAMESPACE.name))

    def policies(self) -> Iterable[MigrationPolicy]:
        """Return all migration policies."""
        return self.table(POLICY.name)

    @cached_property
    def kubevirt(self) -> KubeVirt | None:
        """The KubeVirt custom resource; there is at most one in a cluster."""
        return next(iter(self.table(KUBEVIRT.name)), None)

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` returns about this snapshot; it is called once for each key."""
        value: T | None = self._cache.get(key)
        if value is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            value = self._cache[key] = compute()
        return value

    def apart(self) -> "Snapshot":
        """Return the same snapshot with a cache of its own."""
        return Snapshot(self.tables)

    def changed(self, changes: Changes) -> "Snapshot":
        """Return the snapshot with these changes; the very same one when nothing differs."""
        tables = {kind: self.table(kind).changed(views) for kind, views in changes.items()}
        if all(table is self.table(kind) for kind, table in tables.items()):
            return self
        return Snapshot({**self.tables, **tables})

    def table(self, kind: str) -> Table[Any]:
        """Return the table of a kind, by the kind's name."""
        return self.tables.get(kind, _EMPTY[kind])


_EMPTY: Final[Mapping[str, Table[Any]]] = {kind.name: kind.table() for kind in KINDS}


def snapshot_of(documents: Iterable[Mapping[str, Any]]) -> Snapshot:
    """Build a snapshot from objects as the API server or a manifest has them; kinds that no rule reads are left out."""
    changes: dict[str, dict[Key, Any]] = {}
    for document in documents:
        fields = Fields(document)
        kind = BY_NAME.get(fields.text("kind"))
        if kind is not None and fields.text("apiVersion").split("/")[0] == kind.api_version.split("/")[0]:
            key, view = kind.view(document)
            changes.setdefault(kind.name, {})[key] = view
    return Snapshot().changed(changes)
