"""The immutable picture of the cluster that rules look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from webhook.cluster.kinds import BY_NAME, CLAIM, KINDS, KUBEVIRT, MIGRATION, NAMESPACE, VM, VMI
from webhook.cluster.table import Key, Table
from webhook.cluster.trimming import trimmed
from webhook.objects.claim import Claim
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.metadata import Metadata
from webhook.objects.migration import Migration
from webhook.objects.vm import VirtualMachine
from webhook.objects.vmi import VirtualMachineInstance

Changes = Mapping[str, Mapping[Key, Any]]
"""By kind and key: the new view, None for an object that is gone."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The table of each kind, by the kind's name."""

    tables: Mapping[str, Table[Any]] = field(default_factory=dict)

    def vmi(self, namespace: str, name: str) -> VirtualMachineInstance | None:
        """Return a VMI."""
        return self._table(VMI.name).get(namespace, name)

    def vm(self, namespace: str, name: str) -> VirtualMachine | None:
        """Return a VM."""
        return self._table(VM.name).get(namespace, name)

    def claim(self, namespace: str, name: str) -> Claim | None:
        """Return a PersistentVolumeClaim."""
        return self._table(CLAIM.name).get(namespace, name)

    def namespace(self, name: str) -> Metadata | None:
        """Return a namespace's metadata."""
        return self._table(NAMESPACE.name).get("", name)

    def migrations(self) -> Iterable[Migration]:
        """Return all migrations."""
        return self._table(MIGRATION.name)

    @property
    def kubevirt(self) -> KubeVirt | None:
        """The KubeVirt custom resource; there is at most one in a cluster."""
        return next(iter(self._table(KUBEVIRT.name)), None)

    def changed(self, changes: Changes) -> "Snapshot":
        """Return the snapshot with these changes; the very same one when nothing differs."""
        tables = {kind: self._table(kind).changed(views) for kind, views in changes.items()}
        if all(table is self._table(kind) for kind, table in tables.items()):
            return self
        return Snapshot({**self.tables, **tables})

    def _table(self, kind: str) -> Table[Any]:
        return self.tables.get(kind, _EMPTY[kind])


_EMPTY: Final[Mapping[str, Table[Any]]] = {kind.name: kind.table() for kind in KINDS}


def snapshot_of(documents: Iterable[Mapping[str, Any]]) -> Snapshot:
    """Build a snapshot from objects as the API server or a manifest has them; kinds that no rule reads are left out."""
    changes: dict[str, dict[Key, Any]] = {}
    for document in documents:
        fields = Fields(document)
        kind = BY_NAME.get(fields.text("kind"))
        if kind is None or fields.text("apiVersion").split("/")[0] != kind.api_version.split("/")[0]:
            continue
        changes.setdefault(kind.name, {})[key_of(fields)] = trimmed(kind, kind.read(fields))
    return Snapshot().changed(changes)


def key_of(document: Fields) -> Key:
    """Return the key of an object in its table."""
    metadata = document.object("metadata")
    return metadata.text("namespace"), metadata.text("name")
