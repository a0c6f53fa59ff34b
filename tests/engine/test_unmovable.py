"""What KubeVirt refuses by the specification alone; that it is what virt-handler says is told by its judges."""

from typing import Any, Final

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_node, a_spec, a_template, a_vmi
from webhook.engine.restrictions import not_live_migratable
from webhook.engine.restrictions.restriction import Case
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration

REENLIGHTENED: Final = {"features": {"hyperv": {"reenlightenment": {"enabled": True}}}}
TIMER: Final = {"cpu-timer.node.kubevirt.io/tsc-frequency": "2600000000"}


def with_domain(**domain: Any) -> Any:
    """Return a specification with this in its domain."""
    spec = a_spec()
    return {**spec, "domain": {**spec["domain"], **domain}}


def a_kubevirt_of(version: str, **configuration: Any) -> Any:
    """Return a KubeVirt resource that reports a version, "" for none."""
    return {**a_kubevirt(**configuration), "status": {"observedKubeVirtVersion": version}}


def fields(spec: Any, version: str = "", *, nodes: tuple[Any, ...] = (), **configuration: Any) -> list[str]:
    """Return the fields that `not-live-migratable` names in a VM's template."""
    cluster = a_cluster(a_kubevirt_of(version, **configuration), *nodes)
    found = not_live_migratable.check(Case(vmi=a_template(spec), snapshot=cluster))
    return [violation.field.removeprefix("spec.template.spec.") for violation in found]


@pytest.mark.parametrize(
    ("security", "field", "refused_by", "moved_by"),
    [
        ({"sev": {}}, "domain.launchSecurity.sev", ["", "v1.4.0", "v1.9.0"], []),
        ({"snp": {}}, "domain.launchSecurity.snp", ["", "v1.7.0"], ["v1.6.0"]),
        ({"tdx": {}}, "domain.launchSecurity.tdx", ["", "v1.7.0"], ["v1.6.0"]),
    ],
)
def test_encrypted_memory_ties_to_the_node(
    security: Any, field: str, refused_by: list[str], moved_by: list[str]
) -> None:
    spec = with_domain(launchSecurity=security)
    assert all(fields(spec, version) == [field] for version in refused_by)
    assert not any(fields(spec, version) for version in moved_by)


@pytest.mark.parametrize(("version", "refused"), [("v1.5.0", False), ("v1.6.0", True), ("", True)])
def test_secure_execution_is_any_launch_security_on_s390x(version: str, *, refused: bool) -> None:
    spec = {**with_domain(launchSecurity={}), "architecture": "s390x"}
    assert bool(fields(spec, version)) is refused


def test_all_enlightenments_of_the_node_are_those_of_this_node() -> None:
    assert fields(with_domain(features={"hypervPassthrough": {}})) == ["domain.features.hypervPassthrough"]
    assert not fields(with_domain(features={"hypervPassthrough": {"enabled": False}}))


def test_a_guest_that_counts_on_its_clock_needs_nodes_that_publish_theirs() -> None:
    spec = with_domain(**REENLIGHTENED)
    assert fields(spec, nodes=(a_node("node-a"),)) == ["domain.features.hyperv.reenlightenment"]
    assert not fields(spec, nodes=(a_node("node-a", TIMER),))
    assert not fields(spec)


@pytest.mark.parametrize(("hints", "refused"), [({}, True), ({"tscFrequency": 0}, True), ({"tscFrequency": 1}, False)])
def test_a_clock_of_a_guest_that_runs_has_its_frequency_or_none(hints: Any, *, refused: bool) -> None:
    vmi = a_vmi(with_domain(**REENLIGHTENED), status={"topologyHints": hints})
    found = list(not_live_migratable.check(Case(vmi=vmi, snapshot=a_cluster(a_node("node-a", TIMER)))))
    assert bool(found) is refused


@pytest.mark.parametrize(("source", "refused"), [({}, True), ({"shared": False}, True), ({"shared": True}, False)])
def test_a_host_disk_has_to_be_shared(source: Any, *, refused: bool) -> None:
    volume = {"name": "data", "hostDisk": {"path": "/disk.img", **source}}
    assert fields(a_spec(volumes=[volume])) == (["volumes[0].hostDisk"] if refused else [])


@pytest.mark.parametrize(("version", "refused"), [("v1.4.1", True), ("v1.5.0", False), ("", False)])
def test_virtiofs_moves_from_1_5_on(version: str, *, refused: bool) -> None:
    spec = a_spec(devices={"filesystems": [{"name": "etc", "virtiofs": {}}]})
    assert fields(spec, version) == (["domain.devices.filesystems[0].virtiofs"] if refused else [])


@pytest.mark.parametrize(("version", "refused"), [("v1.8.2", True), ("v1.9.0", False), ("", False)])
def test_reservations_move_from_1_9_on(version: str, *, refused: bool) -> None:
    spec = a_spec(disks=[{"name": "quorum", "lun": {"reservation": True}}])
    assert fields(spec, version) == (["domain.devices.disks[0].lun.reservation"] if refused else [])


@pytest.mark.parametrize(
    ("interface", "version", "refused"),
    [
        ({"binding": {"name": "still"}}, "v1.8.2", True),
        ({"binding": {"name": "unknown"}}, "v1.8.2", True),
        ({"binding": {"name": "moving"}}, "v1.8.2", False),
        ({"passtBinding": {}}, "v1.7.0", True),
        ({"passtBinding": {}}, "v1.8.2", False),
        ({"sriov": {}}, "v1.9.0", True),
        ({"masquerade": {}}, "v1.9.0", False),
    ],
)
def test_the_management_network_needs_a_binding_that_migrates(
    interface: Any,
    version: str,
    *,
    refused: bool,
) -> None:
    bindings = {"moving": {"migration": {"method": "link-refresh"}}, "still": {}}
    spec = a_spec(interfaces=[{"name": "default", **interface}])
    assert bool(fields(spec, version, network={"binding": bindings})) is refused


def test_another_network_may_have_any_binding() -> None:
    spec = a_spec(
        interfaces=[{"name": "lan", "binding": {"name": "still"}}],
        networks=[{"name": "lan", "multus": {"networkName": "lan"}}],
    )
    assert not fields(spec)


def test_what_kubevirt_calls_live_migratable_is_not_foreseen_otherwise() -> None:
    vmi = a_vmi(
        with_domain(launchSecurity={"sev": {}}),
        status={"conditions": [{"type": "LiveMigratable", "status": "True"}]},
    )
    assert not list(not_live_migratable.check(Case(vmi=vmi, snapshot=a_cluster())))


def test_what_was_foreseen_is_told_in_place_of_the_condition_that_says_the_same() -> None:
    condition = {
        "type": "LiveMigratable",
        "status": "False",
        "reason": "SEVNotLiveMigratable",
        "message": "VMI uses SEV",
    }
    vmi = a_vmi(with_domain(launchSecurity={"sev": {}}), status={"conditions": [condition]})
    [violation] = not_live_migratable.check(Case(vmi=vmi, snapshot=a_cluster()))
    assert violation.message == (
        "not-live-migratable: its memory is encrypted by SEV, which ties it to its node "
        "(spec.domain.launchSecurity.sev). Run it without SEV, or expect it to be shut down."
    )


def test_a_host_disk_is_copied_to_another_cluster() -> None:
    vmi = a_vmi(a_spec(volumes=[{"name": "data", "hostDisk": {"path": "/disk.img"}}]))
    migration = read_migration(Fields({"spec": {"vmiName": "web", "sendTo": {"migrationID": "m"}}}))
    assert not list(not_live_migratable.check(Case(vmi=vmi, snapshot=a_cluster(), migration=migration)))
