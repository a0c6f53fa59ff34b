"""What holds a migration up, or fails it later."""

from typing import Any, Final

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_launcher, a_node, a_spec, a_template, a_vmi, a_vmi_document
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration

NODES: Final = (a_node("node-a"), a_node("node-b"))
DUMP: Final = {"name": "memdump", "type": "MemoryDump", "claimName": "dump"}


def a_migration(name: str = "move", vmi: str = "web", phase: str = "", **metadata: Any) -> Any:
    """Return a migration of a VMI in the namespace `default`."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {"vmiName": vmi},
        "status": {"phase": phase},
    }


def said(
    spec: Any = None,
    *documents: Any,
    version: str = "v1.8.2",
    migration: Any = None,
    status: Any = None,
    **kubevirt: Any,
) -> tuple[str, ...]:
    """Return the warnings about a migration of `default/web`."""
    vmi = a_vmi(spec, status=status, uid="u-web")
    resource = {**a_kubevirt(**kubevirt), "status": {"observedKubeVirtVersion": version}}
    cluster = a_cluster(resource, *NODES, *documents)
    return assess(vmi, cluster, Policy(), read_migration(Fields(migration or a_migration()))).warnings


@pytest.mark.parametrize(("version", "wait"), [("v1.7.0", None), ("v1.8.2", 150), ("v1.9.0", 150), ("", 150)])
def test_a_utility_volume_holds_a_migration_from_1_8_on(version: str, wait: int | None) -> None:
    warning = f'utility volume "memdump" holds the migration up, and fails it after {wait} s if still there'
    assert said(a_spec(utilityVolumes=[DUMP]), version=version) == ((warning,) if wait else ())


def test_how_long_it_waits_is_the_clusters_choice_or_the_migrations() -> None:
    spec, mine = a_spec(utilityVolumes=[DUMP]), {"kubevirt.io/migrationUtilityVolumesTimeoutSeconds": "20"}
    assert "after 40 s" in said(spec, migrations={"utilityVolumesTimeout": 40})[0]
    assert (
        "after 20 s" in said(spec, migration=a_migration(annotations=mine), migrations={"utilityVolumesTimeout": 40})[0]
    )


@pytest.mark.parametrize(
    ("completed", "version", "waits"), [(False, "v1.8.2", 1), (True, "v1.8.2", 0), (False, "v1.7.0", 0)]
)
def test_a_backup_that_runs_is_waited_for(*, completed: bool, version: str, waits: int) -> None:
    status = {"changedBlockTracking": {"backupStatus": {"backupName": "nightly", "completed": completed}}}
    warning = 'backup "nightly" is running: the migration waits until it has ended'
    assert said(status=status, version=version) == (warning,) * waits


@pytest.mark.parametrize(
    ("image", "version", "warned"),
    [("registry/disk:1", "v1.6.0", 1), ("registry/disk@sha256:abc", "v1.6.0", 0), ("registry/disk:1", "v1.5.2", 0)],
)
def test_a_container_disk_without_a_digest_is_retried_for_ever(image: str, version: str, warned: int) -> None:
    disk = {"name": "root", "containerDisk": {"image": "registry/disk:1"}}
    launcher = a_launcher()
    launcher["status"]["containerStatuses"] = [{"name": "volumeroot", "imageID": image}, {"name": "compute"}]
    warning = 'container disk "root" has no known digest: KubeVirt tries for ever to make a target'
    assert said(a_spec(volumes=[disk]), launcher, version=version) == (warning,) * warned


@pytest.mark.parametrize(("length", "warned"), [(63, 0), (64, 1)])
@pytest.mark.parametrize("make", [a_vmi, a_template])
def test_a_name_that_is_no_value_of_a_label_cannot_be_migrated(make: Any, length: int, warned: int) -> None:
    warning = "the name has 64 characters: KubeVirt can't migrate a VM whose name has more than 63"
    assert assess(make(name="w" * length), a_cluster(), Policy()).warnings == (warning,) * warned


@pytest.mark.parametrize(
    ("condition", "status", "warned"), [("HotVCPUChange", "True", 1), ("HotMemoryChange", "False", 0)]
)
def test_a_hot_plug_makes_a_migration_of_its_own(condition: str, status: str, warned: int) -> None:
    warning = "CPUs or memory are being hot-plugged: KubeVirt makes a migration of its own for that"
    assert said(status={"conditions": [{"type": condition, "status": status}]}) == (warning,) * warned


def test_the_migration_itself_is_no_other_one() -> None:
    assert said(None, a_migration("move")) == ()


@pytest.mark.parametrize(
    ("settings", "phases", "warnings"),
    [
        ({}, ["Running"], ()),
        ({}, ["Running", "Scheduling"], ("2 migrations leave node-a, 2 may at once: it has to wait",)),
        (
            {"parallelMigrationsPerCluster": 1},
            ["Running", "Pending"],
            ("1 migrations run, 1 may at once: it has to wait, 1 wait before it",),
        ),
        ({"parallelOutboundMigrationsPerNode": 3}, ["Running", "Scheduled"], ()),
    ],
)
def test_as_many_migrations_as_may_run_at_once_hold_it_up(
    settings: Any, phases: list[str], warnings: tuple[str, ...]
) -> None:
    others = [a_migration(f"other-{index}", f"vm-{index}", phase) for index, phase in enumerate(phases)]
    machines = [a_vmi_document(name=f"vm-{index}", uid=f"u-{index}") for index in range(len(phases))]
    assert said(None, *others, *machines, migrations=settings) == warnings


def test_a_guest_that_sees_its_nodes_cpu_is_warned_of_another_one() -> None:
    spec = a_spec()
    spec["domain"]["cpu"] = {"model": "host-passthrough"}
    other = a_node("node-c", {"host-model-cpu.node.kubevirt.io/Skylake": None})
    warning = "host-passthrough: another CPU than on node-a, the guest may fail: node-c"
    assert said(spec, other) == (warning,)
    assert said(spec) == ()


def test_a_node_selector_that_no_node_can_have_is_refused() -> None:
    migration = a_migration()
    migration["spec"]["addedNodeSelector"] = {"no key!": "x"}
    found = assess(a_vmi(), a_cluster(*NODES), Policy(), read_migration(Fields(migration)))
    assert [violation.restriction for violation in found.violations] == ["no-eligible-node"]


@pytest.mark.parametrize(("scheduler", "warned"), [("", 0), ("default-scheduler", 0), ("gang", 1)])
def test_another_scheduler_may_judge_otherwise(scheduler: str, warned: int) -> None:
    warning = 'scheduler "gang" places it: nodes are judged as kube-scheduler would'
    assert said(a_spec(schedulerName=scheduler)) == (warning,) * warned


@pytest.mark.parametrize(
    ("ready", "schedulable", "words"),
    [
        ("True", "true", None),
        ("True", None, None),
        ("Unknown", "false", "is not ready and takes no VMs"),
        ("False", "true", "is not ready"),
        ("True", "false", "takes no VMs"),
    ],
)
def test_a_source_node_that_ails_is_told_and_left_to_the_person(
    ready: str, schedulable: str | None, words: str | None
) -> None:
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    source = a_node("node-a", {"kubevirt.io/schedulable": schedulable}, status=status)

    warnings = said(None, source)

    told = f"node-a, where it runs, {words}: without virt-handler there, nothing can be copied off it"
    assert warnings == ((told,) if words else ())
