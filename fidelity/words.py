"""The small vocabulary of random clusters: few words, so that rules and objects often meet."""

from typing import Final

HOSTNAME: Final = "kubernetes.io/hostname"
ARCHITECTURE: Final = "kubernetes.io/arch"
SCHEDULABLE: Final = "kubevirt.io/schedulable"
CREATED_BY: Final = "kubevirt.io/created-by"
OBSOLETE: Final = "node-labeller.kubevirt.io/obsolete-host-model"
TRACK: Final = "track"

NODE_LABELS: Final = {
    "topology.kubernetes.io/zone": ("zone-a", "zone-b", "zone-c", "zone-d"),
    "rack": ("r1", "r2", "r3", "r4", "r5"),
    "disk": ("ssd", "hdd", ""),
    "pool": ("vms", "batch"),
    "rank": ("0", "1", "2", "5", "7", "12", "007", "3.5", "12a", "", "9223372036854775808"),
}
"""A node's own labels and their values; the ranks aren't all numbers, as a person may write them."""

TOPOLOGY_KEYS: Final = (
    HOSTNAME,
    HOSTNAME,
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/zone",
    "rack",
    "pool",
)
SPREAD_KEYS: Final = (HOSTNAME, "topology.kubernetes.io/zone", "topology.kubernetes.io/zone", "rack", "pool", "pool")

POD_LABELS: Final = {"app": ("web", "db", "cache"), "tier": ("front", "back"), TRACK: ("blue", "green")}

NAMESPACES: Final = ("default", "shop", "bank", "lab")
NAMESPACE_LABELS: Final = {"team": ("red", "blue"), "stage": ("live", "test")}

TAINT_KEYS: Final = (
    "dedicated",
    "gpu",
    "kubevirt.io/drain",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
)
TAINT_VALUES: Final = ("", "vms", "draining")
EFFECTS: Final = ("NoSchedule", "NoExecute", "PreferNoSchedule")

CPU_MODELS: Final = {
    "Intel": ("Nehalem-IBRS", "Haswell-noTSX-IBRS", "Skylake-Server-IBRS", "Icelake-Server"),
    "AMD": ("Opteron_G3", "EPYC", "EPYC-Rome"),
}
"""By vendor, the oldest first: a CPU supports its own model and those before it."""

CPU_FEATURES: Final = ("avx2", "vmx", "pcid", "spec-ctrl")
MACHINE_TYPES: Final = ("q35", "pc-q35-rhel9.4.0", "pc-q35-rhel9.6.0")
