"""The move that Harvester 1.4 and 1.5 make: annotation and node selector on the VMI, then a plain migration."""

from typing import Any

import pytest

from testbed.builders import a_kubevirt, a_launcher, a_node, a_spec, a_vmi_document
from tests.admission.asking import MIGRATIONS, a_request, judged
from webhook.engine.verdict import Verdict

ASKED = "harvesterhci.io/migrationTargetNodeName"
PLAIN = {"metadata": {"generateName": "web-", "namespace": "default"}, "spec": {"vmiName": "web"}}


def moved(target: str, *, pinned: str = "node-b", migration: Any = None, **node_b: Any) -> Verdict:
    """Judge the plain migration of a VMI that was annotated and pinned."""
    vmi = a_vmi_document(
        a_spec(nodeSelector={"kubernetes.io/hostname": pinned}), uid="u-web", annotations={ASKED: target}
    )
    nodes = [a_node("node-a"), a_node("node-b", **node_b), a_node("node-c")]
    return judged(a_request(migration or PLAIN, resource=MIGRATIONS), a_kubevirt(), vmi, a_launcher(), *nodes)


def test_the_node_on_the_vmi_is_the_node_that_is_asked_for() -> None:
    verdict = moved("node-b", spec={"unschedulable": True})

    [cause] = verdict.causes
    assert (cause.restriction, cause.field) == ("target-node", f"metadata.annotations[{ASKED}]")
    assert 'node "node-b" is cordoned' in verdict.message
    assert "Choose a node that can take the VM: node-c." in verdict.message
    assert cause.details == (
        'It is pinned to "node-b" by its node selector (kubernetes.io/hostname), by which Harvester asks for it.'
    )


def test_it_is_let_go_to_a_node_that_can_take_it() -> None:
    assert moved("node-b").allowed


@pytest.mark.parametrize(("target", "pinned"), [("node-a", "node-a"), ("node-c", "node-b")])
def test_an_annotation_that_names_where_it_runs_or_another_node_is_no_present_move(target: str, pinned: str) -> None:
    verdict = moved(target, pinned=pinned, spec={"unschedulable": True})

    [cause] = verdict.causes
    assert cause.restriction == "no-eligible-node"
    assert "left over from an earlier move" in cause.details
