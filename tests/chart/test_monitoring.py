"""Alerts and the dashboard: about metrics that exist, with a page of the runbook for each alert."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from certs.configurations import ConfigurationName
from certs.metrics import Metrics
from testbed.chart import CHART, Object, Values, of_kind, render
from testbed.control_plane import ControlPlane
from tests.chart.registration import unanswered
from webhook.server import metrics

ALERTS: Values = {"monitoring": {"prometheusRule": {"enabled": True}}}
APIS = ["monitoring.coreos.com/v1"]
FROM_KUBE_STATE_METRICS = {"kube_deployment_status_replicas_available", "kube_deployment_spec_replicas"}
NAME = "vm.validate.live-migration-webhook"
_METRIC = re.compile(r"\b[a-z][a-z0-9_]*(?=\{)")


def alerts(values: Values | None = None) -> list[Object]:
    """Return the rendered alerts."""
    [rule] = of_kind(render({**ALERTS, **(values or {})}, apis=APIS), "PrometheusRule")
    return [alert for group in rule["spec"]["groups"] for alert in group["rules"]]


def dashboard() -> Object:
    """Return the dashboard as Grafana reads it."""
    [config] = of_kind(render({"monitoring": {"dashboard": {"enabled": True}}}), "ConfigMap")
    read: Object = json.loads(config["data"]["live-migration-webhook.json"])
    return read


def expressions() -> Iterator[str]:
    """Yield every PromQL expression of alerts and dashboard."""
    yield from (alert["expr"] for alert in alerts())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", []))


def queried() -> set[str]:
    return {name for expression in expressions() for name in _METRIC.findall(expression)}


def our_metrics() -> set[str]:
    """Return the names of all metrics of the service and of the keeper."""
    keeper = Metrics((ConfigurationName(phase="validating", name="x"),)).registry.collect()
    families = [*metrics.REGISTRY.collect(), *keeper]
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {f"{family.name}{suffix}" for family in families for suffix in suffixes[family.type]}


def test_alerts_and_dashboard_ask_for_metrics_that_exist() -> None:
    foreign = {name for name in queried() if name.startswith("apiserver_")} | FROM_KUBE_STATE_METRICS

    assert queried() - foreign - our_metrics() == set()


def test_the_api_server_counts_calls_that_failed_the_way_the_alerts_ask(control_plane: ControlPlane) -> None:
    for policy in ("Ignore", "Fail"):
        with unanswered(control_plane, failure_policy=policy) as namespace:
            _write_until_counted(
                control_plane, namespace, f'failed calling webhook "{NAME}"' if policy == "Fail" else ""
            )

    exposed = control_plane.kubectl("get", "--raw", "/metrics").stdout
    found = {
        sample.name.removesuffix("_total")  # the parser adds it to every counter
        for family in text_string_to_metric_families(exposed)
        for sample in family.samples
        if sample.labels.get("name") == NAME and sample.labels.get("error_type") in {None, "calling_webhook_error"}
    }
    assert {name for name in queried() if name.startswith("apiserver_")} - found == set()


def test_every_alert_has_a_page_in_the_runbook() -> None:
    headings = re.findall(r"^### (\w+)$", (CHART / "README.md").read_text(), re.MULTILINE)

    assert [alert["alert"] for alert in alerts()] == headings
    assert [alert["annotations"]["runbook_url"] for alert in alerts()] == [
        f"README.md#{heading.lower()}" for heading in headings
    ]


def test_the_runbook_can_be_anywhere() -> None:
    values = {"monitoring": {"prometheusRule": {"enabled": True, "runbookUrl": "https://wiki.example.com/lmw"}}}

    assert alerts(values)[0]["annotations"]["runbook_url"] == (
        "https://wiki.example.com/lmw#livemigrationwebhookskipped"
    )


def test_every_alert_says_what_happens_and_how_bad_it_is() -> None:
    said = {(alert["labels"]["severity"], *sorted(alert["annotations"])) for alert in alerts()}

    assert said == {(severity, "description", "runbook_url", "summary") for severity in ("warning", "critical")}


def test_without_a_keeper_there_are_no_alerts_about_it() -> None:
    existing = {"source": "existing-secret", "existingSecret": {"name": "mine", "annotations": {"a": "b"}}}
    named = {alert["alert"] for alert in alerts()} - {alert["alert"] for alert in alerts({"certificates": existing})}

    assert named == {"LiveMigrationWebhookBundleOutOfSync", "LiveMigrationWebhookKeeperFails"}


def test_panels_of_the_dashboard_lie_beside_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


@pytest.mark.parametrize(
    ("kind", "endpoints"), [("ServiceMonitor", "endpoints"), ("PodMonitor", "podMetricsEndpoints")]
)
def test_a_monitor_finds_the_service_and_the_keeper(kind: str, endpoints: str) -> None:
    value = kind[0].lower() + kind[1:]
    objects = render({"monitoring": {value: {"enabled": True, "labels": {"release": "prometheus"}}}}, apis=APIS)
    [monitor] = of_kind(objects, kind)
    sources: dict[str, Any] = {
        "ServiceMonitor": [each["metadata"]["labels"] for each in of_kind(objects, "Service")],
        "PodMonitor": [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(objects, "Deployment")],
    }
    selected = [
        labels["app.kubernetes.io/component"]
        for labels in sources[kind]
        if monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    ]

    assert sorted(selected) == ["certs", "webhook"]
    assert [each["port"] for each in monitor["spec"][endpoints]] == ["http"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def _write_until_counted(control_plane: ControlPlane, namespace: str, complaint: str) -> None:
    """Make VMs, dry, until the API server has asked."""
    template = {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}
    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "web"},
        "spec": {"runStrategy": "Halted", "template": {"spec": template}},
    }
    for _ in range(100):
        created = control_plane.kubectl(
            "create", "-f", "-", "--dry-run=server", namespace=namespace, stdin=json.dumps(vm)
        )
        counted = f'fail_open_count{{name="{NAME}"' in control_plane.kubectl("get", "--raw", "/metrics").stdout
        if complaint in created.stderr if complaint else counted:
            return
    raise TimeoutError("the hook is registered but not called")
