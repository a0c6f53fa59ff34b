"""Our list of eligible nodes against kube-scheduler's, on random clusters.

`python -m fidelity [CASES [FIRST_SEED]]` compares and prints how many disagree; each disagreement comes with
its seed and shrunk to what it needs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fidelity.clusters import random_case
from fidelity.judges import SchedulerJudge, Verdict
from fidelity.selectors import Json
from fidelity.shrinking import shrink
from webhook.engine.refusals import refusals
from webhook.engine.target_pod.pod import admitted
from webhook.engine.targets import ALL
from webhook.engine.targets.predicate import Refusal
from webhook.objects.fields import Fields
from webhook.objects.metadata import read_metadata
from webhook.objects.pod import read_requests
from webhook.objects.scheduling import read_scheduling
from webhook.state.snapshot import Snapshot, snapshot_of

BEYOND_THE_SCHEDULER: Final = frozenset({"not-ready", "maintenance", "witness"})
"""Predicates that are ours alone."""

LISTS: Final = {
    "nodes": ("v1", "Node"),
    "pods": ("v1", "Pod"),
    "namespaces": ("v1", "Namespace"),
    "persistentVolumes": ("v1", "PersistentVolume"),
    "persistentVolumeClaims": ("v1", "PersistentVolumeClaim"),
    "resourceQuotas": ("v1", "ResourceQuota"),
    "storageClasses": ("storage.k8s.io/v1", "StorageClass"),
    "csiNodes": ("storage.k8s.io/v1", "CSINode"),
}
"""Lists of a case that hold objects a service could watch, and their kinds."""

BATCH: Final = 500
"""Cases that are asked at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A case on which we and kube-scheduler differ, shrunk to what the difference needs."""

    seed: int
    case: Json
    ours: frozenset[str]
    schedulers: frozenset[str]

    def __str__(self) -> str:
        """Return what a person needs to mend it."""
        return f"seed {self.seed}: {sorted(self.ours)} here, {sorted(self.schedulers)} there\n{self.case}"


def eligible(case: Json) -> frozenset[str]:
    """Return the nodes that we hold able to take the case's pod."""
    cluster = _cluster(case)
    nodes = cluster.nodes.all
    for refusal in compared_refusals(case, cluster):
        nodes &= ~refusal.nodes
    return frozenset(cluster.nodes.names(nodes))


def compared_refusals(case: Json, cluster: Snapshot) -> Iterator[Refusal]:
    """Yield who refuses which nodes, as far as kube-scheduler judges it, too."""
    fields = Fields(case["pod"])
    metadata = read_metadata(fields)
    pod = admitted(
        namespace=metadata.namespace,
        labels=metadata.labels,
        scheduling=read_scheduling(fields.object("spec")),
        requests=read_requests(fields.object("spec"), Fields({})),
    )
    compared = {predicate.ID for predicate in ALL} - BEYOND_THE_SCHEDULER
    return (refusal for refusal in refusals(pod, cluster) if refusal.predicate in compared)


def disagreements(
    seeds: Sequence[int], scheduler: SchedulerJudge, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Disagreement]:
    """Compare the cases of these seeds; `progress` is told how many are done."""
    for start in range(0, len(seeds), BATCH):
        cases = [random_case(seed) for seed in seeds[start : start + BATCH]]
        for case, verdict in zip(cases, scheduler.judge(cases), strict=True):
            if eligible(case) != verdict.accepted:
                yield _shrunk(case, scheduler)
        progress(start + len(cases))


def _shrunk(case: Json, scheduler: SchedulerJudge) -> Disagreement:
    def verdict(smaller: Json) -> Verdict | None:
        return scheduler.consider([smaller])[0]

    def disagrees(smaller: Json) -> bool:
        theirs = verdict(smaller)
        return theirs is not None and eligible(smaller) != theirs.accepted

    small = shrink(case, disagrees)
    theirs = verdict(small)
    return Disagreement(
        seed=case["id"], case=small, ours=eligible(small), schedulers=theirs.accepted if theirs else frozenset()
    )


def _cluster(case: Json) -> Snapshot:
    return snapshot_of(
        {"apiVersion": version, "kind": kind, **document}
        for field, (version, kind) in LISTS.items()
        for document in case.get(field, ())
    )
