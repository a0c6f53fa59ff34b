"""Which virtual machines there are, and what they do."""

import pytest

from testbed.builders import a_spec, a_vm_document, a_vmi_document
from tests.report.clusters import a_machine, a_node, surveyed
from webhook.engine.policy import Enforcement, Policy
from webhook.foresight.survey import Survey


def told(survey: Survey) -> list[tuple[str, str, bool]]:
    """Return name, state and verdict of each virtual machine."""
    return [(f.vmi.metadata.name, f.state, f.migratable) for f in survey.findings]


def test_a_vm_that_runs_is_there_once() -> None:
    assert told(surveyed(a_vm_document(), a_vmi_document())) == [("web", "running", True)]


def test_a_vm_that_does_not_run_is_judged_by_its_template() -> None:
    spec = a_spec(disks=[{"name": "iso", "cdrom": {}}], volumes=[{"name": "iso", "emptyDisk": {}}])
    assert told(surveyed(a_vm_document(spec))) == [("web", "stopped", False)]


def test_a_vmi_without_a_vm_is_there_too() -> None:
    assert told(surveyed(a_vmi_document(name="lone"))) == [("lone", "running", True)]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_has_ended_does_not_run(phase: str) -> None:
    assert told(surveyed(a_vmi_document(status={"phase": phase}))) == []
    assert told(surveyed(a_vm_document(), a_vmi_document(status={"phase": phase}))) == [("web", "stopped", True)]


@pytest.mark.parametrize(("phase", "state"), [("Scheduling", "scheduling"), ("", "pending")])
def test_what_is_about_to_run_says_so(phase: str, state: str) -> None:
    survey = surveyed(a_node("node-a"), a_vmi_document(status={"phase": phase, "nodeName": ""}))
    assert told(survey) == [("web", state, True)]
    assert survey.findings[0].placement is None


def test_they_are_in_the_order_of_namespace_and_name() -> None:
    machines = [a_machine(name, namespace=space) for space, name in (("b", "a"), ("a", "z"), ("a", "b"))]
    survey = surveyed(*(document for machine in machines for document in machine))
    assert [finding.vmi.metadata.key for finding in survey.findings] == [("a", "b"), ("a", "z"), ("b", "a")]


def test_a_restriction_that_only_warns_keeps_nobody() -> None:
    policy = Policy(enforcements={"read-write-once": Enforcement.WARN})
    (finding,) = surveyed(*a_machine("web", stuck=True), policy=policy).findings
    assert (finding.migratable, [each.restriction for each in finding.warned]) == (True, ["read-write-once"])


def test_every_node_is_there_and_what_runs_on_it() -> None:
    survey = surveyed(a_node("node-a"), a_node("node-b"), *a_machine("web"), *a_machine("lost", node="gone"))
    names = {node: [f.vmi.metadata.name for f in findings] for node, findings in survey.by_node.items()}
    assert names == {"node-a": ["web"], "node-b": [], "gone": ["lost"]}
