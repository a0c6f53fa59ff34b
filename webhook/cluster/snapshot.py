"""The immutable picture of the cluster that rules look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from webhook.cluster.kinds import BY_NAME, CLAIM, KUBEVIRT, MIGRATION, NAMESPACE, VM, VMI
from webhook.objects.claim import Claim
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.metadata import Metadata
from webhook.objects.migration import Migration
from webhook.objects.vm import VirtualMachine
from webhook.objects.vmi import VirtualMachineInstance

T = TypeVar("T")
Key = tuple[str, str]
Table = Mapping[Key, Any]

_NOTHING: Final[Table] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Objects by kind, and within a kind by namespace and name."""

    tables: Mapping[str, Table]

    def vmi(self, namespace: str, name: str) -> VirtualMachineInstance | None:
        """Return a VMI."""
        return self._table(VMI.name).get((namespace, name))

    def vm(self, namespace: str, name: str) -> VirtualMachine | None:
        """Return a VM."""
        return self._table(VM.name).get((namespace, name))

    def claim(self, namespace: str, name: str) -> Claim | None:
        """Return a PersistentVolumeClaim."""
        return self._table(CLAIM.name).get((namespace, name))

    def namespace(self, name: str) -> Metadata | None:
        """Return a namespace's metadata."""
        return self._table(NAMESPACE.name).get(("", name))

    def migrations(self) -> Iterable[Migration]:
        """Return all migrations."""
        return self._table(MIGRATION.name).values()

    @property
    def kubevirt(self) -> KubeVirt | None:
        """The KubeVirt custom resource; there is at most one in a cluster."""
        return next(iter(self._table(KUBEVIRT.name).values()), None)

    def _table(self, kind: str) -> Table:
        return self.tables.get(kind, _NOTHING)


def snapshot_of(documents: Iterable[Mapping[str, Any]]) -> Snapshot:
    """Build a snapshot from objects as the API server or a manifest has them; kinds that no rule reads are left out."""
    tables: dict[str, dict[Key, Any]] = {}
    for document in documents:
        fields = Fields(document)
        kind = BY_NAME.get(fields.text("kind"))
        if kind is None or fields.text("apiVersion").split("/")[0] != kind.api_version.split("/")[0]:
            continue
        tables.setdefault(kind.name, {})[key_of(fields)] = kind.read(fields)
    return Snapshot(tables)


def key_of(document: Fields) -> Key:
    """Return the key of an object in its table: namespace ("" for cluster-scoped kinds) and name."""
    metadata = document.object("metadata")
    return metadata.text("namespace"), metadata.text("name")
