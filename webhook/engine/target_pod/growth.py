"""What hot-plugged CPUs and memory add to what a pod asks for: the target is made for the new size.

Source: KubeVirt `newResourceRenderer` and `GetMemoryOverhead` in `pkg/virt-controller/services`.
"""

from math import ceil
from typing import Final

from webhook.objects.amount import Amount
from webhook.objects.hot_plug import HotPlug
from webhook.objects.kubevirt import KubeVirt

OVERHEAD_OF_A_CPU: Final = 8 * 1024**2
"""Bytes."""
BYTES_OF_A_PAGE_TABLE_ENTRY: Final = 512
CPU_RATIO: Final = 10
"""Virtual CPUs on one of the node, where nothing else is configured."""


def growth(plugged: HotPlug, kubevirt: KubeVirt | None, *, dedicated: bool) -> Amount:
    """Return what the target asks for beyond the source."""
    pages = ((f"hugepages-{plugged.page_size}", plugged.memory),) if plugged.page_size and plugged.memory else ()
    return Amount(cpu=_cpu(plugged, kubevirt, dedicated=dedicated), memory=_memory(plugged, kubevirt), others=pages)


def _cpu(plugged: HotPlug, kubevirt: KubeVirt | None, *, dedicated: bool) -> int:
    """Return thousandths of a core."""
    if plugged.fixed_cpu and (not dedicated or (kubevirt and kubevirt.is_before(1, 5))):
        return 0
    if dedicated:
        return 1000 * (plugged.vcpus - plugged.vcpus_before)
    ratio = (kubevirt.cpu_ratio if kubevirt else 0) or CPU_RATIO
    return ceil(1000 * plugged.vcpus / ratio) - ceil(1000 * plugged.vcpus_before / ratio)


def _memory(plugged: HotPlug, kubevirt: KubeVirt | None) -> int:
    """Return bytes; of a guest in huge pages only what it costs beside its memory."""
    cost = OVERHEAD_OF_A_CPU * (plugged.vcpus - plugged.vcpus_before)
    if plugged.requested:
        before = plugged.requested - plugged.memory
        cost += plugged.requested // BYTES_OF_A_PAGE_TABLE_ENTRY - before // BYTES_OF_A_PAGE_TABLE_ENTRY
    cost = int(cost * (kubevirt.memory_overhead_ratio if kubevirt else 1.0))
    if plugged.page_size:
        return cost
    return plugged.memory + (0 if plugged.without_overhead else cost)
