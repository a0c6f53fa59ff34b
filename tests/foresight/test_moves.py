"""While a virtual machine moves, and just after a move was aborted, all answers agree."""

from typing import Any

import orjson
import pytest

from tests.report.clusters import Document, a_machine, a_node, surveyed
from webhook.foresight.drain import conclusion, drain
from webhook.foresight.eviction import Outcome
from webhook.foresight.survey import Survey
from webhook.report import forms
from webhook.report.layout import Screen
from webhook.report.wording import verdict

SINCE = "2026-11-02T10:00:00Z"
EXCLUSIVE: dict[str, Any] = {
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
}


def a_target_pod(**metadata: Any) -> Document:
    """Return the pod that a migration of `web` has made on node-b."""
    pod = a_machine("web", node="node-b", **EXCLUSIVE)[1]
    labels = {**pod["metadata"]["labels"], "kubevirt.io/migrationJobUID": "m", "app": "web"}
    return {**pod, "metadata": {**pod["metadata"], "name": "virt-launcher-target", "labels": labels, **metadata}}


def surveyed_while(phase: str, *, target: str = "node-b", ended: bool = False, **pod: Any) -> Survey:
    """Survey a cluster in which a migration of `web` is in this phase."""
    vmi, *others = a_machine("web", **EXCLUSIVE, evictionStrategy="LiveMigrate")
    state = {"targetNode": target, "startTimestamp": SINCE} | ({"endTimestamp": SINCE} if ended else {})
    moving = {**vmi, "status": {**vmi["status"], "migrationState": state}}
    migration = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": "move", "namespace": "default", "creationTimestamp": SINCE},
        "spec": {"vmiName": "web"},
        "status": {"phase": phase},
    }
    return surveyed(a_node("node-a"), a_node("node-b"), moving, *others, a_target_pod(**pod), migration)


def test_what_is_moving_is_said_to_be_everywhere() -> None:
    survey = surveyed_while("Running")
    [finding] = survey.findings
    assert finding.migratable
    assert verdict(finding) == f"is moving to node-b since {SINCE}"
    table = forms.shown("check", "table", survey, screen=Screen()).splitlines()[1].split()
    assert table[2:5] == ["node-a", "moving", "node-b"]
    document = orjson.loads(forms.written("check", "json", survey))["items"][0]
    assert document["moving"] == {"target": "node-b", "since": SINCE}
    assert document["targets"]["eligible"] == ["node-b"]
    preview = drain(survey, "node-a")
    [eviction] = preview.evictions
    assert (eviction.outcome, eviction.target) == (Outcome.MOVES, "node-b")
    assert conclusion(preview) == "node-a runs 1 VM: 1 moves. The drain would end."


@pytest.mark.parametrize("phase", ["", "Pending", "Scheduling"])
def test_a_move_without_a_target_is_one(phase: str) -> None:
    survey = surveyed_while(phase, target="")
    [finding] = survey.findings
    assert verdict(finding) == f"is moving since {SINCE}"


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_move_that_has_ended_is_none(phase: str) -> None:
    [finding] = surveyed_while(phase, ended=True).findings
    assert finding.move is None


def test_a_pod_that_an_aborted_move_has_left_is_waited_for() -> None:
    survey = surveyed_while("Failed", ended=True, deletionTimestamp=SINCE)
    [finding] = survey.findings
    assert finding.migratable
    assert survey.names(finding.eligible) == ("node-b",)
    [eviction] = drain(survey, "node-a").evictions
    assert (eviction.outcome, eviction.target) == (Outcome.MOVES, "node-b")
