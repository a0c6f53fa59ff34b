"""When each alert fires and when it doesn't, evaluated by Prometheus' own engine."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

from testbed import build
from testbed.chart import NAMESPACE
from tests.chart.test_monitoring import alerts

PROMQL = build.Module(
    folder=Path(__file__).parent / "promql",
    packages={"promql": "."},
    version_of="github.com/prometheus/prometheus",
)
OURS = f'namespace="{NAMESPACE}"'
SKIPPED = 'apiserver_admission_webhook_fail_open_count{name="%s", type="validating"}'
BLOCKED = 'apiserver_admission_webhook_rejection_count{name="vm.validate.live-migration-webhook", error_type="%s"}'
ENDS = f'live_migration_webhook_certificate_expiry_timestamp_seconds{{{OURS}, pod="%s"}}'
UNUSABLE = f'live_migration_webhook_certificate_load_failures_total{{{OURS}, pod="a"}}'
IN_SYNC = f'live_migration_webhook_ca_bundle_in_sync{{{OURS}, configuration="validating/x"}}'
KEEPER_FAILED = f"live_migration_webhook_certificate_keeper_failures_total{{{OURS}}}"
AGE = f'live_migration_webhook_snapshot_age_seconds{{{OURS}, pod="a", kind="Node"}}'
SHED = f'live_migration_webhook_shed_total{{{OURS}, reason="in_flight"}}'
FAILED = f'live_migration_webhook_assessment_failures_total{{{OURS}, hook="h", reason="bug"}}'
TOOK = f'live_migration_webhook_request_duration_seconds_bucket{{{OURS}, hook="h", le="%s"}}'
AVAILABLE = f'kube_deployment_status_replicas_available{{{OURS}, deployment="%s"}}'
WANTED = f'kube_deployment_spec_replicas{{{OURS}, deployment="%s"}}'

HOOK = "vm.validate.live-migration-webhook"
SERVICE, KEEPER = "live-migration-webhook", "live-migration-webhook-certs"

Series = dict[str, str]
"""Series and their values, one a minute, as Prometheus' test scripts write them."""

FIRES: dict[str, tuple[str, Series]] = {
    "a first object passed unjudged": ("Skipped", {SKIPPED % HOOK: "_x15 1x10"}),
    "one more object passed unjudged": ("Skipped", {SKIPPED % HOOK: "3x15 4x10"}),
    "an object was refused because nobody answered": ("Blocks", {BLOCKED % "calling_webhook_error": "_x15 1x10"}),
    "the certificate of one replica ends in 6 days": (
        "CertificateEnds",
        {ENDS % "a": f"{8 * 86400}x30", ENDS % "b": f"{6 * 86400}x30"},
    ),
    "the certificate ends in 20 hours": ("CertificateEndsToday", {ENDS % "a": f"{20 * 3600}x30"}),
    "no certificate is served": ("CertificateEndsToday", {ENDS % "a": "0x30"}),
    "a changed certificate doesn't load": ("CertificateUnusable", {UNUSABLE: "0x10 1x20"}),
    "a configuration trusts somebody else": ("BundleOutOfSync", {IN_SYNC: "0x30"}),
    "the keeper fails at every tick": ("KeeperFails", {KEEPER_FAILED: "0+6x30"}),
    "no news for four minutes": ("Stale", {AGE: "240x30"}),
    "requests are sent away": ("Sheds", {SHED: "0+1x30"}),
    "a request could not be judged": ("Fails", {FAILED: "0x15 1x15"}),
    "answers take two seconds": ("Slow", {TOOK % "1": "0x30", TOOK % "2.5": "0+9x30", TOOK % "+Inf": "0+9x30"}),
    "a replica is missing": ("ReplicasMissing", {AVAILABLE % SERVICE: "1x30", WANTED % SERVICE: "2x30"}),
    "the keeper is missing": ("ReplicasMissing", {AVAILABLE % KEEPER: "0x30", WANTED % KEEPER: "1x30"}),
}
QUIET: dict[str, tuple[str, Series]] = {
    "objects passed unjudged long ago": ("Skipped", {SKIPPED % HOOK: "3x30"}),
    "another webhook was not answered": ("Skipped", {SKIPPED % "other.example.com": "_x15 1x10"}),
    "objects were refused by rule": ("Blocks", {BLOCKED % "no_error": "_x15 1x10"}),
    "the certificate ends in 8 days": ("CertificateEnds", {ENDS % "a": f"{8 * 86400}x30"}),
    "the certificate ends in 2 days": ("CertificateEndsToday", {ENDS % "a": f"{2 * 86400}x30"}),
    "certificates load": ("CertificateUnusable", {UNUSABLE: "1x30"}),
    "configurations are in sync": ("BundleOutOfSync", {IN_SYNC: "1x30"}),
    "the keeper failed once": ("KeeperFails", {KEEPER_FAILED: "0x10 1x20"}),
    "news a minute ago": ("Stale", {AGE: "60x30"}),
    "requests were sent away long ago": ("Sheds", {SHED: "0+1x5 5x30"}),
    "every request was judged": ("Fails", {FAILED: "1x30"}),
    "answers take milliseconds": ("Slow", {TOOK % "0.005": "0+9x30", TOOK % "1": "0+9x30", TOOK % "+Inf": "0+9x30"}),
    "all replicas are there": ("ReplicasMissing", {AVAILABLE % SERVICE: "2x30", WANTED % SERVICE: "2x30"}),
    "somebody else's replica is missing": ("ReplicasMissing", {AVAILABLE % "web": "0x30", WANTED % "web": "1x30"}),
}


@cache
def promql() -> Path:
    """Build the engine once."""
    return build.build(PROMQL)["promql"]


def firing(alert: str, series: Series) -> list[str]:
    """Return the labels of what the alert's expression yields."""
    [expression] = (each["expr"] for each in alerts() if each["alert"] == f"LiveMigrationWebhook{alert}")
    load = "\n".join(["load 1m", *(f"  {name} {values}" for name, values in series.items()), ""])
    evaluated = subprocess.run([promql(), expression], input=load, capture_output=True, text=True, check=False)
    assert evaluated.returncode == 0, evaluated.stderr
    return evaluated.stdout.splitlines()


@pytest.mark.parametrize(("alert", "series"), FIRES.values(), ids=FIRES)
def test_an_alert_fires(alert: str, series: Series) -> None:
    assert len(firing(alert, series)) == 1


@pytest.mark.parametrize(("alert", "series"), QUIET.values(), ids=QUIET)
def test_an_alert_stays_quiet(alert: str, series: Series) -> None:
    assert firing(alert, series) == []


def test_every_alert_is_tried_both_ways() -> None:
    named = {alert["alert"].removeprefix("LiveMigrationWebhook") for alert in alerts()}

    assert {alert for alert, _ in FIRES.values()} == {alert for alert, _ in QUIET.values()} == named


def test_an_alert_names_what_it_is_about() -> None:
    assert firing(*FIRES["no news for four minutes"]) == ['{kind="Node", namespace="live-migration-webhook", pod="a"}']
