"""Random clusters in the scheduler judge's format: a migration's target pod, and nodes and pods that it meets.

Everything follows from the seed. Not every kind of rule is in every case, so that many cases accept some nodes.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from fidelity.cpus import cpu_labels, cpu_selectors
from fidelity.resources import add_heartbeats, add_ports, add_quotas, add_resources
from fidelity.selectors import (
    Json,
    chance,
    node_terms,
    pod_term,
    spread_constraint,
    taint,
    toleration,
)
from fidelity.storage import add_devices, add_volumes
from fidelity.words import (
    ARCHITECTURE,
    CREATED_BY,
    HOSTNAME,
    NAMESPACE_LABELS,
    NAMESPACES,
    NODE_LABELS,
    OBSOLETE,
    POD_LABELS,
    SCHEDULABLE,
    SPREAD_KEYS,
    TAINT_KEYS,
)

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
OWN: Final = "uid-of-the-vm"
KINDS: Final = {
    "selector": 1,
    "nodes": 2,
    "near": 2,
    "away": 2,
    "spread": 4,
    "taints": 3,
    "cordons": 2,
    "repelling": 3,
    "cpu": 1,
}
"""Kinds of rules, each in a part of the cases, and their weights."""

MORE: Final[Mapping[Callable[[Random, Json], None], float]] = {
    add_resources: 0.15,
    add_ports: 0.1,
    add_volumes: 0.35,
    add_devices: 0.1,
    add_quotas: 0.05,
    add_heartbeats: 0.1,
}
"""What is added to a share of the cases."""


def random_case(seed: int) -> Json:
    """Return the case of a seed: `id`, `pod`, `nodes` (2 to 60), `pods`, `namespaces`, and what more the pods need.

    The first of the pods is the one that the virtual machine leaves.
    """
    case = _rules(seed)
    random = Random(f"{seed} and its resources")
    for add, share in MORE.items():
        if chance(random, share):
            add(random, case)
    return case


def _rules(seed: int) -> Json:
    random = Random(seed)
    number = random.choice((1, 2, 2, 3, 3, 4, 6))
    kinds = frozenset(random.sample(list(KINDS), number, counts=KINDS.values()))
    if "spread" in kinds:
        # What a constraint counts depends on these.
        kinds |= {kind for kind in ("nodes", "taints") if chance(random, 0.4)}
    keys = random.sample(TAINT_KEYS, 3)
    nodes = [_node(random, number, kinds, keys) for number in range(_number_of_nodes(random))]
    source = random.choice(nodes)
    namespace = random.choice(NAMESPACES)
    labels = _pod_labels(random) | {"kubevirt.io": "virt-launcher", CREATED_BY: OWN}
    return {
        "id": seed,
        "pod": {
            "metadata": {"name": "target", "namespace": namespace, "labels": labels},
            "spec": _target(random, nodes, source, kinds, keys),
        },
        "nodes": nodes,
        "pods": [
            _pod("source", namespace, labels, {"nodeName": source["metadata"]["name"]}),
            *_other_pods(random, nodes, namespace, kinds),
        ],
        "namespaces": _namespaces(random),
    }


def _number_of_nodes(random: Random) -> int:
    return random.randint(2, random.choice((6, 6, 12, 12, 25, 60)))


def _node(random: Random, number: int, kinds: frozenset[str], keys: Sequence[str]) -> Json:
    name = f"node-{number}"
    labels = {key: random.choice(values) for key, values in NODE_LABELS.items() if chance(random, 0.92)}
    if chance(random, 0.97):
        labels[HOSTNAME] = name
    labels[ARCHITECTURE] = "amd64" if chance(random, 0.97) else "arm64"
    labels[SCHEDULABLE] = "true" if chance(random, 0.96) else "false"
    if "cpu" in kinds:
        labels |= cpu_labels(random)
    spec: Json = {}
    taints = [taint(random, keys) for _ in range(random.choice((0, 0, 1, 1, 2)))] if "taints" in kinds else []
    if "cordons" in kinds and chance(random, 0.3):
        spec["unschedulable"] = True
        if chance(random, 0.5):
            taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    if taints:
        spec["taints"] = list({(one["key"], one["effect"]): one for one in taints}.values())
    room = {"cpu": str(random.choice((4, 16, 64))), "memory": "64Gi", "pods": "110"}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"allocatable": room}}


def _target(random: Random, nodes: Sequence[Json], source: Json, kinds: frozenset[str], keys: Sequence[str]) -> Json:
    """Return the target pod's specification, with what KubeVirt adds."""
    selector = {SCHEDULABLE: "true"} | ({ARCHITECTURE: "amd64"} if chance(random, 0.8) else {})
    if "selector" in kinds:
        key = random.choice(("pool", "disk", "topology.kubernetes.io/zone"))
        selector[key] = random.choice(NODE_LABELS[key])
    model = "host-passthrough"
    if "cpu" in kinds:
        model, wanted = cpu_selectors(random, source["metadata"]["labels"])
        selector |= wanted
    spec: Json = {
        "containers": [{"name": "compute", "image": "launcher", "resources": {"requests": {"cpu": "1"}}}],
        "nodeSelector": selector,
        "affinity": _target_affinity(random, nodes, kinds, obsolete=model == "host-model"),
    }
    if kinds & {"taints", "cordons"} and chance(random, 0.8):
        tolerated = (*keys, random.choice(TAINT_KEYS), "node.kubernetes.io/unschedulable")
        spec["tolerations"] = [toleration(random, tolerated) for _ in range(random.randint(1, 3))]
    if "spread" in kinds:
        domains = dict.fromkeys(random.choice(SPREAD_KEYS) for _ in range(random.choice((1, 1, 2))))
        spec["topologySpreadConstraints"] = [spread_constraint(random, key) for key in domains]
    return spec


def _target_affinity(random: Random, nodes: Sequence[Json], kinds: frozenset[str], *, obsolete: bool) -> Json:
    away = {"labelSelector": {"matchLabels": {CREATED_BY: OWN}}, "topologyKey": HOSTNAME}
    own = [pod_term(random) for _ in range(random.choice((1, 1, 2)))] if "away" in kinds else []
    affinity: Json = {"podAntiAffinity": {REQUIRED: [*own, away]}}
    if "near" in kinds:
        affinity["podAffinity"] = {REQUIRED: [pod_term(random) for _ in range(random.choice((1, 1, 1, 2)))]}
    terms = node_terms(random, [node["metadata"]["name"] for node in nodes]) if "nodes" in kinds else []
    if obsolete:
        without = {"key": OBSOLETE, "operator": "DoesNotExist"}
        terms = [term | {"matchExpressions": [*term.get("matchExpressions", []), without]} for term in terms or [{}]]
    if terms:
        affinity["nodeAffinity"] = {REQUIRED: {"nodeSelectorTerms": terms}}
    return affinity


def _other_pods(random: Random, nodes: Sequence[Json], namespace: str, kinds: frozenset[str]) -> list[Json]:
    places = [node["metadata"]["name"] for node in nodes]
    number = random.randint(0, min(80, random.choice((2, 4)) * len(nodes) + 2))
    # The first nodes are fuller than the last ones.
    crowded = [places[int(len(places) * random.random() ** 1.6)] for _ in range(number)]
    return [_other_pod(random, f"other-{index}", namespace, place, kinds) for index, place in enumerate(crowded)]


def _other_pod(random: Random, name: str, namespace: str, place: str, kinds: frozenset[str]) -> Json:
    labels = _pod_labels(random)
    home = namespace if chance(random, 0.5) else random.choice(NAMESPACES)
    pod = _pod(name, home, labels, {"nodeName": place})
    if "repelling" in kinds and chance(random, 0.2):
        terms = [pod_term(random, stored=True) for _ in range(random.choice((1, 1, 2)))]
        pod["spec"]["affinity"] = {"podAntiAffinity": {REQUIRED: terms}}
    elif chance(random, 0.1):
        preferred = [{"weight": 100, "podAffinityTerm": pod_term(random, stored=True)}]
        pod["spec"]["affinity"] = {"podAntiAffinity": {PREFERRED: preferred}}
    fate = random.random()
    if fate < 0.08:
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    elif fate < 0.16:
        pod["status"] = {"phase": random.choice(("Succeeded", "Failed"))}
    elif fate < 0.19:
        pod["spec"]["nodeName"] = "node-that-is-gone"
    elif fate < 0.22:
        del pod["spec"]["nodeName"]
    return pod


def _pod(name: str, namespace: str, labels: Json, spec: Json) -> Json:
    containers = [{"name": "compute", "image": "launcher", "resources": {"requests": {"cpu": "1"}}}]
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "spec": {"containers": containers, **spec}, "status": {"phase": "Running"}}


def _pod_labels(random: Random) -> Json:
    return {key: random.choice(values) for key, values in POD_LABELS.items() if chance(random, 0.8)}


def _namespaces(random: Random) -> list[Json]:
    """Return the namespaces; one may be unknown, as when its event is late."""
    known = [name for name in NAMESPACES if chance(random, 0.97)]
    return [{"metadata": {"name": name, "labels": _namespace_labels(random, name)}} for name in known]


def _namespace_labels(random: Random, name: str) -> Json:
    own = {key: random.choice(values) for key, values in NAMESPACE_LABELS.items() if chance(random, 0.8)}
    return own | {"kubernetes.io/metadata.name": name}
