"""The pods judge: what a person sees of it, through the Service, on a cluster that runs them."""

import pytest

from testbed.api import KUBEVIRT
from testbed.cluster.release import Release
from testbed.cluster.stage import MODEL, STAND_INS, Stage
from testbed.control_plane import ControlPlane
from testbed.machines import a_migration, apply
from tests.e2e.plugin import said
from tests.e2e.staging import JOB, create_launcher

ANNOTATION = "live-migration-webhook/eligible-nodes"


def asked(plane: ControlPlane, stage: Stage, machine: str, *options: str) -> str:
    """Ask to move a machine, without moving it."""
    return apply(plane, stage.namespace, a_migration("move", machine), "--dry-run=server", *options)


@pytest.mark.core
def test_a_migration_that_cannot_succeed_is_refused_in_our_words(
    control_plane: ControlPlane, release: Release, stage: Stage
) -> None:
    assert release.pods()

    answer = asked(control_plane, stage, "stuck")

    assert 'admission webhook "migration.mutate.live-migration-webhook" denied the request' in answer
    assert f"VM {stage.namespace}/stuck cannot be live-migrated: bridge-network: " in answer


@pytest.mark.core
@pytest.mark.usefixtures("release")
def test_a_migration_that_can_succeed_carries_what_will_happen(control_plane: ControlPlane, stage: Stage) -> None:
    source = control_plane.api().get(f"{KUBEVIRT}/namespaces/{stage.namespace}/virtualmachineinstances/web")
    [other] = set(STAND_INS) - {source["status"]["nodeName"]}

    answer = asked(control_plane, stage, "web", "-o", "yaml")

    assert f"{ANNOTATION}: {other}" in answer


@pytest.mark.usefixtures("release")
def test_a_target_pod_gets_the_selector_of_its_cpu_model(control_plane: ControlPlane, stage: Stage) -> None:
    pod = create_launcher(control_plane, stage.namespace, {JOB: "made-by-the-test"})
    control_plane.api().delete(f"/api/v1/namespaces/{stage.namespace}/pods/{pod['metadata']['name']}")

    assert pod["spec"]["nodeSelector"] == {"disk": "any", f"cpu-model-migration.node.kubevirt.io/{MODEL}": "true"}


@pytest.mark.usefixtures("release")
def test_a_refusal_is_told_as_an_event_of_the_machine(control_plane: ControlPlane, stage: Stage) -> None:
    refused = apply(control_plane, stage.namespace, a_migration("refused", "stuck"))
    assert "denied the request" in refused

    told = control_plane.api().wait(
        f"/api/v1/namespaces/{stage.namespace}/events?fieldSelector=involvedObject.name=stuck",
        lambda events: any("bridge-network" in event["message"] for event in events["items"]),
    )

    assert {event["type"] for event in told["items"] if "bridge-network" in event["message"]} == {"Warning"}


@pytest.mark.usefixtures("release")
def test_the_plugin_says_the_same_to_the_machines_owner(control_plane: ControlPlane, stage: Stage) -> None:
    answer = said(control_plane, "check", "-n", stage.namespace, user="alice")

    [stuck] = (line.split() for line in answer.stdout.splitlines() if " stuck " in line)
    assert "bridge-network" in stuck, answer.stdout + answer.stderr
