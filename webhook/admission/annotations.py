"""What an allowed migration says of itself: an Assessment as annotations."""

from collections.abc import Mapping

from webhook.engine.assessment import Assessment
from webhook.engine.explanation import enumerated
from webhook.objects.labels import OURS


def annotations(assessment: Assessment) -> Mapping[str, str]:
    """Return what `facts` says, with keys for the object itself."""
    return {OURS + key: value for key, value in facts(assessment).items()}


def facts(assessment: Assessment) -> Mapping[str, str]:
    """Return the nodes that can take the virtual machine, the CPU selectors of its target pod, and the timeouts.

    The completion timeout is there twice: as documented, per GiB, and as KubeVirt counts it.
    """
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
    return {key: value for key, value in said.items() if value}
