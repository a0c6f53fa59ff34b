"""What a VM would start, with what its instance type and its preference give, as KubeVirt expands it.

The VM's own fields win over a preference's; an instance type's don't meet them, as KubeVirt refuses a VM with both.
Source: KubeVirt `pkg/instancetype/apply` and `pkg/instancetype/preference/apply`.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from webhook.objects.flavour import Flavour, Matcher
from webhook.objects.hardware import Hardware
from webhook.objects.vm import VirtualMachine
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import BY_NAME, REVISION, Reference
from webhook.state.snapshot import Snapshot


def expanded(vm: VirtualMachine, snapshot: Snapshot) -> VirtualMachineInstance:
    """Return what the VM would start; what isn't known of it is named there."""
    instance, unknown = vm.instance, []
    for matcher in vm.matchers:
        flavour = _flavour(matcher, vm, snapshot)
        if flavour is None:
            unknown.append(f"{matcher.title} {matcher.name}")
        else:
            instance = _with(instance, flavour.instance)
    return replace(instance, unknown=tuple(unknown)) if unknown else instance


def needed(vm: VirtualMachine, snapshot: Snapshot) -> Iterator[Reference]:
    """Yield what has to be read before an instance type or a preference may be called unknown."""
    for matcher in vm.matchers:
        if _flavour(matcher, vm, snapshot) is None:
            namespace = vm.metadata.namespace if BY_NAME[matcher.kind].namespaced else ""
            yield Reference(kind=matcher.kind, namespace=namespace, name=matcher.name)
            if matcher.revision:
                yield Reference(kind=REVISION.name, namespace=vm.metadata.namespace, name=matcher.revision)


def _flavour(matcher: Matcher, vm: VirtualMachine, snapshot: Snapshot) -> Flavour | None:
    """Return the one that KubeVirt keeps for the VM, else the present one."""
    namespace = vm.metadata.namespace
    kept: Flavour | None = snapshot.table(REVISION.name).get(namespace, matcher.revision) if matcher.revision else None
    if kept is not None:
        return kept
    present: Flavour | None = snapshot.table(matcher.kind).get(
        namespace if BY_NAME[matcher.kind].namespaced else "", matcher.name
    )
    return present


def _with(own: VirtualMachineInstance, given: VirtualMachineInstance) -> VirtualMachineInstance:
    # KubeVirt adds them behind the VM's own: that is where they will stand.
    devices = given.devices.host_devices
    scheduling = own.scheduling
    return replace(
        own,
        memory=own.memory or given.memory,
        hardware=_hardware(own.hardware, given.hardware),
        devices=replace(own.devices, host_devices=(*own.devices.host_devices, *devices)),
        scheduling=replace(scheduling, node_selector={**given.scheduling.node_selector, **scheduling.node_selector}),
    )


def _hardware(own: Hardware, given: Hardware) -> Hardware:
    named = {feature.name for feature in own.cpu_features}
    return replace(
        own,
        architecture=own.architecture or given.architecture,
        cpu_model=own.cpu_model or given.cpu_model,
        cpu_features=(*own.cpu_features, *(each for each in given.cpu_features if each.name not in named)),
        dedicated_cpus=own.dedicated_cpus or given.dedicated_cpus,
        realtime=own.realtime or given.realtime,
        machine_type=own.machine_type or given.machine_type,
        hyperv=own.hyperv | given.hyperv,
        nested_hyperv=own.nested_hyperv or given.nested_hyperv,
        confidential=own.confidential | given.confidential,
    )
