"""Migrations that must be answered by us while something goes on in the cluster, and a count of those that weren't."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from soak.load import Load
from testbed.cluster.cluster import Cluster
from testbed.cluster.stage import MACHINES, Stage

RATE: Final = 10
"""Migrations a second."""

MUST_ANSWER: Final[Mapping[str, Any]] = {"webhooks": {"validateMigrations": {"failurePolicy": "Fail"}}}
"""Values with which the API server refuses what we don't answer."""

FAILED_OPEN: Final = re.compile(
    r'^apiserver_admission_webhook_fail_open_count\{name="(\S+?live-migration-webhook)".*\} (\d+)$', re.MULTILINE
)


@dataclass(slots=True, kw_only=True)
class Account:
    """What came of the migrations. `lost` are those that we didn't answer, each in words."""

    sent: int = 0
    lost: list[str] = field(default_factory=list)


@contextmanager
def under_load(cluster: Cluster, stage: Stage, *, least: int = 50) -> Iterator[Account]:
    """Send migrations while what is in the block goes on, and until `least` have been sent; then count.

    A hook that may be left out (`Ignore`) is counted too: the API server says how often it went on without it.
    """
    account, before = Account(), _failed_open(cluster)
    with Load(cluster.api, stage.namespace, MACHINES, rate=RATE) as load:
        load.until(RATE)
        yield account
        load.until(load.sent + RATE)
        load.until(least)
    account.sent, account.lost = load.sent, list(load.lost)
    for hook, count in _failed_open(cluster).items():
        account.lost += (count - before.get(hook, 0)) * [f"the API server went on without {hook}"]


def _failed_open(cluster: Cluster) -> dict[str, int]:
    """Return how often the API server has gone on without each hook since its start."""
    metrics = cluster.plane.kubectl("get", "--raw", "/metrics").stdout
    return {hook: int(count) for hook, count in FAILED_OPEN.findall(metrics)}
