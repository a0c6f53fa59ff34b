"""What an allowed migration says of itself: an Assessment as annotations."""

from collections.abc import Mapping
from typing import Final

from webhook.engine.assessment import Assessment
from webhook.engine.explanation import enumerated
from webhook.engine.wording import printable
from webhook.objects.labels import OURS

MEANINGS: Final[Mapping[str, str]] = {
    "eligible-nodes": "the nodes that can take the virtual machine",
    "cpu-selectors": "the CPU-model node selector of its target pod",
    "completion-timeout": "how long the whole migration may take, as documented: per GiB of data",
    "completion-timeout-of-kubevirt": "how long KubeVirt really waits: it counts whole decimal gigabytes",
    "progress-timeout": "how long it may go on without copying anything",
}
"""What each annotation tells, by its key without our prefix."""


def annotations(assessment: Assessment) -> Mapping[str, str]:
    """Return what `facts` says, with keys for the object itself."""
    return {OURS + key: value for key, value in facts(assessment).items()}


def facts(assessment: Assessment) -> Mapping[str, str]:
    """Return what is known, by the keys of `MEANINGS`; what is unknown is left out."""
    selectors = ",".join(f"{key}={value}" for key, value in sorted(assessment.selectors.labels.items()))
    nodes = enumerated(assessment.placement.eligible, assessment.placement.nodes, ",") if assessment.placement else ""
    timeouts = assessment.timeouts
    said = {
        "eligible-nodes": nodes,
        "cpu-selectors": selectors,
        "completion-timeout": f"{timeouts.completion}s" if timeouts.data else "",
        "completion-timeout-of-kubevirt": f"{timeouts.completion_by_kubevirt}s" if timeouts.data else "",
        "progress-timeout": f"{timeouts.progress}s",
    }
    return {key: printable(value) for key, value in said.items() if value}
