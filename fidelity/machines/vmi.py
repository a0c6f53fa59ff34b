"""Random VMIs: what decides where their launcher pods may run, and what these ask of a node.

They are as KubeVirt stores them: its VMI mutator has filled in architecture and CPU model.
"""

from random import Random
from typing import Final

from fidelity.machines.cpu import random_cpu, random_features, random_memory, random_resources, random_security
from fidelity.machines.devices import random_devices
from fidelity.selectors import Json, chance, node_terms, pod_term, some, spread_constraint, toleration
from fidelity.words import NODE_LABELS, POD_LABELS, TOPOLOGY_KEYS

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
NAMES: Final = ("web", "web", "web", "web.shop.example", "w" * 63, "w" * 64, "a-very-long-name-" + "x" * 70)
ARCHITECTURES: Final = ("amd64", "amd64", "amd64", "amd64", "arm64", "s390x")
SIDECAR: Final = '[{"args": ["--version", "v1alpha2"], "image": "registry/hook:1"}]'


def random_vmi(random: Random, seed: int, release: tuple[int, ...]) -> tuple[Json, list[Json], list[Json]]:
    """Return a VMI before its launch, its claims and its networks; with fields that KubeVirt of this release has."""
    architecture = random.choice(ARCHITECTURES)
    devices, rest, claims, networks = random_devices(random)
    domain = {"devices": devices} | _domain(random, architecture, release)
    spec: Json = {"architecture": architecture, "domain": domain, **rest, **_scheduling(random)}
    if chance(random, 0.2):
        spec["hostname"] = "shop"
    if chance(random, 0.1):
        spec["schedulerName"] = "another-scheduler"
    return {"metadata": _metadata(random, seed), "spec": spec, "status": {}}, claims, networks


def _metadata(random: Random, seed: int) -> Json:
    labels = {key: random.choice(values) for key, values in POD_LABELS.items() if chance(random, 0.5)}
    annotations: Json = {}
    if chance(random, 0.1):
        annotations["sidecar.istio.io/inject"] = random.choice(("true", "false"))
    if chance(random, 0.1):
        annotations["hooks.kubevirt.io/hookSidecars"] = SIDECAR
    if chance(random, 0.3):
        annotations["kubevirt.io/allow-pod-bridge-network-live-migration"] = ""
    name = random.choice(NAMES)
    return {"name": name, "namespace": "default", "uid": f"uid-{seed}", "labels": labels, "annotations": annotations}


def _domain(random: Random, architecture: str, release: tuple[int, ...]) -> Json:
    cpu = random_cpu(random, architecture)
    domain: Json = {"cpu": cpu, "memory": random_memory(random, architecture, cpu)}
    domain["resources"] = random_resources(random, domain["memory"], release)
    if chance(random, 0.8):
        domain["machine"] = {"type": random.choice(("q35", "pc-q35-rhel9.6.0", ""))}
    if chance(random, 0.4):
        domain["features"] = random_features(random)
    if chance(random, 0.25):
        domain["launchSecurity"] = random_security(random, release)
    return domain


def _scheduling(random: Random) -> Json:
    spec: Json = {}
    if chance(random, 0.4):
        spec["nodeSelector"] = {key: random.choice(NODE_LABELS[key]) for key in some(random, ("pool", "disk"), 2)}
    if chance(random, 0.1):
        spec["nodeSelector"] = {"kubevirt.io/schedulable": "false", "kubernetes.io/arch": "odd"}
    if chance(random, 0.3):
        spec["affinity"] = _affinity(random)
    if chance(random, 0.25):
        spec["tolerations"] = [toleration(random) for _ in range(random.randint(1, 2))]
    if chance(random, 0.2):
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
