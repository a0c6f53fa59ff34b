"""The restriction `pci-device`."""

import pytest

from testbed.builders import a_cluster, a_spec, a_vmi
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
