"""Metrics in the exposition format. All labels have few values; those that matter exist from the start."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webhook.admission.hooks import HOOKS
from webhook.engine.restrictions import ALL

# A series of its own for the time at which each series began would double the page.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
_PREFIX: Final = "live_migration_webhook"
_OPERATIONS: Final = ("CREATE", "UPDATE", "DELETE", "CONNECT")
SHED_REASONS: Final = ("in_flight", "connections", "large")
FAILURES: Final = ("bug", "cluster")

REQUESTS: Final = Counter(
    f"{_PREFIX}_requests",
    "Requests answered, by hook, HTTP status, verdict (allowed, denied, none), operation and dry run.",
    ("hook", "code", "verdict", "operation", "dry_run"),
    registry=REGISTRY,
)
DURATION: Final = Histogram(
    f"{_PREFIX}_request_duration_seconds",
    "Time from a whole request to its answer, by hook.",
    ("hook",),
    registry=REGISTRY,
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
IN_FLIGHT: Final = Gauge(f"{_PREFIX}_requests_in_flight", "Requests being judged.", registry=REGISTRY)
CONNECTIONS: Final = Gauge(f"{_PREFIX}_connections", "Open connections to the endpoints.", registry=REGISTRY)
SHED: Final = Counter(
    f"{_PREFIX}_shed",
    "Requests and connections sent away with 503 because of a bound, by bound.",
    ("reason",),
    registry=REGISTRY,
)
DENIALS: Final = Counter(
    f"{_PREFIX}_denials", "Denials, by restriction; one denial may break several.", ("restriction",), registry=REGISTRY
)
TOLERATED: Final = Counter(
    f"{_PREFIX}_tolerated",
    "Broken restrictions that only warned, by restriction and whether the VM is exempted.",
    ("restriction", "exempted"),
    registry=REGISTRY,
)
WARNINGS: Final = Counter(f"{_PREFIX}_warnings", "Warnings given, by hook.", ("hook",), registry=REGISTRY)
UNDERIVABLE: Final = Counter(
    f"{_PREFIX}_underivable_pod_selectors",
    "Virt-launcher pods left as they are because their CPU selectors could not be derived.",
    registry=REGISTRY,
)
FAILURES_TOTAL: Final = Counter(
    f"{_PREFIX}_assessment_failures",
    "Requests that could not be judged, by hook and reason (bug, cluster).",
    ("hook", "reason"),
    registry=REGISTRY,
)
CERTIFICATE_EXPIRY: Final = Gauge(
    f"{_PREFIX}_certificate_expiry_timestamp_seconds",
    "When the certificate that is served ends, in seconds since 1970; 0 without one.",
    registry=REGISTRY,
)
CERTIFICATE_FAILURES: Final = Counter(
    f"{_PREFIX}_certificate_load_failures",
    "Certificates and keys that were found changed but could not be used.",
    registry=REGISTRY,
)
Gauge(f"{_PREFIX}_build_info", "Always 1; the version is a label.", ("version",), registry=REGISTRY).labels(
    version("live-migration-webhook")
).set(1)
ProcessCollector(registry=REGISTRY)


class SnapshotAge(Collector):
    """The age of what is known about the cluster, by kind, asked for when metrics are read."""

    def __init__(self, ages: Callable[[], Mapping[str, float]]) -> None:
        self.ages = ages

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield one gauge."""
        family = GaugeMetricFamily(
            f"{_PREFIX}_snapshot_age_seconds", "Seconds since a kind was last known to be current.", labels=("kind",)
        )
        for kind, age in self.ages().items():
            family.add_metric((kind,), age)
        yield family


def operation_label(operation: str) -> str:
    """Return an operation as a label; whatever else a stranger sends is `other`."""
    return operation if operation in _OPERATIONS else "other"


def _create_series() -> None:
    for hook in HOOKS:
        for operation, verdict, dry_run in product(sorted(hook.operations), ("allowed", "denied"), ("false", "true")):
            REQUESTS.labels(hook.name, "200", verdict, operation, dry_run)
        for code in ("400", "500", "503"):
            REQUESTS.labels(hook.name, code, "none", "none", "false")
        for reason in FAILURES:
            FAILURES_TOTAL.labels(hook.name, reason)
        DURATION.labels(hook.name)
        WARNINGS.labels(hook.name)
    for restriction in ALL:
        DENIALS.labels(restriction.ID)
        for exempted in ("false", "true"):
            TOLERATED.labels(restriction.ID, exempted)
    for reason in SHED_REASONS:
        SHED.labels(reason)


_create_series()
