"""What each KubeVirt did with the random machines whose answers are recorded: the table of versions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fidelity.recorded import VERSIONS, recorded
from fidelity.versions import Judged

ASKED: Final[Mapping[str, str]] = {
    "machine-type.node.kubevirt.io/": "machine type",
    "cpu-vendor.node.kubevirt.io/AMD": "CPU vendor of the source",
    "kubevirt.io/s390-pv": "Secure Execution",
    "kubevirt.io/tdx": "TDX",
    "kubevirt.io/vm-arch-": "emulated architecture (by gate)",
    "pr.kubevirt.io/": "no partner in a reservation",
    "sidecar.istio.io/inject": "Istio's sidecar",
}
"""What not every version writes on a target pod, and what it asks for."""


def versions() -> str:
    """Return the table: what a target pod asks for, and why the condition LiveMigratable was False."""
    rows = (f"| {_name(version)} | {_asked(cases)} | {_reasons(cases)} |" for version, cases in _all())
    head = "| KubeVirt | its target pods ask for, beside what all do | reasons of LiveMigratable=False that were seen |"
    return "\n".join((head, "| --- | --- | --- |", *rows))


def _all() -> Iterator[tuple[str, list[Judged]]]:
    return ((version, recorded(version)) for version in VERSIONS)


def _name(version: str) -> str:
    return version.removeprefix("v")


def _asked(cases: Iterable[Judged]) -> str:
    pods = "".join(str(case.answer.get("pod")) for case in cases)
    return ", ".join(words for key, words in ASKED.items() if key in pods) or "nothing"


def _reasons(cases: Iterable[Judged]) -> str:
    conditions = (case.condition for case in cases if case.condition)
    reasons = {condition["reason"] for condition in conditions if condition["status"] == "False"}
    return ", ".join(sorted(reason.removesuffix("NotLiveMigratable") for reason in reasons))
