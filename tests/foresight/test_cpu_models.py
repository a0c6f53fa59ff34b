"""CPU models of the nodes, and what choosing a shared one opens."""

from testbed.builders import a_kubevirt
from tests.report.clusters import a_machine, a_node, surveyed
from webhook.foresight.cpu_models import cpu_models


def a_node_with(name: str, own: str, *others: str) -> dict[str, object]:
    """Return a node with a CPU model of its own, and others that it can show to guests."""
    node = a_node(name)
    node["metadata"]["labels"] = {
        "kubernetes.io/hostname": name,
        "kubevirt.io/schedulable": "true",
        f"host-model-cpu.node.kubevirt.io/{own}": "true",
        f"cpu-model-migration.node.kubevirt.io/{own}": "true",
        **{f"cpu-model.node.kubevirt.io/{model}": "true" for model in others},
    }
    return node


NODES = (a_node_with("node-a", "XYZ", "123", "XYZ"), a_node_with("node-b", "ABC", "123"))
"""The two nodes of the live-migration page."""


def test_the_model_that_most_nodes_share_comes_first() -> None:
    models = cpu_models(surveyed(*NODES))
    assert models.best == "123"
    assert [(row.name, row.supported.bit_count()) for row in models.models] == [("123", 2), ("XYZ", 1), ("ABC", 0)]


def test_the_shared_model_opens_the_other_node_to_a_vm_on_host_model() -> None:
    (switch,) = cpu_models(surveyed(*NODES, *a_machine("web"))).switches
    assert (switch.now.bit_count(), switch.then.bit_count(), switch.gains) == (0, 1, True)


def test_a_vm_with_a_model_of_its_own_has_nothing_to_switch() -> None:
    machine = a_machine("web")
    machine[0]["spec"]["domain"]["cpu"] = {"model": "123"}
    assert cpu_models(surveyed(*NODES, *machine)).switches == ()


def test_the_remedies_are_commands() -> None:
    machine = a_machine("web")
    machine[0]["metadata"]["ownerReferences"] = [
        {"kind": "VirtualMachine", "name": "web", "uid": "u", "controller": True}
    ]
    models = cpu_models(surveyed(a_kubevirt(), *NODES, *machine))
    assert models.cluster_command == (
        "kubectl patch kubevirts.kubevirt.io kubevirt -n kubevirt --type merge -p "
        """'{"spec":{"configuration":{"cpuModel":"123"}}}'"""
    )
    assert models.switches[0].command == (
        "kubectl patch virtualmachines.kubevirt.io web -n default --type merge -p "
        """'{"spec":{"template":{"spec":{"domain":{"cpu":{"model":"123"}}}}}}'"""
    )


def test_nodes_without_models_have_nothing_to_share() -> None:
    models = cpu_models(surveyed({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "bare"}}))
    assert (models.best, models.cluster_command, models.models, models.switches) == ("", "", (), ())
