"""`kubectl livemigration` on the real control plane: what it reads, with which rights, and how it looks."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pexpect
import pytest

from testbed.chart import of_kind, render
from testbed.control_plane import ControlPlane
from testbed.machines import BRIDGE, a_running_vm, apply
from tests.e2e.plugin import environment, said, terminal
from tools.examples import PROGRAM

RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
PLACE: Final = re.compile(r'<p class="lead" id="place">.*?</p>')
"""Where the cluster is: that alone may differ."""
SHARED_KINDS: Final = "vm,vmi,vmim,kubevirt,pvc,namespace,node,pod,migrationpolicy"


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
        assert (PLACE.sub("", live.stdout), live.returncode) == (PLACE.sub("", offline.stdout), offline.returncode)
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

    def kubeconfig(self, *rules: Mapping[str, Any], everywhere: bool = True) -> str:
        """Return the kubeconfig of an account with these rules, everywhere or in its namespace alone."""
        api, name = self._plane.api(), self._namespace
        api.post(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "limited"}})
        api.post(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
        subject = {"kind": "ServiceAccount", "name": "limited", "namespace": name}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        bindings = "clusterrolebindings" if everywhere else f"namespaces/{name}/rolebindings"
        api.post(f"{RBAC}/{bindings}", {"metadata": {"name": name}, "subjects": [subject], "roleRef": role})
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
    options = (f"{namespace}/web", "--kubeconfig", kubeconfig)
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
    assert ("\x1b[32m" in str(child.before), bool(web)) == (False, True)


def test_somebody_else_can_be_acted_for(control_plane: ControlPlane, namespace: str, limited: Limited) -> None:
    limited.kubeconfig(rule("virtualmachineinstances", verbs=("list",)))
    user = f"system:serviceaccount:{namespace}:limited"
    result = said(control_plane, "check", "-n", namespace, "--as", user)
    assert (result.returncode, "no right to list nodes" in result.stderr) == (0, True)
    assert "no right" not in said(control_plane, "check", "-n", namespace).stderr


def test_a_request_has_the_timeout_that_is_asked_for(control_plane: ControlPlane, namespace: str) -> None:
    assert said(control_plane, "check", "-n", namespace, "--request-timeout", "20").returncode == 0
    result = said(control_plane, "check", "-n", namespace, "--request-timeout", "1us")
    assert (result.returncode, "can't be reached" in result.stderr) == (3, True)


def test_an_api_server_that_is_not_verified_is_warned_of_once(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    config = json.loads(control_plane.kubeconfig().read_text())
    cluster = config["clusters"][0]["cluster"]
    cluster.pop("certificate-authority-data", cluster.pop("certificate-authority", None))
    cluster["insecure-skip-tls-verify"] = True
    (tmp_path / "insecure").write_text(json.dumps(config))
    result = said(control_plane, "check", "-n", namespace, "--kubeconfig", str(tmp_path / "insecure"))
    assert result.returncode == 0
    assert [line for line in result.stderr.splitlines() if line.startswith("Warning")] == [
        "Warning: the API server's certificate is not verified (insecure-skip-tls-verify)"
    ]


def test_what_changes_is_shown_while_it_is_watched(control_plane: ControlPlane, namespace: str, web: str) -> None:
    child = terminal(control_plane, "check", "-n", namespace, "--watch", "--no-headers", user="admin")
    child.expect(rf"{namespace} +web +{web} +\S*yes")
    control_plane.kubectl("cordon", "node-a")
    control_plane.kubectl("cordon", "node-b")
    child.expect(rf"{namespace} +web +{web} +\S*no\S* +no-eligible-node")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    for node in ("node-a", "node-b"):
        control_plane.kubectl("uncordon", node)


def test_a_page_is_not_written_to_a_terminal(control_plane: ControlPlane, web: str) -> None:
    assert web
    child = terminal(control_plane, "report")
    child.expect("a page is for a browser: kubectl livemigration report > report.html")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2


def test_who_owns_one_namespace_checks_it_with_the_charts_role(
    control_plane: ControlPlane, namespace: str, web: str, limited: Limited
) -> None:
    [owner] = [each for each in of_kind(render(), "ClusterRole") if each["metadata"]["name"].endswith("-owner")]
    kubeconfig = limited.kubeconfig(*owner["rules"], everywhere=False)
    result = said(control_plane, "check", "-n", namespace, "--kubeconfig", kubeconfig)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1].split()[:4] == [namespace, "web", web, "yes"]
    assert "which nodes can take a VM can't be told" in result.stderr
    assert "in other namespaces: this is about one namespace alone" in result.stderr
    everywhere = said(control_plane, "check", "-A", "--kubeconfig", kubeconfig)
    assert (everywhere.returncode, "no right to list virtualmachineinstances" in everywhere.stderr) == (3, True)
