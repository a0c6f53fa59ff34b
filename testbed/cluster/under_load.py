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

FAILED_OPEN: Final = re.compile(r"^W.* (failing open \S+live-migration-webhook: .*)$", re.MULTILINE)
"""What the API server notes when it goes on without a hook of ours."""


@dataclass(slots=True, kw_only=True)
class Account:
    """What came of the migrations."""

    sent: int = 0
    lost: list[str] = field(default_factory=list)
    """Those that we didn't judge, each in words."""
    left_out: list[str] = field(default_factory=list)
    """Why the API server went on without a hook that it may leave out, each time; a migration is judged anyway."""


@contextmanager
def under_load(cluster: Cluster, stage: Stage, *, least: int = 50) -> Iterator[Account]:
    """Send migrations while what is in the block goes on, and until `least` have been sent; then count."""
    account, before = Account(), len(_failed_open(cluster))
    with Load(cluster.api, stage.namespace, MACHINES, rate=RATE) as load:
        load.until(RATE)
        yield account
        load.until(load.sent + RATE)
        load.until(least)
    account.sent, account.lost, account.left_out = load.sent, list(load.lost), _failed_open(cluster)[before:]


def _failed_open(cluster: Cluster) -> list[str]:
    """Return why the API server has gone on without a hook, each time since the cluster's start."""
    return FAILED_OPEN.findall(cluster.plane.processes["kube-apiserver"].log.read_text(errors="replace"))
