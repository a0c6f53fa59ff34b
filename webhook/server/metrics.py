"""Metrics in the exposition format. All labels have few values; those that matter exist from the start."""

from functools import partial
from importlib.metadata import version
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from webhook.admission.hooks import HOOKS
from webhook.engine.restrictions import ALL

# A series of its own for the time at which each series began would double the page.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
_PREFIX: Final = "live_migration_webhook"
_counter = partial(Counter, namespace=_PREFIX, registry=REGISTRY)
_gauge = partial(Gauge, namespace=_PREFIX, registry=REGISTRY)

REQUESTS: Final = _counter(
    "requests",
    "Requests answered, by hook, HTTP status, verdict (allowed, denied, none), operation and dry run.",
    ("hook", "code", "verdict", "operation", "dry_run"),
)
DURATION: Final = Histogram(
    f"{_PREFIX}_request_duration_seconds",
    "Time from a whole request to its answer, by hook.",
    ("hook",),
    registry=REGISTRY,
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
IN_FLIGHT: Final = _gauge("requests_in_flight", "Requests being judged.")
CONNECTIONS: Final = _gauge("connections", "Open connections to the endpoints.")
SHED: Final = _counter("shed", "Requests and connections sent away with 503 because of a bound, by bound.", ("reason",))
DENIALS: Final = _counter("denials", "Denials, by restriction; one denial may break several.", ("restriction",))
WARNINGS: Final = _counter("warnings", "Warnings given, by hook.", ("hook",))
UNDERIVABLE: Final = _counter(
    "underivable_pod_selectors", "Virt-launcher pods left as they are because their CPU selectors could not be derived."
)
FAILURES: Final = _counter(
    "assessment_failures", "Requests that could not be judged, by hook and reason (bug, cluster).", ("hook", "reason")
)
TOLERATED: Final = _counter(
    "tolerated",
    "Broken restrictions that only warned, by restriction and whether the VM is exempted.",
    ("restriction", "exempted"),
)
CERTIFICATE_EXPIRY: Final = _gauge(
    "certificate_expiry_timestamp_seconds",
    "When the certificate that is served ends, in seconds since 1970; 0 without one.",
)
CERTIFICATE_FAILURES: Final = _counter(
    "certificate_load_failures", "Certificates and keys that were found changed but could not be used."
)
SNAPSHOT_AGE: Final = _gauge("snapshot_age_seconds", "Seconds since a kind was last known to be current.", ("kind",))
PROFILE: Final = _gauge("profile", "1 for the profile that holds.", ("profile",))
BUILD: Final = _gauge("build_info", "Always 1; the version is a label.", ("version",))


def _create_series() -> None:
    ProcessCollector(registry=REGISTRY)
    BUILD.labels(version("live-migration-webhook")).set(1)
    for hook in HOOKS:
        for operation, verdict, dry_run in product(sorted(hook.operations), ("allowed", "denied"), ("false", "true")):
            REQUESTS.labels(hook.name, "200", verdict, operation, dry_run)
        for code in ("400", "500", "503"):
            REQUESTS.labels(hook.name, code, "none", "none", "false")
        for reason in ("bug", "cluster"):
            FAILURES.labels(hook.name, reason)
        DURATION.labels(hook.name)
        WARNINGS.labels(hook.name)
    for restriction in ALL:
        DENIALS.labels(restriction.ID)
        for exempted in ("false", "true"):
            TOLERATED.labels(restriction.ID, exempted)
    for reason in ("in_flight", "connections", "large"):
        SHED.labels(reason)


_create_series()
