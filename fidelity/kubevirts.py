"""KubeVirt's versions as judges: the pods that each makes of a VMI, and what each holds to be live-migratable.

Each version is built with the versions of its dependencies in testbed/kubevirt_judges/versions.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fidelity.judges import Judge, unrefused
from fidelity.selectors import Json
from testbed.build import HERE, Module, build

FOLDER: Final = HERE / "kubevirt_judges"
OLDEST_TAG: Final = 5
"""The first minor version of which the Go files have a build tag."""


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.removeprefix("v").split(".")))


VERSIONS: Final = tuple(sorted((file.stem for file in (FOLDER / "versions").glob("*.mod")), key=_release))
"""As v1.9.0, the oldest first."""


def module(version: str) -> Module:
    """Return what to build for a version."""
    minor = _release(version)[1]
    return Module(
        folder=FOLDER,
        go_mod=f"versions/{version}.mod",
        tags=tuple(f"kubevirt1_{number}" for number in range(OLDEST_TAG, minor + 1)),
        packages={"kubevirt-judge": "."},
        version_of="kubevirt.io/kubevirt",
    )


class PodJudge(Judge):
    """virt-controller's template service and migration controller: the pod that it creates for a VMI.

    A question is `{"id", "kubevirt", "vmi", "persistentVolumeClaims", "networkAttachmentDefinitions"}` for a first
    launch; with `"migration"`, `"sourcePod"` and `"nodes"` (the source's) it is about a migration's target pod.
    """

    def __init__(self, version: str) -> None:
        super().__init__([build(module(version))["kubevirt-judge"], "pod"])

    def make(self, questions: Iterable[Json]) -> Sequence[Json]:
        """Return each answer: `pod`, with what decides where it may run, or `error` where KubeVirt creates none."""
        return self.ask(questions)


class ConditionJudge(Judge):
    """virt-handler's condition LiveMigratable of a VMI, on a host whose CPU model is known.

    A question is `{"id", "kubevirt", "vmi"}`.
    """

    def __init__(self, version: str) -> None:
        super().__init__([build(module(version))["kubevirt-judge"], "condition"])

    def judge(self, questions: Iterable[Json]) -> Sequence[Json]:
        """Return each condition's `status`, `reason` and `message`; JudgeError for a malformed question."""
        return [unrefused(answer) for answer in self.ask(questions)]
