"""VirtualMachineInstanceMigration: the request to move a virtual machine.

Source: `VirtualMachineInstanceMigration` of kubevirt.io/v1. A migration with exactly one of `sendTo` and `receive`
is decentralized: it goes to, or comes from, another cluster.
"""

from collections.abc import Hashable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from webhook.objects.fields import Fields
from webhook.objects.labels import HARVESTER_TARGET, HOSTNAME
from webhook.objects.metadata import Metadata, read_metadata


class Migration(Struct, frozen=True, kw_only=True):
    """A migration as it is requested.

    `vmi_name` is "" where none is given; `target_field` is where a node can be requested. `phase` is "" before it
    has one.
    """

    metadata: Metadata
    vmi_name: str
    added_node_selector: Mapping[str, str]
    target_field: str = f"spec.addedNodeSelector[{HOSTNAME}]"
    sends: bool = False
    receives: bool = False
    phase: str = ""

    @property
    def decentralized(self) -> bool:
        """Tell whether one end of the migration is in another cluster."""
        return self.sends != self.receives

    @property
    def request(self) -> Hashable:
        """What decides where the virtual machine can go: of one VMI, equal requests have equal answers."""
        return frozenset(self.added_node_selector.items()), self.target_field, self.sends, self.receives

    @property
    def target_node(self) -> str:
        """The node that is requested, "" for any."""
        return self.added_node_selector.get(HOSTNAME, "")


def read_migration(document: Fields, namespace: str = "") -> Migration:
    """Read a migration; `namespace` is the request's, for an object that names none."""
    spec = document.object("spec")
    return Migration(
        vmi_name=spec.text("vmiName"),
        added_node_selector=spec.string_map("addedNodeSelector"),
        metadata=read_metadata(document, namespace),
        phase=document.object("status").text("phase"),
        sends=spec.has("sendTo"),
        receives=spec.has("receive"),
    )


def as_meant(migration: Migration, node: str) -> Migration:
    """Return a migration that names no node as one to the node that Harvester asks for on the VMI ("": for none)."""
    if not node or migration.target_node or migration.decentralized:
        return migration
    return replace(
        migration,
        added_node_selector={**migration.added_node_selector, HOSTNAME: node},
        target_field=f"metadata.annotations[{HARVESTER_TARGET}]",
    )


def migration_to(node: str, vmi: Metadata) -> Migration:
    """Return the migration of a VMI to a node that Harvester's annotation names."""
    return Migration(
        metadata=vmi,
        vmi_name=vmi.name,
        added_node_selector={HOSTNAME: node},
        target_field=f"metadata.annotations[{HARVESTER_TARGET}]",
    )
