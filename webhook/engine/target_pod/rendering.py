"""The node selector that KubeVirt gives to every launcher pod of a virtual machine.

What differs between KubeVirt versions goes by the version that the KubeVirt resource reports; when that isn't known,
it isn't required. Keys of the kinds that KubeVirt adds by itself are also taken over from the source pod, which shows
best what the installed version adds.
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
from webhook.objects.pod import Pod
from webhook.objects.vmi import VirtualMachineInstance

TAKEN_OVER: Final = (HYPERV, TSC_FREQUENCY, REALTIME, *CONFIDENTIAL.values(), EMULATED_ARCHITECTURE)
"""Beginnings of keys that KubeVirt alone writes, and that stay the same as long as the virtual machine runs."""


def rendered(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None, source: Pod | None) -> Mapping[str, str]:
    """Return the node selector; `source` is the pod in which the virtual machine runs, None when it isn't known."""
    selector = {SCHEDULABLE: "true", **_architecture(vmi.hardware.architecture, kubevirt)}
    selector |= {**(kubevirt.node_selectors if kubevirt else {}), **vmi.scheduling.node_selector}
    selector |= dict.fromkeys(_by_hardware(vmi, kubevirt), "true")
    if source:
        selector |= {key: value for key, value in source.node_selector.items() if key.startswith(TAKEN_OVER)}
    return selector


def has_vendor_selectors(kubevirt: KubeVirt | None) -> bool:
    """Tell whether KubeVirt ties migrations to the source's CPU vendor: from 1.6.4, but not in 1.7.0."""
    if kubevirt is None or not kubevirt.is_at_least(1, 6, 4):
        return False
    return kubevirt.is_at_least(1, 7, 1) or not kubevirt.is_at_least(1, 7)


def _architecture(architecture: str, kubevirt: KubeVirt | None) -> Mapping[str, str]:
    if not architecture:
        return {}
    if kubevirt and "CrossArchitectureVirtualization" in kubevirt.feature_gates:
        return {EMULATED_ARCHITECTURE + architecture: "true"}
    return {ARCHITECTURE: architecture.lower()}


def _by_hardware(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Iterator[str]:
    hardware = vmi.hardware
    if hardware.cpu_model not in {"", HOST_MODEL, HOST_PASSTHROUGH}:
        yield MODEL + hardware.cpu_model
    if hardware.cpu_model:
        yield from (FEATURE + feature.name for feature in hardware.cpu_features if feature.required)
    yield from (CONFIDENTIAL[kind] for kind in sorted(hardware.confidential))
    if hardware.realtime:
        yield REALTIME
    if hardware.needs_tsc_frequency and vmi.status.tsc_frequency:
        yield f"{TSC_FREQUENCY}{vmi.status.tsc_frequency}"
    if kubevirt:
        yield from _by_version(vmi, kubevirt)


def _by_version(vmi: VirtualMachineInstance, kubevirt: KubeVirt) -> Iterator[str]:
    machine_type = vmi.status.machine_type or vmi.hardware.machine_type
    if machine_type and kubevirt.is_at_least(1, 6):
        yield MACHINE_TYPE + machine_type
    if vmi.hardware.dedicated_cpus and kubevirt.version:
        yield CPU_MANAGER if kubevirt.is_at_least(1, 8) else CPU_MANAGER_BEFORE_1_8
    if "HypervStrictCheck" in kubevirt.feature_gates:
        yield from _hyperv(vmi.hardware)


def _hyperv(hardware: Hardware) -> Iterator[str]:
    yield from (HYPERV + enlightenment for enlightenment in sorted(hardware.hyperv))
    if hardware.nested_hyperv:
        yield VENDOR + "Intel"
