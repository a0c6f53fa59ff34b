"""The node selector that KubeVirt gives to every launcher pod of a virtual machine.

What differs between KubeVirt versions goes by the version that the KubeVirt resource reports; when that isn't known,
it isn't required. KubeVirt renders afresh from its present configuration, whatever the source pod was made with.
Source: KubeVirt `newNodeSelectorRenderer` in `pkg/virt-controller/services`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from webhook.engine.cpu_model import HOST_MODEL, HOST_PASSTHROUGH
from webhook.objects.hardware import Hardware
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import (
    ARCHITECTURE,
    CONFIDENTIAL,
    CPU_MANAGER,
    CPU_MANAGER_BEFORE_1_8,
    EMULATED_ARCHITECTURE,
    FEATURE,
    HYPERV,
    MACHINE_TYPE,
    MODEL,
    REALTIME,
    SCHEDULABLE,
    TSC_FREQUENCY,
    VENDOR,
)
from webhook.objects.vmi import VirtualMachineInstance

CROSS_ARCHITECTURE: Final = "CrossArchitectureVirtualization"


def rendered(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Mapping[str, str]:
    """Return the node selector of any pod of the virtual machine."""
    architecture = vmi.hardware.architecture
    selector = {SCHEDULABLE: "true", **({ARCHITECTURE: architecture.lower()} if architecture else {})}
    selector |= {**(kubevirt.node_selectors if kubevirt else {}), **vmi.scheduling.node_selector}
    selector |= dict.fromkeys(_by_hardware(vmi, kubevirt), "true")
    if architecture and kubevirt and kubevirt.is_at_least(1, 9) and kubevirt.has_gate(CROSS_ARCHITECTURE):
        selector.pop(ARCHITECTURE, None)
        selector[EMULATED_ARCHITECTURE + architecture] = "true"
    return selector


def has_vendor_selectors(kubevirt: KubeVirt | None) -> bool:
    """Tell whether KubeVirt ties migrations to the source's CPU vendor: from 1.6.4, but not in 1.7.0."""
    if kubevirt is None or not kubevirt.is_at_least(1, 6, 4):
        return False
    return kubevirt.is_at_least(1, 7, 1) or not kubevirt.is_at_least(1, 7)


def _by_hardware(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Iterator[str]:
    hardware = vmi.hardware
    if hardware.cpu_model not in {"", HOST_MODEL, HOST_PASSTHROUGH}:
        yield MODEL + hardware.cpu_model
    if hardware.cpu_model:
        yield from (FEATURE + feature.name for feature in hardware.cpu_features if feature.required)
    if not (kubevirt and kubevirt.is_before(1, 5)):
        yield from _privileged(hardware, kubevirt)
    if hardware.needs_tsc_frequency and vmi.status.tsc_frequency:
        yield f"{TSC_FREQUENCY}{vmi.status.tsc_frequency}"
    if kubevirt:
        yield from _by_version(vmi, kubevirt)


def _privileged(hardware: Hardware, kubevirt: KubeVirt | None) -> Iterator[str]:
    """Yield what the renderer writes from 1.5 on; before, the VMI's own node selector had it when it was made."""
    left_out = {"s390-pv"} if kubevirt and kubevirt.is_before(1, 6) else set()
    yield from (CONFIDENTIAL[kind] for kind in sorted(hardware.confidential - left_out))
    if hardware.realtime:
        yield REALTIME


def _by_version(vmi: VirtualMachineInstance, kubevirt: KubeVirt) -> Iterator[str]:
    machine_type = vmi.status.machine_type or vmi.hardware.machine_type
    if machine_type and kubevirt.is_at_least(1, 5, 1):
        yield MACHINE_TYPE + machine_type
    if vmi.hardware.dedicated_cpus and kubevirt.version:
        yield CPU_MANAGER if kubevirt.is_at_least(1, 8) else CPU_MANAGER_BEFORE_1_8
    if kubevirt.has_gate("HypervStrictCheck"):
        yield from _hyperv(vmi.hardware)


def _hyperv(hardware: Hardware) -> Iterator[str]:
    yield from (HYPERV + enlightenment for enlightenment in sorted(hardware.hyperv))
    if hardware.nested_hyperv:
        yield VENDOR + "Intel"
