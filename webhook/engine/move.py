"""The move of a virtual machine that goes on: where to, and since when."""

from collections.abc import Mapping

from msgspec import Struct

from webhook.engine.wording import named
from webhook.objects.migration import Migration
from webhook.objects.phases import FINAL_PHASES
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import MIGRATION
from webhook.state.snapshot import Snapshot


class Move(Struct, frozen=True, kw_only=True):
    """A migration that has not ended: `target` is "" before KubeVirt has a node for it, `since` when it was made."""

    migration: str
    target: str
    since: str

    @property
    def words(self) -> str:
        """What the virtual machine does: `is moving to node-b since 2026-11-02T10:00:00Z`."""
        target = f" to {named(self.target)}" if self.target else ""
        return f"is moving{target}" + (f" since {named(self.since)}" if self.since else "")


def move_of(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Move | None:
    """Return the move of a virtual machine, None when it doesn't move."""
    migration = snapshot.cached("moving", lambda: _moving(snapshot)).get(vmi.metadata.key)
    if migration is None or vmi.is_template:
        return None
    return Move(migration=migration.metadata.name, target=vmi.status.moves_to, since=migration.metadata.created)


def _moving(snapshot: Snapshot) -> Mapping[tuple[str, str], Migration]:
    """Return the migrations that have not ended, by namespace and name of their VMI."""
    return {
        (migration.metadata.namespace, migration.vmi_name): migration
        for migration in snapshot.table(MIGRATION.name)
        if migration.phase not in FINAL_PHASES
    }
