"""The target pod that virt-controller makes is the one that was foretold, and kube-scheduler binds it where we say.

Where we refuse, the same migration in a namespace that this service doesn't watch shows what it would have come to:
a target pod that stays pending.
"""

from typing import Any, Final

import pytest

from testbed.api import KUBEVIRT
from testbed.control_plane import ControlPlane
from testbed.hypervisor import NODES, Hypervisor
from testbed.machines import a_migration, apply, cpu_labels
from testbed.service import Service
from tests.e2e.foretelling import foretold, foretold_rules, rules_of
from tests.e2e.staging import JOB, configured, create_launcher, set_up, stop_watching, wait_for_answer, waiting_target
from tests.e2e.stories import FEATURE, HASWELL, ICELAKE, SKYLAKE, STORIES, Host, Story

Object = dict[str, Any]

MIGRATION: Final = "cpu-model-migration.node.kubevirt.io/"
ELIGIBLE: Final = "live-migration-webhook/eligible-nodes"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_the_vm_goes_where_we_say(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, story: Story
) -> None:
    assert service.is_ready()
    with configured(control_plane, story.configuration):
        set_up(control_plane, namespace, hypervisor, story)
    placement = foretold(control_plane, namespace, story.added)
    assert set(placement.nodes.names(placement.eligible)) == set(story.eligible)

    if story.refused:
        wait_for_answer(control_plane, namespace, story, lambda answer: f": {story.refused}: " in answer)
    if story.refused and not story.ours:
        stop_watching(control_plane, namespace)
        assert waiting_target(control_plane, namespace, story) == foretold_rules(placement)
    if not story.refused:
        told = ",".join(sorted(story.eligible))
        wait_for_answer(control_plane, namespace, story, lambda answer: f'"{ELIGIBLE}": "{told}"' in answer)
        apply(control_plane, namespace, a_migration("move", "web", addedNodeSelector=dict(story.added)))
        target = hypervisor.wait_for_target(namespace, "move")
        assert rules_of(target) == foretold_rules(placement)
        assert target["spec"]["nodeName"] in story.eligible


def test_a_second_migration_keeps_the_first_cpu(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    story = Story(title="", hosts=[Host(name="node-b", labels=ICELAKE)], eligible=[])
    set_up(control_plane, namespace, hypervisor, story)
    apply(control_plane, namespace, a_migration("first", "web"))
    hypervisor.migrate(namespace, "first")
    hypervisor.add_node("node-c", labels=cpu_labels("Icelake-Server"))

    placement = foretold(control_plane, namespace, {})
    apply(control_plane, namespace, a_migration("second", "web"))
    target = hypervisor.wait_for_target(namespace, "second")

    assert placement.nodes.names(placement.eligible) == ("node-a",)
    assert target["spec"]["nodeSelector"][MIGRATION + "Skylake-Server-IBRS"] == "true"
    assert rules_of(target) == foretold_rules(placement)
    assert target["spec"]["nodeName"] == "node-a"


def test_a_model_that_the_cluster_chooses_later_does_not_concern_a_running_vm(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    story = Story(title="", hosts=[Host(name="node-b"), Host(name="node-c", labels=HASWELL)], eligible=[])
    set_up(control_plane, namespace, hypervisor, story)
    with configured(control_plane, {"cpuModel": "Haswell-noTSX-IBRS"}):
        placement = foretold(control_plane, namespace, {})
        apply(control_plane, namespace, a_migration("move", "web"))
        target = hypervisor.wait_for_target(namespace, "move")
    assert rules_of(target) == foretold_rules(placement)
    assert target["spec"]["nodeName"] == "node-b"


def test_a_migration_can_be_tried_again_right_after_an_abort(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[Host(name="node-b")], eligible=[]))
    apply(control_plane, namespace, a_migration("first", "web"))
    target = hypervisor.wait_for_target(namespace, "first")["metadata"]
    control_plane.kubectl("delete", "vmim", "first", namespace=namespace, user="alice")
    path = f"/api/v1/namespaces/{namespace}/pods/{target['name']}"
    control_plane.api().wait(path, lambda pod: "deletionTimestamp" in pod["metadata"])

    waits = "pod-affinity: the target pod has to wait: node-b still has a pod of this VM, from another migration"
    story = Story(title="", hosts=[], eligible=[])
    wait_for_answer(control_plane, namespace, story, lambda answer: answer.startswith(f"Warning: {waits}\n"))
    assert "created" in apply(control_plane, namespace, a_migration("second", "web"))
    control_plane.api().delete(path, grace_seconds=0)
    assert hypervisor.wait_for_target(namespace, "second")["spec"]["nodeName"] == "node-b"


def test_a_migration_carries_what_we_and_kubevirt_write(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[Host(name="node-b")], eligible=[]))
    apply(control_plane, namespace, a_migration("move", "web"))
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/move"
    metadata = control_plane.api().get(path)["metadata"]
    assert metadata["labels"]["kubevirt.io/vmi-name"] == "web"
    assert metadata["finalizers"] == ["kubevirt.io/migrationJobFinalize"]
    assert metadata["annotations"]["live-migration-webhook/cpu-selectors"] == f"{MIGRATION}Skylake-Server-IBRS=true"


def test_a_target_pod_without_selectors_is_patched_and_placed_rightly(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    source = {**SKYLAKE, "host-model-required-features.node.kubevirt.io/spec-ctrl": "true"}
    hosts = [
        Host(name="node-b", labels=HASWELL),
        Host(name="node-c"),
        Host(name="node-d", labels={**ICELAKE, FEATURE + "spec-ctrl": "true"}),
    ]
    set_up(control_plane, namespace, hypervisor, Story(title="", source=source, hosts=hosts, eligible=[]))

    pod = create_launcher(control_plane, namespace, {JOB: "made-by-the-test"})

    assert pod["spec"]["nodeSelector"] == {
        "disk": "any",
        MIGRATION + "Skylake-Server-IBRS": "true",
        FEATURE + "spec-ctrl": "true",
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
    unbound = control_plane.api().wait(path, lambda found: bool(found["status"].get("conditions")))
    assert "nodeName" not in unbound["spec"]
    control_plane.api().patch(f"{NODES}/node-c", {"metadata": {"labels": {"disk": "any"}}})
    control_plane.api().patch(f"{NODES}/node-d", {"metadata": {"labels": {"disk": "any"}}})
    bound = control_plane.api().wait(path, lambda found: "nodeName" in found["spec"])
    assert bound["spec"]["nodeName"] == "node-d"


def test_a_first_launch_with_host_model_is_left_as_it_is(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[], eligible=[]))
    assert create_launcher(control_plane, namespace, {})["spec"]["nodeSelector"] == {"disk": "any"}
