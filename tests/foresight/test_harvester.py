"""Harvester's own drains, foretold: maintenance mode and the upgrade, by the version that its KubeVirt shows."""

from typing import Any, Final

import pytest

from testbed.builders import a_kubevirt
from tests.report.clusters import Document, a_machine, a_node, surveyed
from webhook.foresight.drain import Drain, Drainer, conclusion, drain
from webhook.foresight.eviction import Outcome

NODES: Final = (a_node("node-a"), a_node("node-b"))
MOVABLE: Final = a_machine("web", evictionStrategy="LiveMigrateIfPossible")
STUCK: Final = a_machine("db", stuck=True, evictionStrategy="LiveMigrateIfPossible")
TIED: Final = a_machine("tied", evictionStrategy="LiveMigrateIfPossible", nodeSelector={"disk": "fast"})
HARVESTER: Final = {"1.6": "v1.5.0", "1.7": "v1.6.0", "1.8": "v1.7.0"}
"""Releases, and the KubeVirt that each brings."""
MAINTENANCE, UPGRADE = Drainer.MAINTENANCE, Drainer.UPGRADE


def foretold(drainer: Drainer, release: str, *machines: list[Document], nodes: tuple[Document, ...] = NODES) -> Drain:
    """Foretell how Harvester empties node-a."""
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": HARVESTER[release]}}
    found = surveyed(kubevirt, *nodes, *(document for machine in machines for document in machine))
    return drain(found, "node-a", drainer=drainer)


def with_strategy(machine: list[Document], strategy: str) -> list[Document]:
    """Return a machine with Harvester's label."""
    vmi, *rest = machine
    labels = {"harvesterhci.io/maintain-mode-strategy": strategy}
    return [{**vmi, "metadata": {**vmi["metadata"], "labels": labels}}, *rest]


def with_cd_rom(machine: list[Document]) -> list[Document]:
    """Return a machine with an empty drive."""
    vmi, *rest = machine
    domain: dict[str, Any] = vmi["spec"]["domain"]
    devices = {**domain["devices"], "disks": [{"name": "drive", "cdrom": {}}]}
    return [{**vmi, "spec": {**vmi["spec"], "domain": {**domain, "devices": devices}}}, *rest]


def outcomes(found: Drain) -> dict[str, Outcome]:
    """Return what becomes of each machine."""
    return {each.finding.vmi.metadata.name: each.outcome for each in found.evictions}


def test_maintenance_evicts_as_kubectl_does() -> None:
    assert outcomes(foretold(MAINTENANCE, "1.6", MOVABLE, STUCK)) == {"web": Outcome.MOVES, "db": Outcome.SHUT_DOWN}


@pytest.mark.parametrize("stuck", [STUCK, TIED])
def test_from_1_7_on_maintenance_is_refused_where_a_machine_cannot_migrate(stuck: list[Document]) -> None:
    found = foretold(MAINTENANCE, "1.7", MOVABLE, stuck)
    assert set(outcomes(found).values()) == {Outcome.STAYS}
    assert found.blocked
    name = stuck[0]["metadata"]["name"]
    assert conclusion(found) == (
        f"node-a: Harvester refuses maintenance mode unless it is forced: {name} can't migrate."
    )


@pytest.mark.parametrize("strategy", ["Shutdown", "ShutdownAndRestartAfterEnable", "ShutdownAndRestartAfterDisable"])
def test_maintenance_stops_what_is_labelled_so(strategy: str) -> None:
    (eviction,) = foretold(MAINTENANCE, "1.8", with_strategy(MOVABLE, strategy)).evictions
    assert (eviction.outcome, eviction.why) == (Outcome.SHUT_DOWN, f"its label asks for it: {strategy}")


@pytest.mark.parametrize("strategy", ["Migrate", "something else"])
def test_maintenance_moves_what_is_labelled_otherwise(strategy: str) -> None:
    assert outcomes(foretold(MAINTENANCE, "1.8", with_strategy(MOVABLE, strategy))) == {"web": Outcome.MOVES}


def control_plane(name: str, **annotations: str) -> Document:
    """Return a node of the control plane."""
    node = a_node(name, labels={"node-role.kubernetes.io/control-plane": "true"})
    return {**node, "metadata": {**node["metadata"], "annotations": annotations}}


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (NODES[:1], "of the last node that takes VMs"),
        ((control_plane("node-a"), a_node("node-b")), "of the only control plane"),
        (
            (
                control_plane("node-a"),
                control_plane("node-b"),
                control_plane("node-c", **{"harvesterhci.io/maintain-status": "completed"}),
            ),
            "unless 3 control planes are out of it",
        ),
    ],
)
def test_maintenance_is_refused_where_the_cluster_would_suffer(nodes: tuple[Document, ...], said: str) -> None:
    assert foretold(MAINTENANCE, "1.6", nodes=nodes).refused == f"Harvester refuses maintenance mode {said}"


def test_three_control_planes_can_spare_one() -> None:
    nodes = tuple(control_plane(f"node-{letter}") for letter in "abc")
    assert not foretold(MAINTENANCE, "1.8", MOVABLE, nodes=nodes).blocked


@pytest.mark.parametrize(("release", "outcome"), [("1.7", Outcome.SHUT_DOWN), ("1.8", Outcome.MOVES)])
def test_the_upgrade_stops_cd_roms_up_to_1_7(release: str, outcome: Outcome) -> None:
    assert outcomes(foretold(UPGRADE, release, with_cd_rom(MOVABLE))) == {"web": outcome}


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (TIED, "stopped by the upgrade: it has a node selector"),
        (
            a_machine("gone", evictionStrategy="LiveMigrate", affinity={
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]
                    }
                }
            }),
            "stopped by the upgrade: its node affinity fits no other node",
        ),
    ],
)  # fmt: skip
def test_the_upgrade_stops_what_it_holds_to_be_tied_to_its_node(machine: list[Document], why: str) -> None:
    (eviction,) = foretold(UPGRADE, "1.8", machine).evictions
    assert (eviction.outcome, eviction.why) == (Outcome.SHUT_DOWN, why)


def test_the_upgrade_of_the_only_node_stops_all() -> None:
    assert outcomes(foretold(UPGRADE, "1.8", MOVABLE, nodes=NODES[:1])) == {"web": Outcome.SHUT_DOWN}


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (STUCK, "KubeVirt doesn't hold it to be live-migratable"),
        (a_machine("web"), "its eviction strategy is None"),
    ],
)
def test_the_upgrade_waits_for_what_nobody_evicts(machine: list[Document], why: str) -> None:
    (eviction,) = foretold(UPGRADE, "1.8", machine).evictions
    assert (eviction.outcome, eviction.why) == (Outcome.STAYS, why)


@pytest.mark.parametrize(("release", "outcome"), [("1.6", Outcome.STAYS), ("1.7", Outcome.SHUT_DOWN)])
def test_from_1_7_on_the_upgrade_stops_what_failed_to_move(release: str, outcome: Outcome) -> None:
    nodes = (a_node("node-a"), a_node("node-b", labels={"kubevirt.io/schedulable": "false"}))
    assert outcomes(foretold(UPGRADE, release, MOVABLE, nodes=nodes)) == {"web": outcome}
