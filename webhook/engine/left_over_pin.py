"""A virtual machine that is pinned to one node by its node selector, as a failed move in Harvester leaves it behind.

Harvester up to 1.5 writes `kubernetes.io/hostname` into the VMI's node selector before the migration is made, 1.6
into the VM's template; neither takes it back when the move fails. The virtual machine then has nowhere to go.

Source: Harvester `pkg/api/vm/handler.go` of these releases.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.kubectl import patch_command
from webhook.engine.verdict import Command
from webhook.engine.wording import quoted
from webhook.objects.labels import HARVESTER_TARGET, HOSTNAME
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

_REMOVED: Final = {"spec": {"template": {"spec": {"nodeSelector": {HOSTNAME: None}}}}}


def explained_pin(vmi: VirtualMachineInstance, snapshot: Snapshot) -> tuple[str, tuple[Command, ...]]:
    """Say to which node the virtual machine is pinned, and return what frees it; nothing when it isn't."""
    node = vmi.scheduling.node_selector.get(HOSTNAME)
    if not node:
        return "", ()
    pinned = f"It is pinned to {quoted(node)} by its node selector ({HOSTNAME}), {_origin(vmi, node)}."
    owner = vmi.metadata.vm
    return pinned, tuple(_commands(vmi.metadata.namespace, owner.name, snapshot)) if owner else ()


def _origin(vmi: VirtualMachineInstance, node: str) -> str:
    if HARVESTER_TARGET not in vmi.metadata.annotations:
        return "perhaps left over from an earlier move"
    return "by which Harvester asks for it" if node == vmi.harvester_target else "left over from an earlier move"


def _commands(namespace: str, name: str, snapshot: Snapshot) -> Iterator[Command]:
    """Yield what frees the VM's template; a pin that isn't there is gone with the next start."""
    vm = snapshot.vm(namespace, name)
    if vm is not None and HOSTNAME in vm.instance.scheduling.node_selector:
        removal = patch_command("virtualmachines.kubevirt.io", namespace, name, _REMOVED)
        yield Command(purpose="Remove the pin", text=removal)
