"""CPUs and memory that were plugged into a virtual machine since its pod was made.

Source: KubeVirt `status.currentCPUTopology` and `status.memory.guestCurrent` of a VMI, which tell what runs, beside its
specification, which tells what is wanted.
"""

from math import prod

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.quantity import read_whole


class HotPlug(Struct, frozen=True, kw_only=True):
    """How many virtual CPUs and bytes of memory there were and are to be, and what of these the pod asks for.

    `requested` is the memory that the specification asks for now, 0 where it leaves that to KubeVirt. `fixed_cpu` tells
    that it asks for CPU by itself, `without_overhead` that it leaves out what the guest costs beside its memory.
    `page_size` is that of the huge pages in which its memory is, "" for none.
    """

    vcpus_before: int
    vcpus: int
    memory: int
    requested: int = 0
    fixed_cpu: bool = False
    page_size: str = ""
    without_overhead: bool = False


def read_hot_plug(domain: Fields, status: Fields) -> HotPlug | None:
    """Read it from `spec.domain` and `status` of a VMI; None where it runs with what it is to have."""
    domain = Fields(domain.value)  # what can't be read of it has been noted where the rest was read
    cpu, memory, resources = domain.object("cpu"), domain.object("memory"), domain.object("resources")
    vcpus = _vcpus(cpu)
    before = _vcpus(status.object("currentCPUTopology")) if status.has("currentCPUTopology") else vcpus
    guest, current = read_whole(memory, "guest") or 0, read_whole(status.object("memory"), "guestCurrent")
    added = guest - current if current else 0
    if vcpus == before and not added:
        return None
    requests = resources.object("requests")
    return HotPlug(
        vcpus_before=before,
        vcpus=vcpus,
        memory=added,
        requested=read_whole(requests, "memory") or 0,
        fixed_cpu=requests.has("cpu"),
        page_size=memory.object("hugepages").text("pageSize"),
        without_overhead=resources.flag("overcommitGuestOverhead") is True,
    )


def _vcpus(topology: Fields) -> int:
    return prod(topology.number(key) or 1 for key in ("cores", "sockets", "threads"))
