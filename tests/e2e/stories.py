"""Migrations on the real control plane: what a cluster is like, and where the VM in it can go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from testbed.machines import cpu_labels

Object = dict[str, Any]

SKYLAKE: Final = cpu_labels("Skylake-Server-IBRS", "Haswell-noTSX-IBRS", "Westmere")
HASWELL: Final = cpu_labels("Haswell-noTSX-IBRS", "Westmere")
ICELAKE: Final = cpu_labels("Icelake-Server", "Skylake-Server-IBRS", "Haswell-noTSX-IBRS")
MACHINE: Final = "machine-type.node.kubevirt.io/pc-q35-rhel9.6.0"
FEATURE: Final = "cpu-feature.node.kubevirt.io/"
REQUIRED_FEATURE: Final = "host-model-required-features.node.kubevirt.io/"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A node besides the source; labels that are None are taken away."""

    name: str
    labels: Mapping[str, str | None] = field(default_factory=lambda: SKYLAKE)
    taints: Sequence[Mapping[str, str]] = ()
    unschedulable: bool = False
    ready: bool = True
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A VM on node-a, other nodes and VMs, a migration, and its outcome.

    `eligible` are the nodes that can take it; `refused` is the restriction that forbids the migration, "" for none.
    `ours` is true where KubeVirt would try in spite of the refusal. `neighbours` are other VMs: name, node, labels.
    """

    title: str
    hosts: Sequence[Host]
    eligible: Sequence[str]
    source: Mapping[str, str] = field(default_factory=lambda: SKYLAKE)
    spec: Mapping[str, Any] = field(default_factory=dict)
    domain: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    neighbours: Sequence[tuple[str, str, Mapping[str, str]]] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    ours: bool = False


def cpu(model: str, *features: tuple[str, str]) -> Object:
    """Return a CPU with features and their policies."""
    return {"cpu": {"model": model, "features": [{"name": name, "policy": policy} for name, policy in features]}}


def terms(*alternatives: Object) -> Object:
    """Return a node affinity."""
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(alternatives)}}}}


def label(key: str, operator: str, *values: str) -> Object:
    """Return one alternative of a node affinity."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def pods(kind: str, topology: str = "kubernetes.io/hostname", **term: Any) -> Object:
    """Return a rule about pods of app=db."""
    selector = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": topology}
    return {"affinity": {kind: {REQUIRED: [selector | term]}}}


def taint(key: str, value: str = "", effect: str = "NoSchedule") -> Mapping[str, str]:
    """Return a taint."""
    return {"key": key, "value": value, "effect": effect}


STORIES: Final = (
    Story(
        title="host-model on mixed nodes",
        hosts=[Host(name="node-b"), Host(name="node-c", labels=HASWELL)],
        eligible=["node-b"],
    ),
    Story(
        title="host-model and a newer node that knows the model",
        hosts=[Host(name="node-b", labels=ICELAKE), Host(name="node-c", labels=HASWELL)],
        eligible=["node-b"],
    ),
    Story(
        title="host-model and nobody like it",
        hosts=[Host(name="node-b", labels=HASWELL), Host(name="node-c", labels=HASWELL)],
        eligible=[],
        refused="cpu-model",
    ),
    Story(
        title="custom model of two nodes",
        domain=cpu("Haswell-noTSX-IBRS"),
        hosts=[Host(name="node-b", labels=HASWELL), Host(name="node-c", labels=cpu_labels("Westmere"))],
        eligible=["node-b"],
    ),
    Story(
        title="custom model of nobody else",
        domain=cpu("Skylake-Server-IBRS"),
        hosts=[Host(name="node-b", labels=HASWELL)],
        eligible=[],
        refused="cpu-model",
    ),
    Story(
        title="model of the cluster",
        configuration={"cpuModel": "Westmere"},
        hosts=[Host(name="node-b", labels=HASWELL), Host(name="node-c", labels=cpu_labels("Nehalem-IBRS"))],
        eligible=["node-b"],
    ),
    Story(
        title="host-passthrough goes by no label",
        domain=cpu("host-passthrough"),
        hosts=[Host(name="node-b", labels=HASWELL), Host(name="node-c", labels={})],
        eligible=["node-b", "node-c"],
    ),
    Story(
        title="features that the source's model requires",
        source={**SKYLAKE, REQUIRED_FEATURE + "spec-ctrl": "true"},
        hosts=[Host(name="node-b"), Host(name="node-c", labels={**SKYLAKE, FEATURE + "spec-ctrl": "true"})],
        eligible=["node-c"],
    ),
    Story(
        title="host-model with a feature that the VM requires needs the model too",
        source={**SKYLAKE, FEATURE + "vmx": "true"},
        domain=cpu("host-model", ("vmx", "require")),
        hosts=[
            Host(name="node-b", labels={**HASWELL, FEATURE + "vmx": "true"}),
            Host(name="node-c", labels={**SKYLAKE, FEATURE + "vmx": "true"}),
        ],
        eligible=["node-c"],
    ),
    Story(
        title="a feature that the VM forbids",
        domain=cpu("Haswell-noTSX-IBRS", ("svm", "forbid")),
        hosts=[Host(name="node-b", labels={**HASWELL, FEATURE + "svm": "true"}), Host(name="node-c", labels=HASWELL)],
        eligible=["node-c"],
    ),
    Story(
        title="an obsolete CPU model",
        hosts=[
            Host(name="node-b", labels={**SKYLAKE, "node-labeller.kubevirt.io/obsolete-host-model": "true"}),
            Host(name="node-c"),
        ],
        eligible=["node-c"],
    ),
    Story(
        title="a node that the labeller has not reached",
        hosts=[Host(name="node-b", labels={}), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a source that the labeller has not reached",
        source={},
        hosts=[Host(name="node-b")],
        eligible=["node-b"],
        refused="cpu-model",
        ours=True,
    ),
    Story(
        title="a node that does not know the exact machine type",
        hosts=[Host(name="node-b", labels={**SKYLAKE, MACHINE: None}), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a good node is asked for",
        added={"kubernetes.io/hostname": "node-c"},
        hosts=[Host(name="node-b"), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a bad node is asked for",
        added={"kubernetes.io/hostname": "node-b"},
        hosts=[Host(name="node-b", unschedulable=True), Host(name="node-c")],
        eligible=[],
        refused="target-node",
    ),
    Story(
        title="a label is asked for",
        added={"disk": "ssd"},
        hosts=[Host(name="node-b"), Host(name="node-c", labels={**SKYLAKE, "disk": "ssd"})],
        eligible=["node-c"],
    ),
    Story(
        title="the VM's own node selector wins",
        source={**SKYLAKE, "disk": "ssd"},
        spec={"nodeSelector": {"disk": "ssd"}},
        added={"disk": "hdd"},
        hosts=[
            Host(name="node-b", labels={**SKYLAKE, "disk": "hdd"}),
            Host(name="node-c", labels={**SKYLAKE, "disk": "ssd"}),
        ],
        eligible=["node-c"],
    ),
    Story(
        title="a cordoned node",
        hosts=[Host(name="node-b", unschedulable=True), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a tainted node",
        hosts=[Host(name="node-b", taints=[taint("gpu", "only")]), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a tainted node that is tolerated",
        spec={"tolerations": [{"key": "gpu", "operator": "Exists"}]},
        hosts=[Host(name="node-b", taints=[taint("gpu", "only")]), Host(name="node-c", unschedulable=True)],
        eligible=["node-b"],
    ),
    Story(
        title="a node that is being upgraded",
        hosts=[Host(name="node-b", taints=[taint("kubevirt.io/drain", "draining")])],
        eligible=[],
        refused="no-eligible-node",
    ),
    Story(
        title="a node that is not ready",
        hosts=[
            Host(name="node-b", ready=False, taints=[taint("node.kubernetes.io/not-ready")]),
            Host(name="node-c"),
        ],
        eligible=["node-c"],
    ),
    Story(
        title="a node that is not ready and not tainted yet",
        hosts=[Host(name="node-b", ready=False)],
        eligible=[],
        refused="no-eligible-node",
        ours=True,
    ),
    Story(
        title="a node in maintenance that is not cordoned yet",
        hosts=[Host(name="node-b", annotations={"harvesterhci.io/drain-requested": "true"})],
        eligible=[],
        refused="no-eligible-node",
        ours=True,
    ),
    Story(
        title="a witness that is tolerated",
        spec={"tolerations": [{"operator": "Exists"}]},
        hosts=[Host(name="node-b", labels={**SKYLAKE, "node-role.harvesterhci.io/witness": "true"})],
        eligible=[],
        refused="no-eligible-node",
        ours=True,
    ),
    Story(
        title="a node that takes no VMs",
        hosts=[Host(name="node-b", labels={**SKYLAKE, "kubevirt.io/schedulable": "false"}), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="a node of another architecture",
        hosts=[Host(name="node-b", labels={**SKYLAKE, "kubernetes.io/arch": "arm64"}), Host(name="node-c")],
        eligible=["node-c"],
    ),
    Story(
        title="two alternatives",
        source={**SKYLAKE, "zone": "east"},
        spec=terms(label("zone", "In", "east"), label("rack", "Gt", "3")),
        hosts=[
            Host(name="node-b", labels={**SKYLAKE, "zone": "west", "rack": "3"}),
            Host(name="node-c", labels={**SKYLAKE, "zone": "west", "rack": "4"}),
        ],
        eligible=["node-c"],
    ),
    Story(
        title="two VMs that keep away from each other",
        spec=pods("podAntiAffinity"),
        hosts=[Host(name="node-b"), Host(name="node-c")],
        neighbours=[("db", "node-b", {"app": "db"})],
        eligible=["node-c"],
    ),
    Story(
        title="a VM that stays in the zone of another",
        source={**SKYLAKE, "zone": "east"},
        spec=pods("podAffinity", topology="zone"),
        labels={"app": "db"},
        hosts=[
            Host(name="node-b", labels={**SKYLAKE, "zone": "east"}),
            Host(name="node-c", labels={**SKYLAKE, "zone": "west"}),
        ],
        eligible=["node-b"],
    ),
    Story(
        title="a VM that keeps away from other versions",
        labels={"app": "db", "version": "2"},
        spec=pods("podAntiAffinity", mismatchLabelKeys=["version"]),
        hosts=[Host(name="node-b"), Host(name="node-c")],
        neighbours=[("older", "node-b", {"app": "db", "version": "1"})],
        eligible=["node-c"],
    ),
    Story(
        title="VMs that are spread over zones",
        source={**SKYLAKE, "zone": "east"},
        labels={"app": "web"},
        spec={
            "topologySpreadConstraints": [
                {
                    "topologyKey": "zone",
                    "maxSkew": 1,
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "web"}},
                }
            ]
        },
        hosts=[
            Host(name="node-b", labels={**SKYLAKE, "zone": "west"}),
            Host(name="node-c", labels={**SKYLAKE, "zone": "north"}),
        ],
        neighbours=[("web-2", "node-b", {"app": "web"})],
        eligible=["node-c"],
    ),
    Story(title="a cluster of one node", hosts=[], eligible=[], refused="no-eligible-node"),
)
