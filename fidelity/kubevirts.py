"""KubeVirt's versions as judges: the pods that each makes of a VMI, and what each holds to be live-migratable.

Each version is built with what testbed/judges/versions says.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fidelity.judges import Judge, unrefused
from fidelity.selectors import Json
from testbed.judges_programs import program, versions

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
VERSIONS: Final = versions("kubevirt")
"""As v1.9.0, the oldest first."""


class PodJudge(Judge):
    """virt-controller's template service and migration controller: the pod that it creates for a VMI.

    A question is `{"id", "kubevirt", "vmi", "persistentVolumeClaims", "networkAttachmentDefinitions"}` for a first
    launch; with `"migration"`, `"sourcePod"` and `"nodes"` (the source's) it is about a migration's target pod.
    """

    def __init__(self, version: str) -> None:
        super().__init__([program("kubevirt", version), "pod"])

    def make(self, questions: Iterable[Json]) -> Sequence[Json]:
        """Return each answer: `pod`, with what decides where it may run, or `error` where KubeVirt creates none."""
        return [_ordered(answer) for answer in self.ask(questions)]


def _ordered(answer: Json) -> Json:
    """Return an answer that is the same each time: KubeVirt 1.9 adds what keeps reservations apart in any order."""
    affinity = ((answer.get("pod") or {}).get("spec", {}).get("affinity") or {}).get("podAntiAffinity") or {}
    if terms := affinity.get(REQUIRED):
        affinity[REQUIRED] = sorted(terms, key=str)
    return answer


class ConditionJudge(Judge):
    """virt-handler's condition LiveMigratable of a VMI, on a host whose CPU model is known.

    A question is `{"id", "kubevirt", "vmi"}`.
    """

    def __init__(self, version: str) -> None:
        super().__init__([program("kubevirt", version), "condition"])

    def judge(self, questions: Iterable[Json]) -> Sequence[Json]:
        """Return each condition's `status`, `reason` and `message`; JudgeError for a malformed question."""
        return [unrefused(answer) for answer in self.ask(questions)]
