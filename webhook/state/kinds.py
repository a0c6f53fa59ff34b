"""The kinds of objects that rules read: where the API server has them, and how they become views.

Everything that fills a snapshot (manifests, live reads, watches) and everything that needs rights (the chart) goes by
this one table.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from webhook.objects.claim import read_claim
from webhook.objects.fields import Fields
from webhook.objects.flavour import read_flavour
from webhook.objects.kubevirt import read_kubevirt
from webhook.objects.metadata import metadata_of, read_metadata
from webhook.objects.migration import read_migration
from webhook.objects.migration_policy import read_migration_policy
from webhook.objects.node import read_node
from webhook.objects.pod import read_pod
from webhook.objects.vm import read_vm
from webhook.objects.vmi import read_vmi
from webhook.state.migrations import MigrationTable
from webhook.state.nodes import NodeTable
from webhook.state.pods import PodTable
from webhook.state.resource import Resource
from webhook.state.table import Key, Table
from webhook.state.trimming import trimmed


class Kind(Resource, frozen=True, kw_only=True):
    """One kind.

    `optional` ones may be missing from the cluster, with their CustomResourceDefinition. `selector` restricts the kind
    to the objects with these labels. `watched` ones are kept up to date by the service; others are read when asked for.
    `labelled` is false where no rule reads labels, annotations or owners: they aren't kept.
    """

    read: Callable[[Fields], object]
    optional: bool = False
    selector: str = ""
    watched: bool = True
    labelled: bool = True
    table: Callable[[], Table[Any]] = Table

    def view(self, document: Mapping[str, Any]) -> tuple[Key, Any]:
        """Return the key of an object and its view as it is kept."""
        view = trimmed(self.read(Fields(document)), labelled=self.labelled)
        return metadata_of(view).key, view


VMI: Final = Kind(
    name="VirtualMachineInstance", group="kubevirt.io", version="v1", plural="virtualmachineinstances",
    namespaced=True, read=read_vmi, optional=True,
)  # fmt: skip
VM: Final = Kind(
    name="VirtualMachine", group="kubevirt.io", version="v1", plural="virtualmachines",
    namespaced=True, read=read_vm, optional=True, watched=False,
)  # fmt: skip
MIGRATION: Final = Kind(
    name="VirtualMachineInstanceMigration", group="kubevirt.io", version="v1",
    plural="virtualmachineinstancemigrations", namespaced=True, read=read_migration, optional=True,
    table=MigrationTable,
)  # fmt: skip
KUBEVIRT: Final = Kind(
    name="KubeVirt", group="kubevirt.io", version="v1", plural="kubevirts",
    namespaced=True, read=read_kubevirt, optional=True,
)  # fmt: skip
CLAIM: Final = Kind(
    name="PersistentVolumeClaim", group="", version="v1", plural="persistentvolumeclaims",
    namespaced=True, read=read_claim, labelled=False,
)  # fmt: skip
NAMESPACE: Final = Kind(
    name="Namespace", group="", version="v1", plural="namespaces", namespaced=False, read=read_metadata,
)  # fmt: skip
NODE: Final = Kind(
    name="Node", group="", version="v1", plural="nodes", namespaced=False, read=read_node, labelled=False,
    table=NodeTable,
)  # fmt: skip
POD: Final = Kind(
    name="Pod", group="", version="v1", plural="pods", namespaced=True, read=read_pod, table=PodTable,
)  # fmt: skip
POLICY: Final = Kind(
    name="MigrationPolicy", group="migrations.kubevirt.io", version="v1alpha1", plural="migrationpolicies",
    namespaced=False, read=read_migration_policy, optional=True, labelled=False,
)  # fmt: skip


def _flavours(name: str, *, namespaced: bool) -> Kind:
    return Kind(
        name=name, group="instancetype.kubevirt.io", version="v1beta1", plural=f"{name.lower()}s",
        namespaced=namespaced, read=read_flavour, optional=True, watched=False, labelled=False,
    )  # fmt: skip


REVISION: Final = Kind(
    name="ControllerRevision", group="apps", version="v1", plural="controllerrevisions", namespaced=True,
    read=read_flavour, selector="instancetype.kubevirt.io/object-kind", watched=False, labelled=False,
)  # fmt: skip
FLAVOURS: Final = (
    _flavours("VirtualMachineInstancetype", namespaced=True),
    _flavours("VirtualMachineClusterInstancetype", namespaced=False),
    _flavours("VirtualMachinePreference", namespaced=True),
    _flavours("VirtualMachineClusterPreference", namespaced=False),
    REVISION,
)
"""What a VM may take from elsewhere."""

KINDS: Final = (VMI, VM, MIGRATION, KUBEVIRT, CLAIM, NAMESPACE, NODE, POD, POLICY, *FLAVOURS)
BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}


class Reference(Struct, frozen=True, kw_only=True):
    """Objects of one kind that a decision rests on.

    One object by `name`; or, with "" for the name, all those in the namespace ("" for every one) that carry `labels`.
    """

    kind: str
    namespace: str = ""
    name: str = ""
    labels: frozenset[tuple[str, str]] = frozenset()

    def __str__(self) -> str:
        """Return it as people write it: `PersistentVolumeClaim default/disk`."""
        place = "/".join(part for part in (self.namespace, self.name) if part)
        return " ".join(
            part for part in (self.kind, place, ",".join(f"{k}={v}" for k, v in sorted(self.labels))) if part
        )
