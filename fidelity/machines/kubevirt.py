"""Random KubeVirt resources: what holds for all virtual machines of a cluster."""

from random import Random
from typing import Final

from fidelity.machines.devices import GPUS, HOST_DEVICES, SRIOV, VGPUS
from fidelity.selectors import Json, chance, some
from fidelity.words import ARCHITECTURE, NODE_LABELS

GATES: Final = (
    "HypervStrictCheck",
    "HypervStrictCheck",
    "CrossArchitectureVirtualization",
    "VGPULiveMigration",
    "ImageVolume",
    "AlignCPUs",
    "ExternalNetResourceInjection",
)
GATES_OF_SIZE: Final = frozenset({"ImageVolume", "AlignCPUs", "ExternalNetResourceInjection"})
SIZES: Final = ("additionalGuestMemoryOverheadRatio", "virtualMachineOptions")
"""Settings, beside these gates, by which a pod asks for more or less."""
PERMITTED: Final = {
    "mediatedDevices": [{"mdevNameSelector": "GRID T4-1Q", "resourceName": VGPUS[0]}],
    "pciHostDevices": [
        {"pciVendorSelector": f"10DE:000{index}", "resourceName": name}
        for index, name in enumerate((GPUS[0], VGPUS[1], *HOST_DEVICES, SRIOV))
    ],
}


def random_kubevirt(random: Random, version: str, release: tuple[int, ...]) -> Json:
    """Return a KubeVirt resource of this version, with fields that it has."""
    developer: Json = {}
    if chance(random, 0.3):
        developer["nodeSelectors"] = {key: random.choice(NODE_LABELS[key]) for key in some(random, ("pool", "disk"), 2)}
    if chance(random, 0.1):
        developer.setdefault("nodeSelectors", {})[ARCHITECTURE] = "amd64"
    if chance(random, 0.6):
        developer["featureGates"] = sorted(set(random.choices(GATES, k=3)))
    if release >= (1, 8) and chance(random, 0.3):
        developer["disabledFeatureGates"] = sorted(set(random.choices(GATES, k=2)))
    if chance(random, 0.2):
        developer["cpuAllocationRatio"] = random.choice((1, 5, 20))
    configuration: Json = {"developerConfiguration": developer}
    if chance(random, 0.3):
        configuration["permittedHostDevices"] = PERMITTED
    if chance(random, 0.2):
        configuration["cpuModel"] = random.choice(("Haswell", "host-model"))
    if chance(random, 0.1):
        configuration["virtualMachineOptions"] = {"disableSerialConsoleLog": {}}
    if chance(random, 0.1):
        configuration["additionalGuestMemoryOverheadRatio"] = "1.3"
    return {
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": configuration},
        "status": {"observedKubeVirtVersion": version},
    }


def as_large(kubevirt: Json, earlier: Json) -> Json:
    """Return a KubeVirt whose pods ask for as much as those of an earlier one: sizes are told by the source pod."""
    new, old = (each["spec"]["configuration"] for each in (kubevirt, earlier))
    sizes = {key: old[key] for key in SIZES if key in old}
    developer = {key: value for key, value in new["developerConfiguration"].items() if key != "cpuAllocationRatio"}
    if "cpuAllocationRatio" in old["developerConfiguration"]:
        developer["cpuAllocationRatio"] = old["developerConfiguration"]["cpuAllocationRatio"]
    for field in ("featureGates", "disabledFeatureGates"):
        chosen = [gate for gate in developer.pop(field, ()) if gate not in GATES_OF_SIZE]
        kept = [gate for gate in old["developerConfiguration"].get(field, ()) if gate in GATES_OF_SIZE]
        if chosen or kept:
            developer[field] = sorted({*chosen, *kept})
    configuration = {key: value for key, value in new.items() if key not in SIZES}
    return {**kubevirt, "spec": {"configuration": {**configuration, **sizes, "developerConfiguration": developer}}}
