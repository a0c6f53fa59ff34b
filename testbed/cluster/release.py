"""The chart as an operator handles it: installed, upgraded, tested and uninstalled with helm."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from testbed.chart import CHART, NAMESPACE, RELEASE, Values
from testbed.cluster.cluster import Cluster

Object = dict[str, Any]

PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods"
RESTRICTED: Final = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
"""Labels of a namespace in which pods have no rights on their node, with warnings for what would want some."""
WAITING: Final = ("--wait", "--timeout=90s")


class HelmError(Exception):
    """Helm refused or gave up; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The release in its namespace; `run` and what follows raise HelmError with helm's words."""

    cluster: Cluster

    def create_namespace(self, labels: dict[str, str] | None = None) -> None:
        """Make the namespace, unless it is there."""
        metadata = {"name": NAMESPACE, "labels": RESTRICTED if labels is None else labels}
        self.cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])

    def run(self, *arguments: str, values: Values | None = None) -> str:
        """Run helm in the namespace; return all that it printed."""
        given = [] if values is None else ["--values=-"]
        done = self.cluster.plane.run(
            "helm",
            *arguments,
            f"--namespace={NAMESPACE}",
            *given,
            stdin="" if values is None else yaml.safe_dump(values),
        )
        if done.returncode:
            raise HelmError(f"{done.stdout}{done.stderr}\n{self.describe()}")
        return done.stderr + done.stdout

    def install(self, values: Values | None = None, *options: str) -> str:
        """Install the chart, and wait until every pod is ready."""
        return self.run("install", RELEASE, str(CHART), *WAITING, *options, values=values)

    def upgrade(self, values: Values | None = None, *options: str) -> str:
        """Upgrade to the same chart with these values, and wait until every pod is ready."""
        return self.run("upgrade", RELEASE, str(CHART), *WAITING, *options, values=values)

    def uninstall(self) -> None:
        """Take everything away, what the keeper has made too; fine when nothing is there."""
        self.run("uninstall", RELEASE, "--ignore-not-found", "--wait")
        self.kubectl("delete", "pods,secrets,leases,events", "--all")

    def kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the namespace."""
        return self.cluster.plane.kubectl(*arguments, namespace=NAMESPACE)

    def pods(self, component: str = "webhook") -> list[Object]:
        """Return the pods of a component that are not on their way out."""
        listed = self.cluster.api.get(f"{PODS}?labelSelector=app.kubernetes.io/component={component}")["items"]
        return [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]

    def roll(self) -> None:
        """Replace every pod of the service as an upgrade does; return when the last old one has gone."""
        self.kubectl("rollout", "restart", f"deployment/{RELEASE}")
        self.wait()

    def wait(self) -> None:
        """Return when the service has all its pods, and no others."""
        self.cluster.wait_for_rollout(NAMESPACE, RELEASE)

    def events(self, keep: Callable[[Object], bool]) -> list[str]:
        """Return what was told of the namespace's objects, each as `reason: message`."""
        listed = self.cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/events")["items"]
        return [f"{each['reason']}: {each['message']}" for each in listed if keep(each)]

    def describe(self) -> str:
        """Return how the pods are and what happened to them, for the message of a failure."""
        pods = self.kubectl("get", "pods", "-o", "wide").stdout
        events = self.kubectl("get", "events", "--sort-by=.lastTimestamp").stdout
        return f"{pods}\n{events[-3000:]}"


def is_warning(event: Object) -> bool:
    """Tell whether an event is one that a person should worry about."""
    return bool(event["type"] == "Warning")
