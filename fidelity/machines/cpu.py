"""Random CPUs, memories, enlightenments and memory encryption of a virtual machine."""

from random import Random
from typing import Final

from fidelity.selectors import Json, chance, some
from fidelity.words import CPU_FEATURES
from webhook.objects.hardware import HYPERV

POLICIES: Final = ("", "require", "force", "optional", "disable", "forbid")
MODELS: Final = {
    "amd64": ("host-model", "host-model", "host-model", "host-passthrough", "Haswell"),
    "s390x": ("host-model", "host-model", "gen16a-base"),
    "arm64": ("host-passthrough",),
}
PAGE_SIZES: Final = {"amd64": ("2Mi", "1Gi"), "s390x": ("1Mi",), "arm64": ("64Ki", "2Mi")}


def random_cpu(random: Random, architecture: str) -> Json:
    """Return `spec.domain.cpu`; NUMA and real time need CPUs of their own."""
    cpu: Json = {"model": random.choice(MODELS[architecture])}
    if chance(random, 0.4):
        names = some(random, (*CPU_FEATURES, "invtsc"), 3)
        cpu["features"] = [{"name": name, "policy": random.choice(POLICIES)} for name in names]
    if chance(random, 0.6):
        cpu |= {"cores": random.randint(1, 4), "sockets": random.randint(1, 3), "threads": random.choice((1, 2))}
    if chance(random, 0.25):
        cpu["dedicatedCpuPlacement"] = True
        if chance(random, 0.4):
            cpu["isolateEmulatorThread"] = True
        if chance(random, 0.4):
            cpu["realtime"] = {}
        if chance(random, 0.4):
            cpu["numa"] = {"guestMappingPassthrough": {}}
    return cpu


def random_memory(random: Random, architecture: str, cpu: Json) -> Json:
    """Return `spec.domain.memory`."""
    if "numa" in cpu or chance(random, 0.15):
        return {
            "guest": random.choice(("1Gi", "4Gi")),
            "hugepages": {"pageSize": random.choice(PAGE_SIZES[architecture])},
        }
    return {"guest": random.choice(("512Mi", "1Gi", "2Gi", "4096M"))}


def random_resources(random: Random, memory: Json, release: tuple[int, ...]) -> Json:
    """Return `spec.domain.resources`: what a user may ask for beside the guest's size.

    Up to 1.6 KubeVirt's VMI mutator fills in the memory, later ones leave it to whoever makes the pod.
    """
    resources: Json = {}
    if "hugepages" not in memory and chance(random, 0.2):
        resources["requests"] = {"memory": random.choice(("256Mi", "1Gi")), "cpu": random.choice(("250m", "1"))}
    if chance(random, 0.15):
        resources["overcommitGuestOverhead"] = True
    if chance(random, 0.1):
        resources["limits"] = {"cpu": "4", "memory": "8Gi"}
    if release < (1, 7):
        asked = resources.get("limits", {}).get("memory", memory["guest"])
        resources["requests"] = {"memory": asked, **resources.get("requests", {})}
    return resources


def random_features(random: Random) -> Json:
    """Return `spec.domain.features`."""
    names = some(random, (*HYPERV, "evmcs", "vapic"), 5)
    hyperv = {name: random.choice(({}, {"enabled": True}, {"enabled": True}, {"enabled": False})) for name in names}
    return {"hypervPassthrough": {"enabled": chance(random, 0.5)}} if chance(random, 0.1) else {"hyperv": hyperv}


def random_security(random: Random, release: tuple[int, ...]) -> Json:
    """Return `spec.domain.launchSecurity`; SNP and TDX exist from 1.7."""
    choices: list[Json] = [
        {},
        {"sev": {}},
        {"sev": {"policy": {}}},
        {"sev": {"policy": {"encryptedState": True}}},
        {"sev": {"policy": {"encryptedState": False}}},
    ]
    return random.choice(choices + ([{"snp": {}}, {"tdx": {}}] if release >= (1, 7) else []))
