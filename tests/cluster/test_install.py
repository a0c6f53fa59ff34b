"""Installing, testing, upgrading and uninstalling as the README and the chart's notes say."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from testbed.chart import CHART, NAMESPACE, RELEASE
from testbed.cluster.cluster import Cluster
from testbed.cluster.release import Release, is_warning
from testbed.waiting import until

ROOT = Path(__file__).parents[2]
READY_WITHIN = "30s"
HOOKS = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
FORETOLD = re.compile(r"Unhealthy: (Startup|Readiness) probe failed: .*|FailedMount: .*secret .* not found", re.DOTALL)
"""Warnings of a first start that the notes tell of."""
LEFT = "all,secrets,configmaps,leases,networkpolicies,poddisruptionbudgets,serviceaccounts,roles,rolebindings"
"""Kinds of which a release has objects in its namespace."""


def readme_command() -> list[str]:
    """Return the arguments for helm that the README gives."""
    [command] = re.findall(r"^\$ helm (install .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return shlex.split(command)


@pytest.fixture
def nothing(bare: Release) -> Release:
    """Take away what another test has installed."""
    bare.uninstall()
    return bare


@pytest.mark.core
def test_the_command_of_the_readme_installs_under_the_restricted_pod_security(
    cluster: Cluster, nothing: Release
) -> None:
    arguments = [str(ROOT / part) if part.startswith("charts/") else part for part in readme_command()]

    installed = cluster.plane.run("helm", *arguments, "--wait", f"--timeout={READY_WITHIN}")

    assert installed.returncode == 0, installed.stderr + nothing.describe()
    assert installed.stderr == "", "no warning of Pod Security, nor any other"
    assert {pod["spec"]["nodeName"] for pod in nothing.pods()} == set(cluster.nodes)


@pytest.mark.core
def test_the_tests_of_the_chart_succeed_and_their_logs_can_be_read(nothing: Release) -> None:
    nothing.install()

    answer = nothing.run("test", RELEASE, "--logs")

    assert "Phase:          Succeeded" in answer
    assert f"POD LOGS: {RELEASE}-test" in answer
    assert f"{RELEASE}.{NAMESPACE}.svc:443" in answer


def test_a_first_start_warns_of_nothing_but_what_the_notes_tell(nothing: Release) -> None:
    nothing.install()

    assert [each for each in nothing.events(is_warning) if not FORETOLD.fullmatch(each)] == []


def test_installation_and_upgrade_are_checked_where_that_is_asked_for(nothing: Release) -> None:
    checked = {"postInstallCheck": {"enabled": True}}

    nothing.install(checked)
    nothing.upgrade({**checked, "podLabels": {"upgraded": "yes"}})

    assert nothing.kubectl("get", "jobs", "-o", "name").stdout == ""


def test_a_namespace_with_a_quota_on_resources_takes_all_pods(cluster: Cluster, nothing: Release) -> None:
    hard = {"requests.cpu": "2", "requests.memory": "2Gi", "limits.memory": "4Gi", "pods": "20"}
    metadata = {"name": "resources", "namespace": NAMESPACE}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}
    cluster.apply([quota])
    try:
        nothing.install({"postInstallCheck": {"enabled": True}})
        answer = nothing.run("test", RELEASE)
    finally:
        nothing.kubectl("delete", "resourcequota", "resources")

    assert "Phase:          Succeeded" in answer


def test_containers_have_a_group_that_is_not_roots(nothing: Release) -> None:
    nothing.install()

    identity = nothing.kubectl("exec", f"deployment/{RELEASE}", "--", "id").stdout.strip()

    assert identity == "uid=65532 gid=65532 groups=65532"


def test_a_user_that_the_cluster_assigns_can_run_the_service(cluster: Cluster, nothing: Release) -> None:
    """As OpenShift does: any user, here through the pods' own specification."""
    nothing.install()
    assigned = [{"op": "add", "path": "/spec/template/spec/securityContext/runAsUser", "value": 1000650000}]

    cluster.api.patch(
        f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}", assigned, kind="application/json-patch+json"
    )
    nothing.wait()

    identity = nothing.kubectl("exec", f"deployment/{RELEASE}", "--", "id").stdout
    assert identity.startswith("uid=1000650000 gid=65532")


def test_uninstalling_leaves_what_the_notes_say_and_their_command_removes_it(
    cluster: Cluster, nothing: Release
) -> None:
    before = listed(nothing)
    nothing.install()
    nothing.run("test", RELEASE)
    command = removal(nothing.run("get", "notes", RELEASE))
    said = {part for part in command if "/" in part}

    nothing.run("uninstall", RELEASE, "--wait")

    until(lambda: {re.sub(r"^(pod|secret|lease)[\w.]*/", r"\1/", each) for each in listed(nothing) - before} == said)
    assert cluster.plane.kubectl("get", HOOKS, "-l", f"app.kubernetes.io/instance={RELEASE}", "-o", "name").stdout == ""
    assert cluster.plane.kubectl(*command).returncode == 0
    assert listed(nothing) == before


def listed(release: Release) -> set[str]:
    """Return the objects in the release's namespace, but for what the cluster itself keeps there."""
    found = release.kubectl("get", LEFT, "-o", "name").stdout.split()
    return {each for each in found if not each.startswith(("secret/sh.helm", "configmap/kube-root-ca"))}


def removal(notes: str) -> list[str]:
    """Return the arguments for kubectl that the notes give for what is left behind."""
    [command] = re.findall(
        r"^  kubectl (--namespace \S+ delete --ignore-not-found .*?)$", notes.replace("\\\n", ""), re.MULTILINE
    )
    return shlex.split(command)


def test_the_release_before_this_one_is_upgraded(nothing: Release, tmp_path: Path) -> None:
    """Without a released chart, the one that is checked in last: it differs while a change is being made."""
    archive = subprocess.run(
        ["git", "-C", ROOT, "archive", "HEAD", CHART.relative_to(ROOT)], capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive, check=True)
    nothing.run("install", RELEASE, str(tmp_path / CHART.relative_to(ROOT)), "--wait", "--timeout=90s")

    nothing.upgrade()

    assert "STATUS: deployed" in nothing.run("status", RELEASE)
