"""What we hold to be live-migratable beside what virt-handler does, by the specification alone."""

from fidelity.pods import cluster_of
from fidelity.selectors import Json
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy, Profile
from webhook.objects.fields import Fields
from webhook.objects.vmi import read_vmi

UPSTREAM = Policy(profile=Profile.KUBEVIRT)
"""Only what KubeVirt itself refuses."""


def asked(question: Json) -> Json:
    """Return the question to a ConditionJudge about the VMI of a question to a PodJudge."""
    return {key: question[key] for key in ("id", "kubevirt", "vmi")}


def restricted_by(question: Json) -> list[str]:
    """Return the ids of the restrictions that the VMI breaks, whose condition nobody knows yet."""
    assessment = assess(read_vmi(Fields(question["vmi"])), cluster_of(question), UPSTREAM, with_targets=False)
    return sorted({violation.restriction for violation in assessment.violations})
