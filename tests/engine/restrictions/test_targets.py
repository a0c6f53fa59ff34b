"""The three restrictions about where a virtual machine can go: exact words, one cause for one fault."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_launcher, a_node, a_spec, a_vmi, a_vmi_document
from webhook.engine.assessment import Assessment, assess
from webhook.engine.policy import Policy
from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata
from webhook.objects.migration import Migration, migration_to, read_migration
from webhook.state.kinds import Reference

OWNER = {"ownerReferences": [{"kind": "VirtualMachine", "name": "web", "controller": True}]}
OTHER_CPU = {
    "host-model-cpu.node.kubevirt.io/Skylake": None,
    "cpu-model-migration.node.kubevirt.io/Skylake": None,
    "host-model-cpu.node.kubevirt.io/Haswell": "true",
    "cpu-model-migration.node.kubevirt.io/Haswell": "true",
}
TO_NODE = {"kubernetes.io/hostname": "node-b"}


def assessed(
    *documents: Any, spec: Any = None, added: Any = None, status: Any = None, migration: Any = None
) -> Assessment:
    """Return the assessment of the migration of the VM `default/web`, which runs on node-a."""
    vmi = a_vmi(a_spec(**(spec or {})), status=status, uid="u-web", **OWNER)
    request = read_migration(
        Fields({"spec": {"vmiName": "web", "addedNodeSelector": added or {}, **(migration or {})}})
    )
    return assess(vmi, a_cluster(a_node("node-a"), a_launcher(), *documents), Policy(), request)


def messages(assessment: Assessment) -> list[str]:
    """Return what is wrong, in full."""
    return [violation.message for violation in assessment.violations]


def test_a_cpu_that_nobody_else_has_is_refused_with_both_remedies() -> None:
    kubevirt = {**a_kubevirt(), "metadata": {"name": "kubevirt", "namespace": "harvester-system"}}
    more = a_node("node-c", {**OTHER_CPU, "cpu-model.node.kubevirt.io/Westmere": "true"})
    [violation] = assessed(kubevirt, a_node("node-b", OTHER_CPU), more).violations
    assert violation.message == (
        "cpu-model: no other node offers the CPU that host-model gave the VM on node-a"
        ": node-b, node-c: lacks CPU model Skylake (spec.template.spec.domain.cpu.model)."
        " Choose Penryn (3 of 3 nodes) there, or as spec.configuration.cpuModel of the KubeVirt resource,"
        " then restart the VM."
    )
    assert violation.details == "Most common: Penryn (3 of 3 nodes), Westmere (1 of 3 nodes)."
    assert [(command.purpose, command.text) for command in violation.commands] == [
        (
            "For the cluster",
            (
                "kubectl patch kubevirts.kubevirt.io kubevirt -n harvester-system --type merge -p "
                """'{"spec":{"configuration":{"cpuModel":"Penryn"}}}'"""
            ),
        ),
        (
            "For this VM",
            (
                "kubectl patch virtualmachines.kubevirt.io web -n default --type merge -p "
                """'{"spec":{"template":{"spec":{"domain":{"cpu":{"model":"Penryn"}}}}}}'"""
            ),
        ),
        ("Restart the VM", "virtctl restart web -n default"),
    ]


@pytest.mark.parametrize(
    ("spec", "configuration", "expected"),
    [
        (
            {"domain": {"cpu": {"model": "XYZ"}}},
            {},
            'no other node offers CPU model "XYZ", which the VM chooses: node-b: lacks CPU model XYZ',
        ),
        (
            {},
            {"cpuModel": "XYZ"},
            ('no other node offers CPU model "XYZ", which the KubeVirt resource chooses: node-b: lacks CPU model XYZ'),
        ),
    ],
)
def test_a_custom_model_is_named_and_who_chose_it(spec: Any, configuration: Any, expected: str) -> None:
    [violation] = assessed(a_kubevirt(**configuration), a_node("node-b"), spec=spec).violations
    assert (violation.restriction, violation.problem) == ("cpu-model", expected)


def test_a_source_node_without_its_model_is_a_fault_of_the_cpu() -> None:
    unlabelled = a_node("node-a", {"host-model-cpu.node.kubevirt.io/Skylake": None})
    [violation] = assessed(unlabelled, a_node("node-b")).violations
    assert violation.problem == (
        "can't tell which CPU a target needs: its node node-a has no label host-model-cpu.node.kubevirt.io/*"
    )


def test_features_that_nobody_else_has_are_no_fault_of_the_model() -> None:
    spec = {"domain": {"cpu": {"model": "Penryn", "features": [{"name": "vmx"}]}}}
    [violation] = assessed(a_node("node-b"), spec=spec).violations
    assert violation.message == (
        'cpu-model: no other node offers CPU model "Penryn", which the VM chooses'
        ": node-b: lacks CPU feature vmx (spec.template.spec.domain.cpu.features)."
        " Ask only for CPU features that the nodes share, then restart the VM."
    )


def test_nodes_that_publish_no_models_are_the_thing_to_mend() -> None:
    bare = {"cpu-model.node.kubevirt.io/Penryn": None}
    [violation] = assessed(a_node("node-a", bare), a_node("node-b", {**bare, **OTHER_CPU})).violations
    assert violation.remedy == (
        "let KubeVirt's node labeller publish the nodes' CPU models (no node has a label cpu-model.node.kubevirt.io/*)"
    )
    assert violation.details == ""


def test_a_cpu_that_another_node_has_is_no_fault_though_that_node_is_closed() -> None:
    assessment = assessed(a_node("node-b", OTHER_CPU), a_node("node-c", spec={"unschedulable": True}))
    [message] = messages(assessment)
    assert message == (
        "no-eligible-node: no other node can take the VM: node-b: lacks CPU model Skylake; node-c: is cordoned"
        " (status.nodeName). Mend one of these nodes, or change what the VM asks of its node and restart it."
    )


def test_the_most_common_reasons_come_first_and_five_nodes_are_named() -> None:
    cordoned = [a_node(f"cordoned-{n}", spec={"unschedulable": True}) for n in range(4)]
    drained = [a_node(f"drained-{n}", taints=[{"key": "kubevirt.io/drain", "effect": "NoSchedule"}]) for n in range(3)]
    [violation] = assessed(*drained, *cordoned).violations
    assert violation.problem == (
        "no other node can take the VM: cordoned-0, cordoned-1, cordoned-2, cordoned-3: is cordoned;"
        " drained-0: has the taint kubevirt.io/drain:NoSchedule; and 2 more"
    )


def test_only_a_few_reasons_of_one_node_are_told() -> None:
    spec = {"nodeSelector": dict.fromkeys("abcde", "1")}
    [violation] = assessed(a_node("node-b"), spec=spec).violations
    assert violation.problem == (
        "no other node can take the VM: node-b: has no label a=1, has no label b=1, has no label c=1 and 2 more"
    )


def test_the_only_node_of_a_cluster_has_words_of_its_own() -> None:
    [message] = messages(assessed())
    assert message == (
        'no-eligible-node: "node-a" is the only node of the cluster (status.nodeName). Add a node to the cluster.'
    )


def test_the_node_that_is_asked_for_is_refused_with_its_reasons_and_those_that_can() -> None:
    closed = a_node("node-b", spec={"unschedulable": True}, taints=[{"key": "gpu", "effect": "NoExecute"}])
    [message] = messages(assessed(closed, a_node("node-c"), a_node("node-d"), added=TO_NODE))
    assert message == (
        'target-node: node "node-b" is cordoned and has the taint gpu:NoExecute'
        " (spec.addedNodeSelector[kubernetes.io/hostname])."
        " Choose a node that can take the VM: node-c, node-d."
    )


@pytest.mark.parametrize(
    ("documents", "target", "problem"),
    [
        (
            [a_node("node-b")],
            "node-z",
            'there is no node "node-z" (no node has the label kubernetes.io/hostname=node-z)',
        ),
        ([a_node("node-b")], "node-a", '"node-a" is the node on which it runs'),
        ([a_node("node-b"), a_node("node-c", OTHER_CPU)], "node-c", 'node "node-c" lacks CPU model Skylake'),
    ],
    ids=["unknown", "the source", "another CPU"],
)
def test_a_node_that_cannot_be_asked_for(documents: Any, target: str, problem: str) -> None:
    [violation] = assessed(*documents, added={"kubernetes.io/hostname": target}).violations
    assert (violation.restriction, violation.problem) == ("target-node", problem)
    assert violation.remedy == "choose a node that can take the VM: node-b"


def test_a_node_that_the_vm_itself_excludes_cannot_be_asked_for() -> None:
    spec = {"nodeSelector": {"kubernetes.io/hostname": "node-c"}}
    [violation] = assessed(a_node("node-b"), a_node("node-c"), spec=spec, added=TO_NODE).violations
    assert violation.problem == 'node "node-b" has no label kubernetes.io/hostname=node-c'
    assert violation.remedy == "choose a node that can take the VM: node-c"


def test_what_an_earlier_migration_left_behind_is_waited_for() -> None:
    leftover = a_launcher("node-b", labels={"kubevirt.io/migrationJobUID": "m-1"})
    for added in ({}, TO_NODE):
        assessment = assessed(a_node("node-b"), leftover, added=added)
        assert (assessment.violations, assessment.eligible) == ((), ())
        assert assessment.warnings == (
            "pod-affinity: the target pod has to wait: node-b still has a pod of this VM, from another migration",
        )
    [violation] = assessed(a_node("node-b", spec={"unschedulable": True}), leftover).violations
    assert violation.restriction == "no-eligible-node"


def test_one_fault_of_the_cpu_is_told_once() -> None:
    closed = a_node("node-b", {**OTHER_CPU}, spec={"unschedulable": True})
    only_cpu = assessed(a_node("node-b", OTHER_CPU), added=TO_NODE)
    assert [v.restriction for v in only_cpu.violations] == ["cpu-model"]
    cordoned_too = assessed(closed, added=TO_NODE)
    assert [v.restriction for v in cordoned_too.violations] == ["cpu-model", "target-node"]
    assert cordoned_too.violations[1].remedy == "mend that first: no other node can take the VM either"


def test_harvesters_button_names_a_node_before_it_makes_a_migration() -> None:
    vmi = a_vmi(a_spec(nodeSelector=TO_NODE), uid="u-web")
    cluster = a_cluster(a_node("node-a"), a_node("node-b", spec={"unschedulable": True}), a_node("node-c"))
    [violation] = assess(vmi, cluster, Policy(), migration_to("node-b", vmi.metadata)).violations
    assert violation.message == (
        'target-node: node "node-b" is cordoned (metadata.annotations[harvesterhci.io/migrationTargetNodeName]).'
        " Choose a node that can take the VM: node-c."
    )


@pytest.mark.parametrize(
    ("documents", "spec", "status", "migration"),
    [
        pytest.param([], {}, {"nodeName": ""}, {}, id="not on a node"),
        pytest.param([], {}, {}, {"sendTo": {}}, id="to another cluster"),
    ],
)
def test_targets_are_not_judged_for(documents: Any, spec: Any, status: Any, migration: Any) -> None:
    assessment = assessed(*documents, spec=spec, status=status, migration=migration)
    assert assessment.placement is None
    assert not assessment.violations


def test_nodes_that_are_not_known_are_not_called_missing() -> None:
    assessment = assess(a_vmi(), a_cluster(), Policy())
    assert (assessment.placement, assessment.eligible, assessment.violations) == (None, (), ())


def test_a_denial_rests_on_the_nodes_and_pods_that_could_change_it() -> None:
    term = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "zone", "namespaces": ["data"]}
    rule = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    spec = {
        "affinity": rule,
        "topologySpreadConstraints": [{"whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}],
    }
    assessment = assessed(a_node("node-b"), spec=spec)
    wanted = {
        Reference(kind="Node", name="node-a"),
        Reference(
            kind="Node",
            labels=frozenset(
                {
                    ("kubevirt.io/schedulable", "true"),
                    ("cpu-model-migration.node.kubevirt.io/Skylake", "true"),
                }
            ),
        ),
        Reference(kind="Pod", namespace="default", labels=frozenset({("kubevirt.io/created-by", "u-web")})),
        Reference(kind="Pod", namespace="data", labels=frozenset({("app", "db")})),
        Reference(kind="Pod", namespace="default"),
        Reference(kind="VirtualMachineInstance", namespace="default", name="web"),
        Reference(kind="VirtualMachine", namespace="default", name="web"),
        Reference(kind="KubeVirt"),
    }
    assert assessment.rests_on == wanted


def test_a_denial_for_other_reasons_does_not_read_the_nodes() -> None:
    spec = {"volumes": [{"name": "tools", "containerDisk": {"image": "tools"}}]}
    kinds = {reference.kind for reference in assessed(a_node("node-b"), spec=spec).rests_on}
    assert kinds == {"VirtualMachineInstance", "VirtualMachine", "KubeVirt"}


def test_an_assessment_tells_the_model_the_selectors_and_every_nodes_reasons() -> None:
    assessment = assessed(a_node("node-b"), a_node("node-c", spec={"unschedulable": True}))
    assert (assessment.cpu.name, assessment.selectors.labels) == (
        "host-model",
        {"cpu-model-migration.node.kubevirt.io/Skylake": "true"},
    )
    assert assessment.eligible == ("node-b",)
    assert [r.reason for r in assessment.reasons("node-c")] == ["is cordoned"]
    assert assessment.reasons("node-b") == assessment.reasons("no such node") == ()


def a_sized_node(name: str, memory: str) -> Any:
    """Return a node with so much memory."""
    return a_node(name, status={"allocatable": {"cpu": "8", "memory": memory}})


def test_a_shortage_of_memory_is_a_warning() -> None:
    request = {"containers": [{"resources": {"requests": {"cpu": "500m", "memory": "3Gi"}}}]}
    launchers = (a_launcher(spec=request), a_launcher("node-b", uid="u-db", vmi="db", spec=request))
    full = assessed(*launchers, a_sized_node("node-b", "5Gi"), a_sized_node("node-c", "2Gi"))
    [short, *_] = full.violations
    assert (short.restriction, short.short) == (
        "resources",
        "node-b has no room now (memory: wants 3Gi, 2Gi free): wait, or make room",
    )
    assert [refusal.reason for refusal in full.reasons("node-c")] == [
        "can never hold the VM (memory: wants 3Gi, it has 2Gi)"
    ]
    assert assessed(*launchers, a_sized_node("node-b", "6Gi"), a_sized_node("node-c", "2Gi")).violations == ()
    assert assessed(*launchers, a_node("node-b")).warnings == ()


def test_a_move_is_made_of_a_node_and_a_vm() -> None:
    vmi = read_migration(Fields(a_vmi_document(uid="u-web"))).metadata
    assert isinstance(vmi, Metadata)
    assert isinstance(migration_to("node-b", vmi), Migration)
    assert migration_to("node-b", vmi).target_node == "node-b"


MOVED: dict[str, Any] = {"labels": {"kubevirt.io/migrationJobUID": "m"}}


@pytest.mark.parametrize(
    ("on_source", "said"),
    [
        ({}, "Shut down the VM and start it again: it asks for CPU features from before an upgrade of its node."),
        ({"cpu-feature.node.kubevirt.io/gone": "true"}, "Choose Penryn (2 of 2 nodes) there"),
        ({"host-model-required-features.node.kubevirt.io/gone": "true"}, "Choose Penryn (2 of 2 nodes) there"),
    ],
)
def test_keys_that_stay_from_before_an_upgrade_are_cleared_by_a_shut_down_alone(on_source: Any, said: str) -> None:
    kept = {"cpu-feature.node.kubevirt.io/gone": "true", "cpu-model-migration.node.kubevirt.io/Skylake": "true"}
    source = a_launcher(spec={"nodeSelector": kept}, creationTimestamp="2026-01-01T00:00:00Z", **MOVED)
    [message] = messages(assessed(a_node("node-a", on_source), source, a_node("node-b")))
    assert said in message


@pytest.mark.parametrize(
    ("metadata", "setting", "command"),
    [
        (
            {"labels": {"app.kubernetes.io/managed-by": "hco-operator"}},
            "spec.defaultCPUModel of the HyperConverged resource",
            ("kubectl patch hyperconvergeds.hco.kubevirt.io kubevirt-hyperconverged -n cnv --type merge "
            """-p '{"spec":{"defaultCPUModel":"Penryn"}}'"""),
        ),
        (
            {"ownerReferences": [{"kind": "HyperConverged", "name": "hco", "controller": True}]},
            "spec.defaultCPUModel of the HyperConverged resource",
            ("kubectl patch hyperconvergeds.hco.kubevirt.io hco -n cnv --type merge "
            """-p '{"spec":{"defaultCPUModel":"Penryn"}}'"""),
        ),
        (
            {"ownerReferences": [{"kind": "Addon", "name": "virt", "controller": True}]},
            "cpuModel in Addon virt, which writes the KubeVirt resource",
            None,
        ),
    ],
)  # fmt: skip
def test_the_remedy_for_the_cluster_is_the_owners_of_the_kubevirt_resource(
    metadata: Any, setting: str, command: str | None
) -> None:
    kubevirt = {**a_kubevirt(), "metadata": {"name": "kubevirt-of-hco", "namespace": "cnv", **metadata}}
    [violation] = assessed(kubevirt, a_node("node-b", OTHER_CPU)).violations
    assert f" there, or as {setting}," in violation.message
    for_the_cluster = [each.text for each in violation.commands if each.purpose == "For the cluster"]
    assert for_the_cluster == ([command] if command else [])
