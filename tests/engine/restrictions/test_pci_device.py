"""The restriction `pci-device`."""

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_spec, a_vmi
from webhook.engine.restrictions import pci_device
from webhook.engine.restrictions.restriction import Case


@pytest.mark.parametrize("kind", ["hostDevices", "gpus"])
def test_a_device_of_the_node_is_named_with_its_field_and_remedy(kind: str) -> None:
    vmi = a_vmi(a_spec(devices={kind: [{"name": "card", "deviceName": "vendor.example/card"}]}))

    [violation] = pci_device.check(Case(vmi=vmi, snapshot=a_cluster()))

    assert violation.message == (
        'pci-device: device "card" (vendor.example/card) is passed through from its node '
        f"(spec.domain.devices.{kind}[0]). Detach the device."
    )


def test_each_device_is_named() -> None:
    vmi = a_vmi(a_spec(devices={"hostDevices": [{"name": "a"}, {"name": "b"}], "gpus": [{"name": "c"}]}))

    assert [v.field for v in pci_device.check(Case(vmi=vmi, snapshot=a_cluster()))] == [
        "spec.domain.devices.hostDevices[0]",
        "spec.domain.devices.hostDevices[1]",
        "spec.domain.devices.gpus[0]",
    ]


def test_an_sr_iov_interface_is_none() -> None:
    vmi = a_vmi(a_spec(interfaces=[{"name": "fast", "sriov": {}}]))

    assert not list(pci_device.check(Case(vmi=vmi, snapshot=a_cluster())))


VGPU = "nvidia.com/GRID_T4-2Q"


@pytest.mark.parametrize(
    ("version", "gates", "devices", "moves"),
    [
        ("v1.9.0", ["VGPULiveMigration"], {"gpus": [VGPU]}, True),
        ("v1.8.2", ["VGPULiveMigration"], {"gpus": [VGPU]}, False),
        ("", ["VGPULiveMigration"], {"gpus": [VGPU]}, False),
        ("v1.9.0", ["GPU"], {"gpus": [VGPU]}, False),
        ("v1.9.0", ["VGPULiveMigration"], {"gpus": [VGPU, VGPU]}, False),
        ("v1.9.0", ["VGPULiveMigration"], {"gpus": ["nvidia.com/TU104GL"]}, False),
        ("v1.9.0", ["VGPULiveMigration"], {"hostDevices": [VGPU]}, False),
        ("v1.9.0", ["VGPULiveMigration"], {"gpus": [VGPU], "hostDevices": ["intel.com/qat"]}, False),
    ],
)
def test_one_permitted_mediated_device_moves_from_1_9_on_with_its_gate(
    version: str,
    gates: list[str],
    devices: dict[str, list[str]],
    *,
    moves: bool,
) -> None:
    kubevirt = a_kubevirt(
        developerConfiguration={"featureGates": gates},
        permittedHostDevices={"mediatedDevices": [{"resourceName": VGPU}]},
    )
    named = {kind: [{"name": "card", "deviceName": name} for name in names] for kind, names in devices.items()}
    cluster = a_cluster({**kubevirt, "status": {"observedKubeVirtVersion": version}})
    found = list(pci_device.check(Case(vmi=a_vmi(a_spec(devices=named)), snapshot=cluster)))
    assert bool(found) is not moves
