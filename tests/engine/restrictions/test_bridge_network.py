"""The restriction `bridge-network`."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_spec, a_template, a_vmi
from webhook.engine.restrictions import bridge_network
from webhook.engine.restrictions.restriction import Case

BRIDGE = {"name": "default", "bridge": {}}
POD = {"name": "default", "pod": {}}
VLAN = {"name": "default", "multus": {"networkName": "default/vlan"}}
ANNOTATION = {"kubevirt.io/allow-pod-bridge-network-live-migration": ""}
NO_INTERFACE = "no interface is listed, and the cluster's default is a bridge on the management network"
MASQUERADE = a_kubevirt(network={"defaultNetworkInterface": "masquerade"})


def found(case: Case) -> list[tuple[str, str]]:
    return [(violation.field, violation.problem) for violation in bridge_network.check(case)]


def test_a_bridge_on_the_management_network_is_named_with_its_field_and_remedy() -> None:
    vmi = a_vmi(a_spec(interfaces=[BRIDGE], networks=[POD]))

    [violation] = bridge_network.check(Case(vmi=vmi, snapshot=a_cluster()))

    assert violation.message == (
        'bridge-network: interface "default" is a bridge on the management network '
        "(spec.domain.devices.interfaces[0].bridge). Use masquerade, or a VLAN (multus) network."
    )


@pytest.mark.parametrize(
    "vmi",
    [
        pytest.param(a_vmi(), id="masquerade"),
        pytest.param(a_vmi(a_spec(interfaces=[BRIDGE], networks=[VLAN])), id="bridge on a VLAN"),
        pytest.param(a_vmi(a_spec(interfaces=[BRIDGE], networks=[POD]), annotations=ANNOTATION), id="annotated"),
        pytest.param(a_vmi(a_spec(interfaces=[], networks=[])), id="a VMI that has none"),
        pytest.param(a_vmi(a_spec(interfaces=[BRIDGE], networks=[])), id="no network of that name"),
        pytest.param(a_vmi(a_spec(interfaces=[{"name": "default", "binding": {"name": "l2"}}])), id="plugin"),
        pytest.param(a_vmi(a_spec(interfaces=[{"name": "default", "bridge": None}])), id="bridge is null"),
        pytest.param(a_vmi(a_spec(interfaces=[BRIDGE, None], networks=[VLAN, 3])), id="null entries"),
    ],
)
def test_these_interfaces_can_move(vmi: Any) -> None:
    assert found(Case(vmi=vmi, snapshot=a_cluster())) == []


def test_the_position_is_that_in_the_document_even_behind_unreadable_entries() -> None:
    vmi = a_vmi(a_spec(interfaces=[None, BRIDGE], networks=[POD]))

    assert found(Case(vmi=vmi, snapshot=a_cluster())) == [
        ("spec.domain.devices.interfaces[1].bridge", 'interface "default" is a bridge on the management network')
    ]


@pytest.mark.parametrize(
    ("template", "cluster", "fields"),
    [
        pytest.param({}, [], ["spec.template.spec.domain.devices.interfaces"], id="no KubeVirt: bridge is default"),
        pytest.param({}, [a_kubevirt()], ["spec.template.spec.domain.devices.interfaces"], id="KubeVirt says nothing"),
        pytest.param({}, [MASQUERADE], [], id="masquerade is the default"),
        pytest.param({"devices": {"autoattachPodInterface": False}}, [], [], id="no pod interface wanted"),
        pytest.param({"networks": [VLAN]}, [], [], id="a network is listed"),
    ],
)
def test_a_template_without_interfaces_gets_the_default_of_the_cluster(
    template: dict[str, Any], cluster: list[Any], fields: list[str]
) -> None:
    vmi = a_template(a_spec(**{"interfaces": [], "networks": [], **template}))

    case = Case(vmi=vmi, snapshot=a_cluster(*cluster))

    assert found(case) == [(field, NO_INTERFACE) for field in fields]


def test_the_annotation_counts_on_the_template_and_not_on_the_vm() -> None:
    spec = a_spec(interfaces=[BRIDGE], networks=[POD])

    on_template = a_template(spec, template_metadata={"annotations": ANNOTATION})
    on_vm = a_template(spec, annotations=ANNOTATION)

    assert not found(Case(vmi=on_template, snapshot=a_cluster()))
    assert found(Case(vmi=on_vm, snapshot=a_cluster()))
