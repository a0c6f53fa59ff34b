"""A virtual machine that is pinned to one node by its node selector, as a failed move in Harvester leaves it behind.

Harvester up to 1.5 writes `kubernetes.io/hostname` into the VMI's node selector before the migration is made, 1.6
into the VM's template; neither takes it back when the move fails. The virtual machine then has nowhere to go.

Source: Harvester `pkg/api/vm/handler.go` of these releases.
"""

from typing import Final

from webhook.engine.kubectl import patch_command
from webhook.engine.wording import quoted
from webhook.objects.kubevirt import controller_in
from webhook.objects.labels import HARVESTER_TARGET, HOSTNAME
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

_REMOVED: Final = {"spec": {"nodeSelector": {HOSTNAME: None}}}


def explained_pin(vmi: VirtualMachineInstance, snapshot: Snapshot) -> str:
    """Say to which node the virtual machine is pinned and how to free it; "" when it isn't."""
    node = vmi.scheduling.node_selector.get(HOSTNAME)
    if not node:
        return ""
    left_over = HARVESTER_TARGET in vmi.metadata.annotations
    origin = "left over from an earlier move" if left_over else "perhaps left over from an earlier move"
    return (
        f"It is pinned to {quoted(node)} by its node selector ({HOSTNAME}), {origin}. "
        f"Remove it: `{_command(vmi, snapshot)}`"
    )


def _command(vmi: VirtualMachineInstance, snapshot: Snapshot) -> str:
    """Return the command for the VM's template where the pin is there, else for the VMI, as KubeVirt alone may."""
    owner, namespace = vmi.metadata.vm, vmi.metadata.namespace
    vm = snapshot.vm(namespace, owner.name) if owner else None
    if vm is not None and HOSTNAME in vm.instance.scheduling.node_selector:
        return patch_command(
            "virtualmachines.kubevirt.io", namespace, vm.metadata.name, {"spec": {"template": _REMOVED}}
        )
    user = snapshot.kubevirt.controller if snapshot.kubevirt else controller_in("kubevirt")
    return patch_command("virtualmachineinstances.kubevirt.io", namespace, vmi.metadata.name, _REMOVED, user=user)
