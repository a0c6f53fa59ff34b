"""What we foretell is what each KubeVirt did, by its recorded answers (`make fidelity` asks anew)."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import pytest

from fidelity.kubevirts import VERSIONS
from fidelity.recorded import KEPT, recorded
from fidelity.selectors import Json
from fidelity.versions import Judged, differences

PARTS: Final = (
    "no pod",
    "labels",
    "node selector",
    "node terms",
    "near",
    "kept away from",
    "tolerations",
    "spread",
    "cpu and memory",
    "other requests",
    "condition",
)
COMPARED: Final = [(version, part) for version in VERSIONS for part in PARTS]

MACHINE_TYPE: Final = "machine-type.node.kubevirt.io/"
AMD: Final = "cpu-vendor.node.kubevirt.io/AMD"
RESERVATION: Final = "pr.kubevirt.io/"

FEATURES: Final[Mapping[str, Callable[[Json], bool]]] = {
    "hot-plugged CPU": lambda case: "currentCPUTopology" in case["vmi"]["status"],
    "hot-plugged memory": lambda case: "memory" in case["vmi"]["status"],
    "NUMA": lambda case: "numa" in case["vmi"]["spec"]["domain"]["cpu"],
    "huge pages": lambda case: "hugepages" in case["vmi"]["spec"]["domain"]["memory"],
    "launch security": lambda case: "launchSecurity" in case["vmi"]["spec"]["domain"],
    "re-enlightenment": lambda case: "reenlightenment" in str(case["vmi"]),
    "arm64": lambda case: case["vmi"]["spec"]["architecture"] == "arm64",
    "s390x": lambda case: case["vmi"]["spec"]["architecture"] == "s390x",
    "reservations": lambda case: "'reservation': True" in str(case["vmi"]),
    "GPUs": lambda case: "gpus" in case["vmi"]["spec"]["domain"]["devices"],
    "SR-IOV": lambda case: "sriov" in str(case["vmi"]["spec"]["domain"]["devices"]),
    "long names": lambda case: len(case["vmi"]["metadata"]["name"]) > 63,
    "hostnames": lambda case: "hostname" in case["vmi"]["spec"],
    "gates": lambda case: "featureGates" in case["kubevirt"]["spec"]["configuration"]["developerConfiguration"],
    "first launch": lambda case: "migration" not in case,
    "first move": lambda case: "migration" in case and not _moved_before(case),
    "second move": lambda case: "migration" in case and _moved_before(case),
}
"""What a recorded question may be about."""


def _moved_before(question: Json) -> bool:
    return "kubevirt.io/migrationJobUID" in question["sourcePod"]["metadata"]["labels"]


def selectors(case: Judged) -> Json:
    """Return the node selector of the pod that KubeVirt made, empty where it made none."""
    return case.answer["pod"]["spec"].get("nodeSelector", {}) if case.answer.get("pod") else {}


def test_every_version_that_can_be_built_has_recorded_answers() -> None:
    assert {version: len(recorded(version)) for version in VERSIONS} == dict.fromkeys(VERSIONS, KEPT)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recorded_questions_are_about_everything_that_may_differ(version: str) -> None:
    counts = Counter(name for case in recorded(version) for name, holds in FEATURES.items() if holds(case.question))
    assert {name for name in FEATURES if counts[name] < 4} == set()


@pytest.mark.parametrize(("version", "part"), COMPARED)
def test_kubevirt_makes_the_pods_that_are_foretold(version: str, part: str) -> None:
    found = Counter(kind for case in recorded(version) for kind in differences(case) if part in kind)
    assert found == Counter()


def test_machine_types_are_asked_for_from_1_5_1_on() -> None:
    asking = {version for version in VERSIONS if any(MACHINE_TYPE in str(selectors(c)) for c in recorded(version))}
    assert asking == set(VERSIONS) - {"v1.4.0"}


def test_the_vendor_of_the_source_is_asked_for_from_1_8_on() -> None:
    asking = {
        version
        for version in VERSIONS
        if any("cpu-vendor.node.kubevirt.io/AMD" in selectors(c) for c in recorded(version))
    }
    assert asking == {"v1.8.2", "v1.9.0"} & set(VERSIONS)


def test_pods_with_reservations_are_kept_apart_from_1_9_on() -> None:
    asking = {version for version in VERSIONS if any(RESERVATION in str(c.answer) for c in recorded(version))}
    assert asking == {"v1.9.0"} & set(VERSIONS)
