"""A pin that a failed move in Harvester left behind: recognised, named, and the command that removes it."""

from typing import Any

from testbed.builders import a_cluster, a_kubevirt, a_node, a_spec, a_vm_document, a_vmi
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy

PINNED = a_spec(nodeSelector={"kubernetes.io/hostname": "node-a"})
OWNER = [{"kind": "VirtualMachine", "name": "web", "uid": "u", "controller": True}]
ASKED = {"harvesterhci.io/migrationTargetNodeName": "node-a"}


def details(*documents: Any, **metadata: Any) -> str:
    vmi = a_vmi(PINNED, ownerReferences=OWNER, **metadata)
    cluster = a_cluster(a_node("node-a"), a_node("node-b"), a_kubevirt(), *documents)
    [violation] = assess(vmi, cluster, Policy()).violations
    assert violation.restriction == "no-eligible-node"
    return violation.details


def test_a_pin_in_the_vmi_is_removed_there() -> None:
    assert details(annotations=ASKED) == (
        'It is pinned to "node-a" by its node selector (kubernetes.io/hostname), left over from an earlier move. '
        "Remove it: `kubectl patch virtualmachineinstances.kubevirt.io web -n default "
        "--as=system:serviceaccount:kubevirt:kubevirt-controller --type merge "
        """-p '{"spec":{"nodeSelector":{"kubernetes.io/hostname":null}}}'`"""
    )


def test_a_pin_in_the_template_of_the_vm_is_removed_there() -> None:
    assert details(a_vm_document(PINNED)) == (
        'It is pinned to "node-a" by its node selector (kubernetes.io/hostname), '
        "perhaps left over from an earlier move. "
        "Remove it: `kubectl patch virtualmachines.kubevirt.io web -n default --type merge "
        """-p '{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/hostname":null}}}}}'`"""
    )
