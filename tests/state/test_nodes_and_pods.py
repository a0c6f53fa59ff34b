"""The indexes of nodes and pods: what is asked of them, and that changes keep them right."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import a_cluster, a_launcher, a_node, a_pod
from webhook.objects.fields import Fields
from webhook.objects.node import Node, read_node
from webhook.objects.pod import Pod, read_pod
from webhook.objects.scheduling import Requirement, Selector, Taint
from webhook.state.nodes import NodeState, NodeTable
from webhook.state.pods import PodTable

ANY_APP = Selector(requirements=(Requirement(key="app", operator="Exists"),))
WEB = Selector(requirements=(Requirement(key="app", values=("web",)),))


def the_nodes(*documents: Any) -> NodeTable:
    """Return the table of these nodes."""
    return a_cluster(*documents).nodes


def test_nodes_are_found_by_what_they_have() -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    nodes = the_nodes(
        a_node("node-a", {"zone": "1", "rank": "3"}),
        a_node("node-b", {"zone": "2"}, taints=[taint], spec={"unschedulable": True}),
        a_node("node-c", {"zone": "1"}),
    )
    assert nodes.names(nodes.all) == ("node-a", "node-b", "node-c")
    assert nodes.names(nodes.labelled("zone", "1")) == ("node-a", "node-c")
    assert nodes.names(nodes.having(Requirement(key="rank", operator="Lt", values=("4",)))) == ("node-a",)
    assert nodes.names(nodes.having(Requirement(key="rank", operator="DoesNotExist"))) == ("node-b", "node-c")
    by_name = Requirement(key="metadata.name", values=("node-b",), field=True)
    assert nodes.names(nodes.having(by_name)) == ("node-b",)
    assert nodes.names(nodes.domains("zone", {"node-a"})) == ("node-a", "node-c")
    assert nodes.domains("rack", {"node-a"}) == nodes.domains("zone", {"nobody"}) == nodes.named("nobody") == 0
    assert nodes.names(nodes.in_state(NodeState.UNSCHEDULABLE)) == ("node-b",)
    assert list(nodes.taints()) == [(Taint(key="gpu", value="yes", effect="NoSchedule"), nodes.named("node-b"))]
    assert list(nodes.keys("cpu-model.node.kubevirt.io/")) == ["Penryn"]
    assert nodes.names(nodes.all, 2) == ("node-a", "node-b")


def test_a_place_that_a_node_leaves_is_taken_by_the_next_one() -> None:
    nodes = the_nodes(a_node("node-a"), a_node("node-b"))
    fewer = nodes.changed({("", "node-a"): None})
    assert (fewer.names(fewer.all), fewer.labelled("kubernetes.io/hostname", "node-a")) == (("node-b",), 0)
    other = fewer.changed({("", "node-c"): read_node(Fields(a_node("node-c")))})
    assert other.named("node-c") == nodes.named("node-a")
    assert nodes.names(nodes.all) == ("node-a", "node-b")


def test_a_node_that_changed_in_nothing_that_counts_changes_nothing() -> None:
    nodes = the_nodes(a_node("node-a"))
    again = a_cluster(a_node("node-a", status={"conditions": [{"type": "Ready", "status": "True"}], "images": []}))
    assert nodes.changed({("", "node-a"): again.nodes.get("", "node-a")}) is nodes


def test_pods_are_found_by_vm_node_and_labels() -> None:
    pods = a_cluster(
        a_launcher("node-a", labels={"app": "web"}),
        a_launcher("node-b", labels={"app": "web"}, phase="Succeeded"),
        a_launcher("", name="waiting"),
        a_launcher("node-a", uid="u-db", vmi="db", namespace="data", labels={"app": "db"}),
    ).pods

    def names(found: Any) -> set[str]:
        return {pod.metadata.name for pod in found}

    assert names(pods.launchers("u-web")) == {"virt-launcher-web-node-a", "virt-launcher-web-node-b", "waiting"}
    assert names(pods.on("node-a")) == {"virt-launcher-web-node-a", "virt-launcher-db-node-a"}
    assert names(pods.on("node-b")) == names(pods.selected(None, None)) == set()
    assert names(pods.selected(ANY_APP, None)) == {"virt-launcher-web-node-a", "virt-launcher-db-node-a"}
    assert names(pods.selected(ANY_APP, frozenset({"data"}))) == {"virt-launcher-db-node-a"}
    mine = Selector(requirements=(Requirement(key="kubevirt.io/created-by", values=("u-db",)),))
    assert names(pods.selected(mine, None)) == names(pods.selected(mine, frozenset({"data"})))
    assert names(pods.selected(mine, frozenset({"default"}))) == set()


labels = st.dictionaries(st.sampled_from(["zone", "rack", "disk"]), st.sampled_from(["1", "2"]), max_size=3)
nodes_in_a_state = st.builds(
    lambda labels, cordoned, taint: read_node(
        Fields(a_node("", labels, spec={"unschedulable": cordoned}, taints=[{"key": taint}] if taint else []))
    ),
    labels,
    st.booleans(),
    st.sampled_from(["", "x", "y"]),
)
node_changes = st.lists(
    st.dictionaries(st.sampled_from(["n-1", "n-2", "n-3", "n-4"]), st.none() | nodes_in_a_state, max_size=4), max_size=6
)


def named(node: Node | None, name: str) -> Node | None:
    """Return the node under a name."""
    document = {"metadata": {"name": name}}
    if node is None:
        return None
    metadata = read_node(Fields(document)).metadata
    return Node(metadata=metadata, labels=node.labels, taints=node.taints, unschedulable=node.unschedulable)


@given(node_changes)
def test_changed_nodes_are_indexed_like_new_ones(steps: list[dict[str, Node | None]]) -> None:
    table = NodeTable()
    for step in steps:
        table = table.changed({("", name): named(node, name) for name, node in step.items()})
    fresh = NodeTable().changed({("", node.name): node for node in table})
    for key in ("zone", "rack", "disk"):
        for requirement in (
            Requirement(key=key, values=("1",)),
            Requirement(key=key, operator="Exists"),
            Requirement(key=key, operator="NotIn", values=("2",)),
        ):
            assert table.names(table.having(requirement)) == fresh.names(fresh.having(requirement))
    assert {t: table.names(n) for t, n in table.taints()} == {t: fresh.names(n) for t, n in fresh.taints()}
    for state in NodeState:
        assert table.names(table.in_state(state)) == fresh.names(fresh.in_state(state))
    assert table.names(table.all) == fresh.names(fresh.all)


def a_view(name: str, node: str, app: str, phase: str) -> Pod:
    """Return a launcher that keeps pods of an app away."""
    term = {"labelSelector": {"matchLabels": {"kubevirt.io": "virt-launcher", "app": app}}, "topologyKey": "zone"}
    rule = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    return read_pod(Fields(a_launcher(node, name=name, uid=f"u-{app}", labels={"app": app}, spec=rule, phase=phase)))


pod_changes = st.lists(
    st.dictionaries(
        st.sampled_from(["p-1", "p-2", "p-3"]),
        st.none()
        | st.tuples(
            st.sampled_from(["n-1", "n-2", ""]), st.sampled_from(["web", "db"]), st.sampled_from(["Running", "Failed"])
        ),
        max_size=3,
    ),
    max_size=6,
)


@given(pod_changes)
def test_changed_pods_are_indexed_like_new_ones(steps: list[dict[str, Any]]) -> None:
    table = PodTable()
    for step in steps:
        views = {name: None if row is None else a_view(name, *row) for name, row in step.items()}
        table = table.changed({("default", name): view for name, view in views.items()})
    fresh = PodTable().changed({pod.metadata.key: pod for pod in table})

    def names(found: Any) -> list[str]:
        return sorted(pod.metadata.name for pod in found)

    for app in ("web", "db"):
        assert names(table.launchers(f"u-{app}")) == names(fresh.launchers(f"u-{app}"))
        assert names(table.with_anti_affinity({"app": app})) == names(fresh.with_anti_affinity({"app": app}))
    for node in ("n-1", "n-2"):
        assert names(table.on(node)) == names(fresh.on(node))


def test_whom_a_pod_keeps_away_is_found_by_a_label_that_tells() -> None:
    def repelled(term: Any) -> bool:
        rule = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        pods = a_cluster(a_pod("p", "node-a", spec={"affinity": rule})).pods
        return bool(list(pods.with_anti_affinity({"kubevirt.io": "virt-launcher", "app": "web"})))

    assert repelled({"labelSelector": {"matchLabels": {"app": "web"}}})
    assert repelled({"labelSelector": {"matchLabels": {"kubevirt.io": "virt-launcher"}}})
    assert repelled({"labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}})
    assert not repelled({"labelSelector": {"matchLabels": {"app": "db", "kubevirt.io": "virt-launcher"}}})
