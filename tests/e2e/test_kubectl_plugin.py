"""`kubectl livemigration` on the real control plane, at a real terminal."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pexpect
import pytest

from tests.controlplane.api import KUBEVIRT, Object
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.hypervisor import Hypervisor
from tests.e2e.machines import BRIDGE, a_running_vm, apply, cpu_labels
from tests.plugin.examples import PROGRAM
from tests.service import Service

MODEL: Final = "Skylake-Server-IBRS"
RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
PATIENCE: Final = 60
SHARED_KINDS: Final = "vm,vmi,vmim,kubevirt,pvc,namespace,node,pod,migrationpolicy"


def environment(plane: ControlPlane, user: str = "admin", **more: str) -> dict[str, str]:
    """Return the environment in which a person works, with the plugin on the PATH."""
    path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
    return {**os.environ, **plane.environment(user), "PATH": path, "TERM": "xterm-256color", **more}


def said(plane: ControlPlane, *arguments: str, user: str = "admin", **more: str) -> subprocess.CompletedProcess[str]:
    """Run the plugin to its end, without a terminal."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment(plane, user, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def terminal(plane: ControlPlane, *arguments: str, user: str = "alice") -> "pexpect.spawn[str]":
    """Type a command of the plugin as kubectl's at a terminal of 100 columns."""
    command = [str(plane.programs["kubectl"]), "livemigration", *arguments]
    return pexpect.spawn(
        command[0],
        command[1:],
        env=environment(plane, user),
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 100),
    )


def ended(child: "pexpect.spawn[str]") -> int | None:
    """Wait for the end of a command; return its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def migrations(plane: ControlPlane, namespace: str) -> list[Object]:
    """Return the migrations of a namespace."""
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"
    found: list[Object] = plane.api().get(path)["items"]
    return found


@pytest.fixture
def web(control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, service: Service) -> str:
    """Run a VM `web` on one of two nodes, beside our webhook; return its node."""
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels(MODEL))
    assert "created" in apply(control_plane, namespace, a_running_vm("web"))
    return str(hypervisor.launch(namespace, "web")["status"]["nodeName"])


def other(node: str) -> str:
    """Return the other one of the two nodes."""
    return {"node-a": "node-b", "node-b": "node-a"}[node]


def created(child: "pexpect.spawn[str]") -> str:
    """Wait until the migration is created; return its name."""
    child.expect(r"migration (\S+) created")
    assert isinstance(child.match, re.Match)
    return str(child.match[1])


def test_a_move_is_followed_to_its_end(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--wait")
    child.expect(rf"VM {namespace}/web leaves {web}: ")
    name = created(child)
    hypervisor.prepare_target(namespace, name)
    child.expect("TargetReady|PreparingTarget")
    hypervisor.start_transfer(namespace, name)
    child.expect("Running")
    child.expect(r"of \d+ s at most")
    hypervisor.finish_transfer(namespace, name)
    child.expect(rf"VM {namespace}/web runs on {other(web)}")
    assert ended(child) == 0


def test_a_failure_is_told_in_kubevirts_words(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--to", other(web), "--wait")
    name = created(child)
    hypervisor.prepare_target(namespace, name)
    hypervisor.start_transfer(namespace, name)
    hypervisor.fail_transfer(namespace, name, reason="qemu ran out of patience")
    child.expect("did not move. qemu ran out of patience")
    assert ended(child) == 1


def test_ctrl_c_leaves_the_move_running_and_abort_ends_it(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--wait")
    name = created(child)
    hypervisor.wait_for_target(namespace, name)
    child.expect("Scheduling")
    child.sendintr()
    child.expect(rf"web keeps moving; kubectl livemigration abort web -n {namespace} aborts it")
    assert ended(child) == 130
    assert [each["metadata"]["name"] for each in migrations(control_plane, namespace)] == [name]

    child = terminal(control_plane, "abort", "web", "-n", namespace)
    child.expect(rf"VM {namespace}/web: migration {name} aborted in phase Schedul")
    assert ended(child) == 0
    control_plane.api().wait(
        f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations", lambda found: not found["items"]
    )
    assert web


def test_without_a_terminal_each_phase_is_a_line(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    process = subprocess.Popen(
        [PROGRAM, "start", "web", "-n", namespace, "--wait"],
        env=environment(control_plane, "alice"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    match = re.search(r"migration (\S+) created", process.stdout.readline())
    assert match
    hypervisor.migrate(namespace, match[1])
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, f"VM {namespace}/web runs on {other(web)}\n")
    assert err.splitlines()[-1].startswith("Succeeded")
    assert "\x1b" not in err


def test_our_refusal_is_shown_as_it_is(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, service: Service
) -> None:
    assert service.is_ready()
    hypervisor.add_node("node-a", labels=cpu_labels(MODEL))
    apply(control_plane, namespace, a_running_vm("bridged", interface=BRIDGE))
    hypervisor.launch(namespace, "bridged")
    result = said(control_plane, "start", "bridged", "-n", namespace, user="alice")
    assert (result.returncode, result.stdout) == (1, "")
    assert 'interface "default" is a bridge on the management network' in result.stderr
    assert migrations(control_plane, namespace) == []


def test_a_dry_run_asks_and_changes_nothing(control_plane: ControlPlane, namespace: str, web: str) -> None:
    result = said(control_plane, "start", "web", "-n", namespace, "--dry-run=server", user="alice")
    assert (result.returncode, result.stdout) == (0, f"VM {namespace}/web may move: nothing refuses it (dry run)\n")
    refused = said(control_plane, "start", "web", "-n", namespace, "--to", "node-z", "--dry-run=server", user="alice")
    assert (refused.returncode, "target-node" in refused.stderr) == (1, True)
    assert (migrations(control_plane, namespace), web in {"node-a", "node-b"}) == ([], True)


def test_there_must_be_something_to_move_or_abort(control_plane: ControlPlane, namespace: str, web: str) -> None:
    result = said(control_plane, "abort", "web", "-n", namespace, user="alice")
    assert (result.returncode, result.stderr) == (
        1,
        f"error: VM {namespace}/web is not moving: there is nothing to abort\n",
    )
    result = said(control_plane, "start", "wbe", "-n", namespace, user="alice")
    assert (result.returncode, result.stderr) == (
        2,
        f'error: there is no VM "wbe" in namespace {namespace}; is it "web"?\n',
    )
    assert web


def test_the_api_server_and_its_manifests_give_the_same_bytes(
    control_plane: ControlPlane, namespace: str, web: str, tmp_path: Path
) -> None:
    apply(control_plane, namespace, a_running_vm("bridged", interface=BRIDGE, evictionStrategy="LiveMigrate"))
    dump = tmp_path / "cluster.json"
    dump.write_text(control_plane.kubectl("get", SHARED_KINDS, "-A", "-o", "json").stdout)
    for arguments in (
        ("check", "-n", namespace, "-o", "json"),
        ("check", "-n", namespace, "-v"),
        ("nodes", "web", "-n", namespace, "-o", "yaml"),
        ("drain", web, "-o", "json"),
        ("cpu-models",),
        ("report",),
    ):
        live = said(control_plane, *arguments, SOURCE_DATE_EPOCH="0")
        offline = said(control_plane, *arguments, "--cluster", str(dump), SOURCE_DATE_EPOCH="0")
        assert (live.stdout, live.returncode) == (offline.stdout, offline.returncode)
        assert namespace in live.stdout or arguments == ("cpu-models",)


def test_what_if_reads_the_api_server(control_plane: ControlPlane, namespace: str, web: str) -> None:
    result = said(control_plane, "check", "web", "-n", namespace, "--set", "spec.domain.cpu.model=Nowhere", "-v")
    assert (result.returncode, "lacks CPU model Nowhere" in result.stdout) == (1, True)
    assert web


@pytest.fixture
def limited(control_plane: ControlPlane, namespace: str) -> Iterator["Limited"]:
    """Give service accounts with a few rights."""
    yield Limited(control_plane, namespace)
    for path in (f"{RBAC}/clusterroles/{namespace}", f"{RBAC}/clusterrolebindings/{namespace}"):
        if control_plane.api().exists(path):
            control_plane.api().delete(path)


class Limited:
    """A service account that may do what is granted, and nothing else."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self._namespace = namespace

    def kubeconfig(self, *rules: Mapping[str, Any]) -> str:
        """Return the kubeconfig of an account with these rules."""
        api, name = self._plane.api(), self._namespace
        api.post(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "limited"}})
        api.post(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
        subject = {"kind": "ServiceAccount", "name": "limited", "namespace": name}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        api.post(f"{RBAC}/clusterrolebindings", {"metadata": {"name": name}, "subjects": [subject], "roleRef": role})
        return str(self._plane.service_account_kubeconfig(name, "limited"))


def rule(*resources: str, verbs: tuple[str, ...], group: str = "kubevirt.io") -> dict[str, Any]:
    """Return a rule of a role."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def test_what_may_not_be_read_is_named_and_the_rest_is_told(
    control_plane: ControlPlane, namespace: str, web: str, limited: Limited
) -> None:
    kubeconfig = limited.kubeconfig(rule("virtualmachineinstances", "virtualmachines", "kubevirts", verbs=("list",)))
    result = said(control_plane, "check", "web", "-n", namespace, "--kubeconfig", kubeconfig)
    assert result.returncode == 0
    assert (
        'note: no right to list nodes: a role needs apiGroups [""], resources ["nodes"], verbs ["list"]; '
        "which nodes can take a VM can't be told\n"
    ) in result.stderr
    assert result.stdout.splitlines()[1].split()[:4] == [namespace, "web", web, "yes"]


def test_without_the_right_to_list_vmis_nothing_can_be_told(control_plane: ControlPlane, limited: Limited) -> None:
    result = said(control_plane, "check", "--kubeconfig", limited.kubeconfig())
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == (
        'error: no right to list virtualmachineinstances: a role needs apiGroups ["kubevirt.io"], '
        'resources ["virtualmachineinstances"], verbs ["list"]\n'
    )


def test_start_and_abort_need_no_other_rights(
    control_plane: ControlPlane, namespace: str, web: str, limited: Limited
) -> None:
    kubeconfig = limited.kubeconfig(
        rule("virtualmachineinstances", verbs=("get",)),
        rule("virtualmachineinstancemigrations", verbs=("get", "list", "create", "delete")),
    )
    options = ("web", "-n", namespace, "--kubeconfig", kubeconfig)
    assert said(control_plane, "start", *options).returncode == 0
    assert said(control_plane, "abort", *options).returncode == 0
    assert web


def test_a_cluster_that_can_not_be_asked_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(control_plane.kubeconfig().read_text())
    wrong = {
        "token": {**config, "users": [{"name": "admin", "user": {"token": "expired"}}]},
        "server": {
            **config,
            "clusters": [
                {"name": "tests", "cluster": {**config["clusters"][0]["cluster"], "server": "https://127.0.0.1:1"}}
            ],
        },
    }
    for name, content in wrong.items():
        (tmp_path / name).write_text(json.dumps(content))
    for options, words in (
        (("--context", "nowhere"), "nowhere"),
        (("--kubeconfig", str(tmp_path / "token")), "does not accept the credentials"),
        (("--kubeconfig", str(tmp_path / "server")), "https://127.0.0.1:1 can't be reached"),
    ):
        result = said(control_plane, "check", *options)
        assert (result.returncode, result.stdout, words in result.stderr) == (3, "", True), result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_cluster_without_kubevirt_is_told() -> None:
    with ControlPlane(kubevirt=False) as bare:
        result = said(bare, "check")
        assert (result.returncode, result.stderr) == (
            3,
            "error: this cluster has no KubeVirt: it doesn't know VirtualMachineInstances\n",
        )
        assert said(bare, "start", "web").stderr.startswith("error: this cluster has no KubeVirt: ")


def test_kubectl_completes_names(control_plane: ControlPlane, namespace: str, web: str) -> None:
    kubectl = str(control_plane.programs["kubectl"])
    result = subprocess.run(
        [kubectl, "__complete", "livemigration", "check", "-n", namespace, "w"],
        env=environment(control_plane),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout.splitlines()[0], bool(web)) == ("web", True)


def test_colours_are_only_for_terminals_that_want_them(control_plane: ControlPlane, namespace: str, web: str) -> None:
    child = terminal(control_plane, "check", "-n", namespace, user="admin")
    child.expect(pexpect.EOF)
    assert "\x1b[32myes" in str(child.before)
    child = pexpect.spawn(
        str(PROGRAM), ["check", "-n", namespace], env=environment(control_plane, NO_COLOR="1"), encoding="utf-8"
    )
    child.expect(pexpect.EOF)
    assert ("\x1b" in str(child.before), bool(web)) == (False, True)
