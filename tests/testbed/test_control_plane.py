"""The control plane is real: it answers, admits, schedules and migrates as a cluster does."""

import json

import pytest

from testbed.api import KUBEVIRT, ApiError, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor

SKYLAKE, HASWELL = "Skylake-Server-IBRS", "Haswell-noTSX"


def virtual_machine(name: str, **domain: object) -> Object:
    """Return a running VM with masquerade networking and the domain's further fields."""
    devices = {"interfaces": [{"name": "default", "masquerade": {}}]}
    spec = {
        "domain": {"devices": devices, "memory": {"guest": "1Gi"}, **domain},
        "networks": [{"name": "default", "pod": {}}],
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {"runStrategy": "Always", "template": {"metadata": {}, "spec": spec}},
    }


def migration(name: str, vmi: str) -> Object:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name},
        "spec": {"vmiName": vmi},
    }


def cpu_labels(*supported: str, host: str) -> dict[str, str]:
    """Return what the node labeller says about a node's CPU."""
    return {
        f"host-model-cpu.node.kubevirt.io/{host}": "true",
        **{f"cpu-model.node.kubevirt.io/{model}": "true" for model in supported},
        **{f"cpu-model-migration.node.kubevirt.io/{model}": "true" for model in supported},
    }


@pytest.fixture
def three_nodes(hypervisor: Hypervisor) -> Hypervisor:
    """Two nodes that know the model of node-a, and an older one that doesn't; only node-a takes first pods."""
    hypervisor.add_node("node-a", labels=cpu_labels(HASWELL, SKYLAKE, host=SKYLAKE))
    hypervisor.add_node("node-b", labels=cpu_labels(HASWELL, SKYLAKE, host=SKYLAKE), unschedulable=True)
    hypervisor.add_node("node-c", labels=cpu_labels(HASWELL, host=HASWELL), unschedulable=True)
    return hypervisor


def test_a_host_model_vm_migrates_to_the_node_that_knows_its_model(
    control_plane: ControlPlane, namespace: str, three_nodes: Hypervisor
) -> None:
    created = control_plane.kubectl(
        "create", "-f", "-", namespace=namespace, user="alice", stdin=json.dumps(virtual_machine("web"))
    )
    assert (created.stdout, created.stderr) == ("virtualmachine.kubevirt.io/web created\n", "")
    vmi = three_nodes.launch(namespace, "web")
    assert vmi["status"]["nodeName"] == "node-a"
    for node in ("node-b", "node-c"):
        three_nodes.uncordon(node)

    alice = control_plane.api("alice")
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"
    alice.post(path, migration("move", "web"))
    target = three_nodes.wait_for_target(namespace, "move")
    assert target["spec"]["nodeSelector"][f"cpu-model-migration.node.kubevirt.io/{SKYLAKE}"] == "true"
    assert target["spec"]["nodeName"] == "node-b"

    done = three_nodes.migrate(namespace, "move")
    moved = alice.get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web")
    assert (done["status"]["phase"], moved["status"]["nodeName"]) == ("Succeeded", "node-b")


def test_a_failed_migration_leaves_the_vm_where_it_was(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor
) -> None:
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels(SKYLAKE, host=SKYLAKE))
    alice = control_plane.api("alice")
    alice.post(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachines", virtual_machine("web"))
    before = hypervisor.launch(namespace, "web")["status"]["nodeName"]

    alice.post(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations", migration("move", "web"))
    hypervisor.prepare_target(namespace, "move")
    hypervisor.start_transfer(namespace, "move")
    hypervisor.fail_transfer(namespace, "move", reason="the connection was lost")
    vmi = alice.get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web")
    assert (vmi["status"]["phase"], vmi["status"]["nodeName"]) == ("Running", before)


def test_virt_api_refuses_to_migrate_what_cannot_be_migrated(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor
) -> None:
    # KubeVirt's own words are wanted here, and other tests may have registered the webhook, which refuses first.
    control_plane.kubectl("label", "namespace", namespace, "live-migration-webhook/ignore=true")
    hypervisor.add_node("node-a", labels=cpu_labels(SKYLAKE, host=SKYLAKE))
    alice = control_plane.api("alice")
    alice.post(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachines", virtual_machine("web"))
    hypervisor.launch(
        namespace, "web", migratable=False, reason="DisksNotLiveMigratable", message="a disk is not shared"
    )

    refused = control_plane.kubectl(
        "create", "-f", "-", namespace=namespace, user="alice", stdin=json.dumps(migration("move", "web"))
    )
    assert refused.stderr == (
        'Error from server: error when creating "STDIN": admission webhook "migration-create-validator.kubevirt.io" '
        "denied the request: Cannot migrate VMI, Reason: DisksNotLiveMigratable, Message: a disk is not shared\n"
    )


def test_kubectl_and_the_api_server_are_of_the_pinned_version(control_plane: ControlPlane) -> None:
    versions = control_plane.kubectl("version").stdout.splitlines()
    assert (versions[0], versions[-1]) == ("Client Version: v1.35.4", "Server Version: v1.35.4")


def test_helm_is_of_the_pinned_version(control_plane: ControlPlane) -> None:
    assert control_plane.run("helm", "version", "--template", "{{.Version}}").stdout == "v3.21.4"


def test_being_sent_elsewhere_is_not_taken_for_an_answer(control_plane: ControlPlane) -> None:
    with pytest.raises(ApiError) as refused:
        control_plane.api().get("/openapi/v3/apis/apps/v1?hash=of-a-state-that-is-gone")

    assert refused.value.status == 301


def test_a_plain_user_edits_vms_but_not_nodes(control_plane: ControlPlane, namespace: str) -> None:
    answers = {
        what: control_plane.kubectl("auth", "can-i", "create", what, namespace=namespace, user="alice").stdout
        for what in ("virtualmachines.kubevirt.io", "virtualmachineinstancemigrations.kubevirt.io", "nodes")
    }
    assert answers == {
        "virtualmachines.kubevirt.io": "yes\n",
        "virtualmachineinstancemigrations.kubevirt.io": "yes\n",
        "nodes": "no\n",
    }


def test_a_service_account_gets_a_kubeconfig_that_the_api_server_believes(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.api().post(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "webhook"}})
    kubeconfig = control_plane.service_account_kubeconfig(namespace, "webhook")
    asked = control_plane.kubectl(
        "--kubeconfig", str(kubeconfig), "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"
    )
    assert asked.stdout == f"system:serviceaccount:{namespace}:webhook"


def test_a_removed_namespace_takes_nothing_new(control_plane: ControlPlane, namespace: str) -> None:
    api = control_plane.api()
    api.delete(f"/api/v1/namespaces/{namespace}")
    with pytest.raises(ApiError, match="because it is being terminated"):
        api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "late"}})


def test_the_api_server_can_be_restarted_with_its_port_data_and_webhooks() -> None:
    with ControlPlane(virt_controller=False) as plane:
        assert set(plane.processes) == {"etcd", "kube-apiserver", "kube-scheduler", "virt-api"}
        plane.api().post("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "kept"}})
        plane.processes["kube-apiserver"].kill()
        assert not plane.api().exists("/readyz")

        plane.processes["kube-apiserver"].start()
        plane.wait_for_api_server()
        kept = plane.kubectl("get", "configmap", "kept", "-o", "name")
        refused = plane.kubectl("create", "-f", "-", stdin=json.dumps(migration("move", "nothing")))
        assert kept.stdout == "configmap/kept\n"
        assert 'admission webhook "migration-create-validator.kubevirt.io" denied the request' in refused.stderr
