"""Whatever a stranger writes, judging it takes a bounded number of steps; steps are counted, never time.

A step is a line of Python that is run.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from random import Random
from types import FrameType
from typing import Any, Final

import orjson
import pytest
from msgspec.structs import replace

from testbed.builders import a_claim, a_launcher, a_node, a_review, a_spec, a_vmi_document
from webhook.admission import review
from webhook.admission.hooks import BY_PATH
from webhook.engine.assessment import UNJUDGED, Rules, assess
from webhook.engine.placement import GROUPS, place
from webhook.engine.policy import Policy
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration
from webhook.objects.vmi import read_vmi
from webhook.state.snapshot import Snapshot, snapshot_of

Document = dict[str, Any]

NODES: Final = 1_000
LINES: Final = 250_000
"""Lines of Python that one answer may take in the cluster below, reading included."""
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def cluster() -> Iterator[Document]:
    for number in range(NODES):
        labels = {"zone": f"z{number % 3}", "rank": str(number), **({"odd": "true"} if number % 2 else {})}
        yield a_node(f"node-{number}", labels)
        pod = a_launcher(f"node-{number}", uid=f"u-{number}", vmi=f"vm-{number}")
        pod["metadata"]["labels"]["app"] = f"app-{number % 7}"
        yield pod
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number}", "labels": {"a": "b"}}}


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return snapshot_of([*cluster(), a_launcher("node-0"), a_claim("root", "ReadWriteMany")])


def lines_of(act: Callable[[], Any]) -> tuple[int, Any]:
    """Return how many lines of Python are run, and what comes of them."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG001 - as Python calls it
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = act()
    finally:
        sys.settrace(before)
    return count, result


def asked(snapshot: Snapshot, spec: Mapping[str, Any], added: Mapping[str, str] | None = None) -> tuple[int, Document]:
    """Return the lines that a migration of such a virtual machine takes from bytes to bytes, and the response."""
    document = a_vmi_document(a_spec(**spec), status={"phase": "Running", "nodeName": "node-0"}, uid="u-web")
    migration = {"metadata": {"name": "m"}, "spec": {"vmiName": "web", "addedNodeSelector": added or {}}}
    body = orjson.dumps(a_review(migration, resource="virtualmachineinstancemigrations"))

    def act() -> bytes:
        vmi = read_vmi(Fields(document))
        around = snapshot.changed({"VirtualMachineInstance": {vmi.metadata.key: vmi}})
        request = review.read(body)
        return review.write(request, BY_PATH["/mutate/migrations"].judge(request, around, Rules()))

    lines, answer = lines_of(act)
    assert len(answer) <= review.ANSWER_LIMIT
    return lines, orjson.loads(answer)["response"]


def spread(number: int) -> Any:
    return {
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "maxSkew": 1 + number,
        "labelSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": [f"x{number}"]}]},
    }


def pod_term(number: int) -> Any:
    return {
        "topologyKey": "kubernetes.io/hostname",
        "namespaceSelector": {},
        "labelSelector": {"matchLabels": {"app": f"app-{number % 7}"}},
    }


def node_affinity(*terms: Any) -> Any:
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


def expressions(count: int, operator: str = "Gt", key: str = "rank") -> Any:
    return [{"key": key, "operator": operator, "values": [str(number)]} for number in range(count)]


def features(count: int) -> Any:
    return {"domain": {"cpu": {"features": [{"name": f"f{n}", "policy": "forbid"} for n in range(count)]}}}


LARGE: Final[Mapping[str, Any]] = {
    **{f"{n} spread constraints": {"topologySpreadConstraints": [spread(i) for i in range(n)]} for n in (20, 100, 400)},
    "100 affinity terms": {"affinity": {"podAffinity": {REQUIRED: [pod_term(n) for n in range(100)]}}},
    "100 anti-affinity terms": {"affinity": {"podAntiAffinity": {REQUIRED: [pod_term(n) for n in range(100)]}}},
    **{
        f"a term with {n} expressions": node_affinity({"matchExpressions": expressions(n)})
        for n in (400, 4_000, 10_000)
    },
    "300 terms": node_affinity(*({"matchExpressions": expressions(1, "In")} for n in range(300))),
    "a list of a million": node_affinity(
        {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x"] * 10**6}]}
    ),
    "1,000 CPU features": features(1_000),
    "100 CPU features": features(100),
    "130,000 values of a wrong type": {"tolerations": [7] * 130_000},
    "130,000 numbers in an object": {"nodeSelector": {f"k{n}": n for n in range(130_000)}},
    "60,000 host devices": {"domain": {"devices": {"hostDevices": [{"name": f"d{n}"} for n in range(60_000)]}}},
    "60,000 disks": {"domain": {"devices": {"disks": [{"name": f"d{n}"} for n in range(60_000)]}}},
    "5,000 tolerations": {"tolerations": [{"key": f"k{n}"} for n in range(5_000)]},
}


@pytest.mark.parametrize("spec", LARGE.values(), ids=LARGE)
def test_large_virtual_machine_takes_a_bounded_number_of_steps(snapshot: Snapshot, spec: Any) -> None:
    lines, _ = asked(snapshot, spec)

    assert lines < LINES


@pytest.mark.parametrize("keys", [200, 300, 2_000, 8_000, 120_000])
def test_long_node_selector_of_a_migration_takes_a_bounded_number_of_steps(snapshot: Snapshot, keys: int) -> None:
    lines, response = asked(snapshot, {}, {f"key-{number}": "x" for number in range(keys)})

    assert lines < LINES
    judged = keys <= 300
    assert response["allowed"] is not judged
    assert any(UNJUDGED in warning for warning in response.get("warnings", ())) is not judged


def test_usual_rules_are_judged(snapshot: Snapshot) -> None:
    _, response = asked(
        snapshot,
        {
            "topologySpreadConstraints": [spread(number) for number in range(3)],
            "affinity": {"podAntiAffinity": {REQUIRED: [pod_term(number) for number in range(5)]}},
        },
    )

    assert not [warning for warning in response.get("warnings", ()) if UNJUDGED in warning]


@pytest.mark.parametrize(
    ("spec", "restriction"),
    [
        ({"topologySpreadConstraints": [spread(n) for n in range(400)]}, "bridge-network"),
        ({"tolerations": [{"key": f"k{n}"} for n in range(60_000)]}, "bridge-network"),
        (LARGE["60,000 host devices"], "pci-device"),
        (LARGE["60,000 disks"], "not-live-migratable"),
    ],
)
def test_nobody_passes_by_being_large(snapshot: Snapshot, spec: Mapping[str, Any], restriction: str) -> None:
    bridge = {"networks": [{"name": "default", "pod": {}}]}
    devices = {"domain": {"devices": {"interfaces": [{"name": "default", "bridge": {}}]}}}
    _, response = asked(snapshot, {**bridge, **devices, **spec})

    assert not response["allowed"]
    assert restriction in {cause["reason"] for cause in response["status"]["details"]["causes"]}


def test_of_many_violations_the_first_are_told_and_the_others_counted(snapshot: Snapshot) -> None:
    spec = {"domain": {"devices": {"hostDevices": [{"name": f"d{number}"} for number in range(500)]}}}
    _, response = asked(snapshot, spec)

    causes = response["status"]["details"]["causes"]
    assert [cause["field"] for cause in causes] == [f"spec.domain.devices.hostDevices[{number}]" for number in range(8)]
    assert "and 492 more like this" in causes[-1]["message"]


def test_what_is_misread_is_told_in_few_warnings(snapshot: Snapshot) -> None:
    _, response = asked(snapshot, LARGE["130,000 numbers in an object"])

    assert len(response["warnings"]) < review.WARNINGS_LIMIT


def test_groups_of_nodes_stay_few_however_different_their_reasons(snapshot: Snapshot) -> None:
    expressions_of_bits = [
        {"key": "rank", "operator": "NotIn", "values": [str(n) for n in range(NODES) if n >> bit & 1]}
        for bit in range(10)
    ]
    document = a_vmi_document(
        a_spec(**node_affinity({"matchExpressions": expressions_of_bits})),
        status={"phase": "Running", "nodeName": "node-0"},
        uid="u-web",
    )
    placement = place(read_vmi(Fields(document)), snapshot, {"no": "such-label"})

    assert not placement.eligible
    assert len(placement.by_reasons()) == GROUPS


def _value(random: Random, depth: int = 0) -> Any:
    """Return a piece of scheduling rules, of any size."""
    count = random.choice((1, 3, 20, 100, 450, 3_000))
    key = random.choice(("kubernetes.io/hostname", "zone", "rank", "odd", "app", "kubevirt.io"))
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
    values = [str(number) for number in range(random.choice((0, 1, 1, 10, 5_000)))]
    selector = {
        "matchExpressions": [{"key": key, "operator": operator, "values": values}] * random.choice((1, 1, 5, 50))
    }
    term = {"topologyKey": key, "labelSelector": selector, "namespaceSelector": selector if depth else {}}
    return {
        "nodeSelector": {f"{key}-{number}": "x" for number in range(random.choice((0, 0, 50, 450)))},
        "tolerations": [{"key": f"k{number}"} for number in range(random.choice((0, 0, 400)))],
        "topologySpreadConstraints": [
            {**term, "whenUnsatisfiable": "DoNotSchedule", "maxSkew": number}
            for number in range(random.choice((0, 0, 1, count)))
        ],
        "affinity": {
            "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [selector] * random.choice((1, count))}},
            "podAffinity": {REQUIRED: [term] * random.choice((0, 1, count))},
            "podAntiAffinity": {REQUIRED: [term] * random.choice((0, 0, 1, count))},
        },
    }


@pytest.mark.parametrize("seed", range(6))
def test_search_finds_no_object_that_takes_too_many_steps(snapshot: Snapshot, seed: int) -> None:
    """Climb: of random rules the costliest is kept, and parts of it are changed."""
    random = Random(seed)
    worst, spec = 0, _value(random)
    for _ in range(25):
        tried = {
            **spec,
            **{name: part for name, part in _value(random, random.randrange(2)).items() if random.random() < 0.5},
        }
        lines, _ = asked(snapshot, tried)
        if lines >= worst:
            worst, spec = lines, tried

    assert worst < LINES


def test_namespaces_and_pods_that_are_looked_at_count(snapshot: Snapshot) -> None:
    term = {**pod_term(0), "namespaceSelector": {"matchLabels": {"a": "b"}}}
    spec = {"affinity": {"podAntiAffinity": {REQUIRED: [term] * 60}}}
    document = a_vmi_document(a_spec(**spec), status={"phase": "Running", "nodeName": "node-0"}, uid="u-web")
    migration = replace(read_migration(Fields({"spec": {"vmiName": "web"}})), added_node_selector={})

    assert assess(read_vmi(Fields(document)), snapshot, Policy(), migration).placement is None
