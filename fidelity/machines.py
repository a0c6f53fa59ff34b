"""Random VMIs, and KubeVirt resources that they run under: what decides where their launcher pods may run."""

from random import Random
from typing import Final

from fidelity.selectors import Json, chance, node_terms, pod_term, some, spread_constraint, toleration
from fidelity.words import CPU_FEATURES, NODE_LABELS, POD_LABELS, TOPOLOGY_KEYS
from webhook.objects.hardware import HYPERV

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
VERSION: Final = "v1.7.0"
"""The KubeVirt that the renderer is made of."""

POLICIES: Final = ("", "require", "force", "optional", "disable", "forbid")
NAMES: Final = ("web", "web.shop.example", "w" * 63, "w" * 64, "a-very-long-name-" + "x" * 70)
SECURITIES: Final[tuple[Json, ...]] = (
    {},
    {"sev": {}},
    {"sev": {"policy": {}}},
    {"sev": {"policy": {"encryptedState": True}}},
    {"sev": {"policy": {"encryptedState": False}}},
    {"snp": {}},
    {"tdx": {}},
)


def random_machine(seed: int) -> Json:
    """Return the question of a seed: `id`, `vmi` and `kubevirt`."""
    random = Random(seed)
    metadata = {"name": random.choice(NAMES), "namespace": "default", "uid": f"uid-{seed}", "labels": _labels(random)}
    return {"id": seed, "kubevirt": _kubevirt(random), "vmi": {"metadata": metadata, **_instance(random)}}


def _labels(random: Random) -> Json:
    return {key: random.choice(values) for key, values in POD_LABELS.items() if chance(random, 0.5)}


def _kubevirt(random: Random) -> Json:
    developer: Json = {}
    if chance(random, 0.3):
        developer["nodeSelectors"] = {key: random.choice(NODE_LABELS[key]) for key in some(random, ("pool", "disk"), 2)}
    if chance(random, 0.5):
        developer["featureGates"] = ["HypervStrictCheck"]
    return {
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": {"developerConfiguration": developer}},
        "status": {"observedKubeVirtVersion": VERSION},
    }


def _instance(random: Random) -> Json:
    spec: Json = {"domain": _domain(random)}
    if chance(random, 0.8):
        spec["architecture"] = random.choice(("amd64", "amd64", "arm64", "s390x"))
    if chance(random, 0.2):
        spec["hostname"] = "shop"
    return {"spec": spec | _scheduling(random), "status": _status(random)}


def _domain(random: Random) -> Json:
    domain: Json = {"devices": {}, "memory": {"guest": "1Gi"}, "resources": {}}
    if chance(random, 0.9):
        domain["cpu"] = _cpu(random)
    if chance(random, 0.8):
        domain["machine"] = {"type": random.choice(("q35", "pc-q35-rhel9.6.0", ""))}
    if chance(random, 0.4):
        domain["features"] = {"hyperv": _hyperv(random)}
    if chance(random, 0.3):
        domain["launchSecurity"] = random.choice(SECURITIES)
    return domain


def _cpu(random: Random) -> Json:
    cpu: Json = {"model": random.choice(("host-model", "host-model", "host-passthrough", "Haswell", ""))}
    if chance(random, 0.5):
        names = some(random, (*CPU_FEATURES, "invtsc"), 3)
        cpu["features"] = [{"name": name, "policy": random.choice(POLICIES)} for name in names]
    if chance(random, 0.2):
        cpu |= {"cores": 2, "dedicatedCpuPlacement": True}
        if chance(random, 0.5):
            cpu["realtime"] = {}
    return cpu


def _hyperv(random: Random) -> Json:
    names = some(random, (*HYPERV, "evmcs", "vapic"), 5)
    return {name: random.choice(({}, {"enabled": True}, {"enabled": False})) for name in names}


def _status(random: Random) -> Json:
    status: Json = {}
    if chance(random, 0.6):
        status["machine"] = {"type": random.choice(("pc-q35-rhel9.6.0", "pc-q35-rhel9.4.0", ""))}
    if chance(random, 0.5):
        status["topologyHints"] = random.choice(({"tscFrequency": 2_600_000_000}, {"tscFrequency": 0}, {}))
    return status


def _scheduling(random: Random) -> Json:
    spec: Json = {}
    if chance(random, 0.4):
        spec["nodeSelector"] = {key: random.choice(NODE_LABELS[key]) for key in some(random, ("pool", "disk"), 2)}
    if chance(random, 0.2):
        spec["nodeSelector"] = {"kubevirt.io/schedulable": "false", "kubernetes.io/arch": "odd"}
    if chance(random, 0.6):
        spec["affinity"] = _affinity(random)
    if chance(random, 0.5):
        spec["tolerations"] = [toleration(random) for _ in range(random.randint(1, 3))]
    if chance(random, 0.4):
        spec["topologySpreadConstraints"] = [spread_constraint(random, random.choice(TOPOLOGY_KEYS))]
    return spec


def _affinity(random: Random) -> Json:
    affinity: Json = {}
    if chance(random, 0.6):
        terms = random.choice(({}, {REQUIRED: {"nodeSelectorTerms": node_terms(random, ("node-a", "node-b"))}}))
        affinity["nodeAffinity"] = terms
    for kind in ("podAffinity", "podAntiAffinity"):
        if chance(random, 0.4):
            affinity[kind] = {REQUIRED: [pod_term(random) for _ in range(random.randint(1, 2))]}
    return affinity
