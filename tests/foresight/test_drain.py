"""Drains, foretold."""

import pytest

from testbed.builders import a_kubevirt
from tests.report.clusters import Document, a_machine, a_node, surveyed
from webhook.engine.policy import Enforcement, Policy
from webhook.foresight.drain import Drain, conclusion, drain
from webhook.foresight.eviction import Outcome

NODES = (a_node("node-a"), a_node("node-b"))


def foretold(*machines: list[Document], nodes: tuple[Document, ...] = NODES, kubevirt: str = "") -> Drain:
    """Foretell the drain of node-a."""
    cluster = a_kubevirt(evictionStrategy=kubevirt)
    return drain(surveyed(cluster, *nodes, *(document for machine in machines for document in machine)), "node-a")


@pytest.mark.parametrize(
    ("strategy", "stuck", "outcome", "why"),
    [
        ("LiveMigrate", 0, Outcome.MOVES, ""),
        ("LiveMigrate", 1, Outcome.STAYS, "read-write-once"),
        ("LiveMigrateIfPossible", 0, Outcome.MOVES, ""),
        ("LiveMigrateIfPossible", 1, Outcome.SHUT_DOWN, "read-write-once"),
        ("LiveMigrateIfPossible", None, Outcome.SHUT_DOWN, "KubeVirt hasn't said yet whether it can migrate"),
        (
            "LiveMigrate",
            None,
            Outcome.STAYS,
            "refused for now: KubeVirt hasn't said yet whether it can migrate",
        ),
        ("None", 0, Outcome.SHUT_DOWN, "no eviction strategy, though it could move"),
        ("None", 1, Outcome.SHUT_DOWN, "read-write-once"),
        ("", 0, Outcome.SHUT_DOWN, "no eviction strategy, though it could move"),
        ("External", 0, Outcome.STAYS, "its eviction strategy is External"),
        ("External", 1, Outcome.STAYS, "its eviction strategy is External"),
    ],
)
def test_the_eviction_strategy_decides_what_becomes_of_a_vm(
    strategy: str, stuck: int | None, outcome: Outcome, why: str
) -> None:
    machine = a_machine("web", stuck=bool(stuck), condition=None if stuck is None else "", evictionStrategy=strategy)
    (eviction,) = foretold(machine).evictions
    assert (eviction.outcome, eviction.why) == (outcome, why)


@pytest.mark.parametrize("strategy", ["LiveMigrate", "LiveMigrateIfPossible"])
def test_what_kubevirt_can_move_waits_for_ever_where_no_node_takes_it(strategy: str) -> None:
    tied = a_machine("web", evictionStrategy=strategy, nodeSelector={"disk": "fast"})
    (eviction,) = foretold(tied).evictions
    assert (eviction.outcome, eviction.why) == (Outcome.STAYS, "no node can take it")


@pytest.mark.parametrize(
    ("controllers", "outcome"), [(Enforcement.WARN, Outcome.MOVES), (Enforcement.DENY, Outcome.STAYS)]
)
def test_what_we_alone_restrict_moves_unless_controllers_are_refused(
    controllers: Enforcement, outcome: Outcome
) -> None:
    iso = [{"name": "iso", "cloudInitNoCloud": {}}]
    vmi, pod, _ = a_machine("web", evictionStrategy="LiveMigrate")
    vmi["spec"] |= {"volumes": iso}
    vmi["spec"]["domain"]["devices"]["disks"] = [{"name": "iso", "cdrom": {}}]
    found = surveyed(*NODES, vmi, pod, policy=Policy(controllers=controllers))
    (eviction,) = drain(found, "node-a").evictions
    assert eviction.outcome is outcome


def test_the_cluster_decides_where_the_vm_says_nothing() -> None:
    (eviction,) = foretold(a_machine("web"), kubevirt="LiveMigrate").evictions
    assert (eviction.outcome, eviction.target) == (Outcome.MOVES, "node-b")


def test_only_what_runs_on_the_node_is_asked_to_leave() -> None:
    machines = (a_machine("here", evictionStrategy="LiveMigrate"), a_machine("there", node="node-b"))
    assert [e.finding.vmi.metadata.name for e in foretold(*machines).evictions] == ["here"]


def test_each_goes_where_most_memory_is_left() -> None:
    nodes = (a_node("node-a"), a_node("node-b", memory="20Gi"), a_node("node-c", memory="30Gi"))
    machines = [a_machine(name, requests="8Gi", evictionStrategy="LiveMigrate") for name in ("x", "y", "z")]
    assert [e.target for e in foretold(*machines, nodes=nodes).evictions] == ["node-c", "node-c", "node-b"]


def test_who_has_the_fewest_nodes_to_go_to_leaves_first() -> None:
    nodes = (a_node("node-a"), a_node("node-b", memory="9Gi", labels={"disk": "fast"}), a_node("node-c", memory="9Gi"))
    free = a_machine("anywhere", evictionStrategy="LiveMigrate")
    tied = a_machine("tied", evictionStrategy="LiveMigrate", nodeSelector={"disk": "fast"})
    told = [(e.finding.vmi.metadata.name, e.target) for e in foretold(free, tied, nodes=nodes).evictions]
    assert told == [("tied", "node-b"), ("anywhere", "node-c")]


def test_one_without_room_blocks_the_drain() -> None:
    nodes = (a_node("node-a"), a_node("node-b", memory="10Gi"))
    machines = [a_machine(name, requests="8Gi", evictionStrategy="LiveMigrate") for name in ("x", "y")]
    result = foretold(*machines, nodes=nodes)
    assert result.blocked
    assert [e.why for e in result.evictions] == ["", "no room while the others move too"]
    assert conclusion(result) == "node-a runs 2 VMs: 2 move, but 1 of them without room. The drain would not end."


def test_what_runs_on_a_target_takes_its_room() -> None:
    nodes = (a_node("node-a"), a_node("node-b", memory="10Gi"))
    there = a_machine("there", node="node-b", requests="4Gi")
    assert foretold(a_machine("x", requests="8Gi", evictionStrategy="LiveMigrate"), there, nodes=nodes).without_room


def test_a_node_that_tells_nothing_of_itself_takes_anything() -> None:
    nodes = (a_node("node-a"), a_node("node-b") | {"status": {}})
    assert not foretold(a_machine("x", requests="900Gi", evictionStrategy="LiveMigrate"), nodes=nodes).blocked


@pytest.mark.parametrize(
    ("machines", "said"),
    [
        ([], "node-a runs no VM: nothing to move."),
        (
            [a_machine("x", evictionStrategy="LiveMigrate")],
            "node-a runs 1 VM: 1 moves. The drain would end.",
        ),
        (
            [
                a_machine("x", evictionStrategy="LiveMigrate"),
                a_machine("y", stuck=True, evictionStrategy="LiveMigrate"),
            ],
            "node-a runs 2 VMs: 1 moves and 1 stays. The drain would not end.",
        ),
        (
            [a_machine("x"), a_machine("y")],
            "node-a runs 2 VMs: 2 would be shut down. The drain would end.",
        ),
    ],
    ids=["nothing there", "one moves", "one stays", "all are shut down"],
)
def test_the_conclusion_is_one_line(machines: list[list[Document]], said: str) -> None:
    assert conclusion(foretold(*machines)) == said
