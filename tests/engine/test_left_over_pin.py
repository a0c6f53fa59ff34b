"""A pin that a failed move in Harvester left behind: recognised, named, and the command that removes it."""

from typing import Any

from testbed.builders import a_cluster, a_kubevirt, a_node, a_spec, a_vm_document, a_vmi
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy

PINNED = a_spec(nodeSelector={"kubernetes.io/hostname": "node-a"})
OWNER = [{"kind": "VirtualMachine", "name": "web", "uid": "u", "controller": True}]
ASKED = {"harvesterhci.io/migrationTargetNodeName": "node-a"}


def explained(*documents: Any, **metadata: Any) -> tuple[str, list[str]]:
    vmi = a_vmi(PINNED, ownerReferences=OWNER, **metadata)
    cluster = a_cluster(a_node("node-a"), a_node("node-b"), a_kubevirt(), *documents)
    [violation] = assess(vmi, cluster, Policy()).violations
    assert violation.restriction == "no-eligible-node"
    return violation.details, [command.text for command in violation.commands]


def test_a_pin_in_the_vmi_alone_is_gone_with_the_next_start() -> None:
    assert explained(a_vm_document(), annotations=ASKED) == (
        'It is pinned to "node-a" by its node selector (kubernetes.io/hostname), left over from an earlier move.',
        ["virtctl restart web -n default"],
    )


def test_a_pin_in_the_template_of_the_vm_is_removed_there() -> None:
    assert explained(a_vm_document(PINNED)) == (
        (
            'It is pinned to "node-a" by its node selector (kubernetes.io/hostname), '
            "perhaps left over from an earlier move."
        ),
        [
            (
                "kubectl patch virtualmachines.kubevirt.io web -n default --type merge "
                """-p '{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/hostname":null}}}}}'"""
            ),
            "virtctl restart web -n default",
        ],
    )
