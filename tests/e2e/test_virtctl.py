"""`virtctl` through KubeVirt's aggregated API: virt-api makes the migration in its own name, and a person reads us."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from testbed.api import KUBEVIRT
from testbed.build import VIRTCTL, build
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.kubevirt_programs import NAMESPACE, SERVICE
from testbed.machines import a_running_vm, apply, cpu_labels
from testbed.service import Service
from testbed.waiting import until

Object = dict[str, Any]

API_SERVICES: Final = "/apis/apiregistration.k8s.io/v1/apiservices"
GROUP: Final = "subresources.kubevirt.io"
SEED: Final = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\n{}\n"}}
DRIVE: Final = {"name": "seed", "cdrom": {"bus": "sata"}}


@pytest.fixture(scope="session")
def virtctl(pytestconfig: pytest.Config) -> Path:
    """Build virtctl, with the terminal in sight."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return build(VIRTCTL)["virtctl"]


@pytest.fixture
def aggregated(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Register virt-api's subresources with the API server, as KubeVirt's operator does."""
    api = control_plane.api()
    for version in ("v1", "v1alpha3"):
        spec = {
            "group": GROUP,
            "version": version,
            "service": {"namespace": NAMESPACE, "name": SERVICE, "port": control_plane.port("virt-api")},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
        }
        api.post(API_SERVICES, {"metadata": {"name": f"{version}.{GROUP}"}, "spec": spec})
    api.wait(f"{API_SERVICES}/v1.{GROUP}", _is_available)
    yield control_plane
    for version in ("v1", "v1alpha3"):
        api.delete(f"{API_SERVICES}/{version}.{GROUP}")


def _is_available(service: Object) -> bool:
    conditions = service.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Available" and condition["status"] == "True" for condition in conditions)


class Client:
    """virtctl as alice, in a namespace with a VM `web` on node-a, beside node-b."""

    def __init__(self, plane: ControlPlane, program: Path, namespace: str) -> None:
        self.plane, self.program, self.namespace = plane, program, namespace

    def says(self, *arguments: str) -> tuple[int, str]:
        """Run it; return its exit code and all that it prints."""
        command: list[str | Path] = [self.plane.programs["leash"], "--", self.program, *arguments, "-n", self.namespace]
        environment = os.environ | self.plane.environment("alice")
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return result.returncode, result.stdout + result.stderr

    @property
    def migrations(self) -> list[Object]:
        """The migrations that have not ended."""
        path = f"{KUBEVIRT}/namespaces/{self.namespace}/virtualmachineinstancemigrations"
        found: list[Object] = self.plane.api().get(path)["items"]
        return [each for each in found if each.get("status", {}).get("phase") not in {"Succeeded", "Failed"}]


@pytest.fixture
def client(aggregated: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, virtctl: Path) -> Client:
    """Return virtctl beside our webhook, with two nodes."""
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    return Client(aggregated, virtctl, namespace)


def run_web(client: Client, hypervisor: Hypervisor, **spec: Any) -> str:
    """Run the VM; return its node."""
    assert "created" in apply(client.plane, client.namespace, a_running_vm("web", **spec))
    return str(hypervisor.launch(client.namespace, "web")["status"]["nodeName"])


def test_a_person_reads_why_behind_what_virt_api_puts_before_it(client: Client, hypervisor: Hypervisor) -> None:
    run_web(client, hypervisor, disks=[DRIVE], volumes=[SEED])

    code, said = client.says("migrate", "web")

    assert code == 1
    assert "Internal error occurred: admission webhook" in said
    assert f"VM {client.namespace}/web cannot be live-migrated: cd-rom: " in said
    assert 'disk "seed" is a CD-ROM with a volume in it' in said
    assert client.migrations == []


def test_a_move_that_nothing_forbids_is_made_and_canceled(client: Client, hypervisor: Hypervisor) -> None:
    run_web(client, hypervisor)

    assert client.says("migrate", "web", "--dry-run")[0] == 0
    assert client.migrations == []

    assert client.says("migrate", "web")[0] == 0
    [migration] = client.migrations
    assert migration["metadata"]["name"].startswith("kubevirt-migrate-vm-")
    assert migration["metadata"]["annotations"]["live-migration-webhook/eligible-nodes"].startswith("node-")

    assert client.says("migrate-cancel", "web")[0] == 0
    until(lambda: client.migrations == [])


def test_a_node_that_cannot_take_the_vm_is_refused_by_its_name(client: Client, hypervisor: Hypervisor) -> None:
    node = run_web(client, hypervisor)

    code, said = client.says("migrate", "web", f"--addedNodeSelector=kubernetes.io/hostname={node}")

    assert code == 1
    assert f'target-node: "{node}" is the node on which it runs' in said
