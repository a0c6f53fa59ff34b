"""What an allowed migration says of itself: an Assessment as annotations."""

from collections.abc import Mapping
from typing import Final

from webhook.assessment import Assessment
from webhook.targets.explanation import enumerated

ELIGIBLE_NODES: Final = "live-migration-webhook/eligible-nodes"
CPU_SELECTORS: Final = "live-migration-webhook/cpu-selectors"


def annotations(assessment: Assessment) -> Mapping[str, str]:
    """Return the nodes that can take the virtual machine, and the CPU selectors that its target pod needs."""
    selectors = ",".join(f"{key}={value}" for key, value in sorted(assessment.selectors.labels.items()))
    nodes = enumerated(assessment.placement.eligible, assessment.placement.nodes, ",") if assessment.placement else ""
    said = {ELIGIBLE_NODES: nodes, CPU_SELECTORS: selectors}
    return {key: value for key, value in said.items() if value}
