"""`helm install` on a real API server: every object is accepted, and upgrades leave alone what others keep.

No kubelet runs, so no pod does. The hooks are asked about one namespace only, which nobody uses.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.api import Api
from testbed.chart import CHART, Object, Values, of_kind, render
from testbed.chart_values import EVERYTHING
from testbed.control_plane import ControlPlane
from testbed.namespaces import create_namespace, remove_namespace
from tests.chart import neighbours
from tests.chart.test_workloads import pods
from webhook.state.kinds import KINDS

RELEASE = "installed-live-migration-webhook"
NAMESPACE = "installed-live-migration-webhook"
REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS = tuple(f"{REGISTRATION}/{phase}webhookconfigurations/{RELEASE}" for phase in ("validating", "mutating"))
NOWHERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "nowhere"}}}
HOOKS = ("validateMigrations", "validateVirtualMachines", "mutateMigrations", "mutatePods")
UNASKED: Values = {"webhooks": dict.fromkeys(HOOKS, NOWHERE)}


def helm(control_plane: ControlPlane, *arguments: str, values: Values | None = None) -> str:
    """Run helm against the API server; return its output, fail when it fails."""
    given = ["--values", "-"] if values is not None else []
    result = control_plane.run(
        "helm", *arguments, "--namespace", NAMESPACE, *given, stdin=yaml.safe_dump(values) if values else ""
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def installed(control_plane: ControlPlane) -> Iterator[Api]:
    """Install the chart with its defaults; uninstall it after the test."""
    helm(control_plane, "install", RELEASE, str(CHART), "--create-namespace", "--no-hooks", values=UNASKED)
    yield control_plane.api()
    helm(control_plane, "uninstall", RELEASE, "--no-hooks")
    remove_secrets(control_plane.api())


def remove_secrets(api: Api) -> None:
    """Remove what the keeper has made."""
    for secret in ("ca", "tls"):
        if api.exists(path := f"/api/v1/namespaces/{NAMESPACE}/secrets/{RELEASE}-{secret}"):
            api.delete(path)


def bundles(api: Api) -> list[str]:
    """Return the caBundle of each of the four hooks."""
    hooks = [hook for path in CONFIGURATIONS for hook in api.get(path)["webhooks"]]
    return [hook["clientConfig"].get("caBundle", "") for hook in hooks]


def run_keeper(control_plane: ControlPlane) -> None:
    """Run the keeper once, with the arguments, the service account and the rights that the chart gives it."""
    deployments = of_kind(render(UNASKED, release=RELEASE), "Deployment")
    [keeper] = (each for each in deployments if each["metadata"]["name"] == f"{RELEASE}-certs")
    [container] = keeper["spec"]["template"]["spec"]["containers"]
    kubeconfig = control_plane.service_account_kubeconfig(NAMESPACE, f"{RELEASE}-certs")
    program = Path(sys.executable).with_name("live-migration-webhook")
    environment = {**os.environ, "POD_NAMESPACE": NAMESPACE, "POD_NAME": "keeper"}
    kept = subprocess.run(
        [program, *container["args"], "--once", "--kubeconfig", kubeconfig],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert kept.returncode == 0, kept.stderr


def test_the_api_server_accepts_the_defaults(control_plane: ControlPlane, installed: Api) -> None:
    assert "STATUS: deployed" in helm(control_plane, "status", RELEASE)
    assert installed.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}")["spec"]["replicas"] == 2


def test_the_api_server_accepts_everything_that_can_be_chosen(control_plane: ControlPlane) -> None:
    for neighbour in (neighbours.CERT_MANAGER, neighbours.PROMETHEUS_OPERATOR):
        neighbours.install(control_plane.api(), neighbour)
    values = {**EVERYTHING, **UNASKED}

    installed = helm(control_plane, "install", RELEASE, str(CHART), "--create-namespace", "--no-hooks", values=values)
    helm(control_plane, "uninstall", RELEASE, "--no-hooks")

    assert "STATUS: deployed" in installed


def test_an_upgrade_leaves_the_bundle_that_the_keeper_wrote(control_plane: ControlPlane, installed: Api) -> None:
    run_keeper(control_plane)
    before = bundles(installed)
    patient = {"webhooks": {hook: {**NOWHERE, "timeoutSeconds": 9} for hook in HOOKS}}

    helm(control_plane, "upgrade", RELEASE, str(CHART), "--no-hooks", values=patient)

    assert [len(bundle) > 500 for bundle in before] == 4 * [True]
    assert bundles(installed) == before
    assert installed.get(CONFIGURATIONS[0])["webhooks"][0]["timeoutSeconds"] == 9


@pytest.mark.parametrize(("before", "after"), [pytest.param(2, 3, id="fewer"), pytest.param(4, 4, id="more")])
def test_switching_autoscaling_on_never_takes_away_replicas_below_its_minimum(
    control_plane: ControlPlane, installed: Api, before: int, after: int
) -> None:
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}"
    installed.patch(path, {"spec": {"replicas": before}})
    scaled = {"autoscaling": {"enabled": True, "minReplicas": 3}, **UNASKED}

    helm(control_plane, "upgrade", RELEASE, str(CHART), "--no-hooks", values=scaled)
    helm(control_plane, "upgrade", RELEASE, str(CHART), "--no-hooks", values={**scaled, "podLabels": {"new": "label"}})

    assert installed.get(path)["spec"]["replicas"] == after


def test_a_gitops_tool_leaves_the_bundle_that_the_keeper_wrote(control_plane: ControlPlane, installed: Api) -> None:
    run_keeper(control_plane)
    before = bundles(installed)
    configurations = of_kind(
        render(UNASKED, release=RELEASE, namespace=NAMESPACE),
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    )

    for _ in range(2):
        applied = control_plane.kubectl(
            "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(configurations)
        )
        assert applied.returncode == 0, applied.stderr

    assert bundles(installed) == before


def test_the_hooks_can_be_removed_by_the_command_in_the_notes(control_plane: ControlPlane, installed: Api) -> None:
    notes = helm(control_plane, "get", "notes", RELEASE)
    [command] = (line.split() for line in notes.splitlines() if line.strip().startswith("kubectl delete validating"))

    removed = control_plane.kubectl(*command[1:])

    assert removed.returncode == 0, removed.stderr
    assert [installed.exists(path) for path in CONFIGURATIONS] == [False, False]


def test_the_notes_warn_of_choices_that_hurt(control_plane: ControlPlane) -> None:
    values = {
        "replicaCount": 1,
        "settings": {"controllerEnforcement": "deny"},
        "webhooks": {"validateMigrations": {"failurePolicy": "Fail"}},
    }
    notes = helm(control_plane, "install", "blue", str(CHART), "--dry-run=server", values=values).partition("NOTES:")[2]

    assert re.findall(r"^WARNING: (.*)", notes, re.MULTILINE) == [
        "with one replica, migrations pass unjudged whenever its pod is restarted.",
        "with webhooks.validateMigrations.failurePolicy=Fail, node drains that need to move VMs wait while the service",
        "settings.controllerEnforcement=deny also refuses the evacuations that a node drain waits for: drains hang.",
    ]


def test_the_service_account_reads_what_rules_need_and_no_secrets(control_plane: ControlPlane, installed: Api) -> None:
    kubeconfig = control_plane.service_account_kubeconfig(NAMESPACE, RELEASE)

    def answer(path: str) -> str:
        read = control_plane.kubectl("--kubeconfig", str(kubeconfig), "get", "--raw", path)
        return "allowed" if read.returncode == 0 else "Forbidden" if "Forbidden" in read.stderr else read.stderr

    assert {kind.name: answer(f"{kind.path()}?limit=1") for kind in KINDS} == {kind.name: "allowed" for kind in KINDS}
    assert answer(f"/api/v1/namespaces/{NAMESPACE}/secrets/{RELEASE}-tls") == "Forbidden"
    assert installed.exists(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{RELEASE}")


@pytest.fixture(scope="module")
def restricted_namespace(control_plane: ControlPlane) -> Iterator[str]:
    """Make a namespace in which the API server enforces the restricted Pod Security."""
    name = "restricted-live-migration-webhook"
    create_namespace(control_plane.api(), name, labels={"pod-security.kubernetes.io/enforce": "restricted"})
    yield name
    remove_namespace(control_plane.api(), name)


def test_every_pod_is_admitted_where_pod_security_is_restricted(
    control_plane: ControlPlane, restricted_namespace: str
) -> None:
    created = [
        _create_dry(control_plane, restricted_namespace, spec)
        for spec in pods(render({"postInstallCheck": {"enabled": True}, "serviceAccount": {"projectedToken": True}}))
    ]

    assert created == 4 * [""]


def test_a_pod_on_the_nodes_network_is_not_admitted_there(
    control_plane: ControlPlane, restricted_namespace: str
) -> None:
    [spec] = (spec for spec in pods(render({"hostNetwork": True})) if spec.get("hostNetwork"))

    assert 'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)' in _create_dry(
        control_plane, restricted_namespace, spec
    )


def _create_dry(control_plane: ControlPlane, namespace: str, spec: dict[str, Any]) -> str:
    """Ask the API server whether it would take the pod; return what it complains about."""
    pod: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}
    return control_plane.kubectl(
        "create", "-f", "-", "--dry-run=server", namespace=namespace, stdin=json.dumps(pod)
    ).stderr
