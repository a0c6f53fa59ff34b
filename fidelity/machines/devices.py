"""Random devices of a virtual machine, with the volumes, claims and networks that they are about."""

from collections.abc import Iterator
from random import Random
from typing import Final

from fidelity.selectors import Json, chance

VGPUS: Final = ("nvidia.com/GRID_T4-1Q", "nvidia.com/GRID_T4-2Q")
"""Mediated devices; KubeVirt may permit the first one."""
GPUS: Final = ("nvidia.com/TU104GL", *VGPUS, *VGPUS)
HOST_DEVICES: Final = ("intel.com/qat", "vendor.com/nic")
SRIOV: Final = "intel.com/sriov_net"
"""Resource behind the second network."""


def random_devices(random: Random) -> tuple[Json, Json, list[Json], list[Json]]:
    """Return `spec.domain.devices`, the rest of the specification that belongs to it, claims and networks."""
    devices: Json = {}
    if chance(random, 0.15):
        devices["gpus"] = _named("gpu", random.choices(GPUS, k=random.choice((1, 1, 1, 2))))
    if chance(random, 0.1):
        devices["hostDevices"] = _named("device", random.choices(HOST_DEVICES, k=random.choice((1, 2))))
    for switch in ("autoattachVSOCK", "networkInterfaceMultiqueue", "blockMultiQueue"):
        if chance(random, 0.1):
            devices[switch] = True
    if chance(random, 0.1):
        devices["autoattachGraphicsDevice"] = False
    if chance(random, 0.1):
        devices["logSerialConsole"] = chance(random, 0.5)
    if chance(random, 0.1):
        devices["tpm"] = {}
    interfaces, networks = _interfaces(random)
    disks, volumes = _disks(random)
    if interfaces:
        devices["interfaces"] = interfaces
    if disks:
        devices["disks"] = disks
    spec = {"networks": networks} | ({"volumes": volumes} if volumes else {})
    return devices, spec, list(_claims(random, volumes)), _attachments(networks)


def _named(prefix: str, names: list[str]) -> list[Json]:
    return [{"name": f"{prefix}-{index}", "deviceName": name} for index, name in enumerate(names)]


def _interfaces(random: Random) -> tuple[list[Json], list[Json]]:
    interfaces: list[Json] = []
    networks: list[Json] = []
    if chance(random, 0.7):
        interfaces.append({"name": "default", random.choice(("masquerade", "masquerade", "bridge")): {}})
        networks.append({"name": "default", "pod": {}})
    if chance(random, 0.25):
        interfaces.append({"name": "fast", "sriov": {}})
        networks.append({"name": "fast", "multus": {"networkName": "fast"}})
    if chance(random, 0.2):
        interfaces.append({"name": "lan", "bridge": {}})
        networks.append({"name": "lan", "multus": {"networkName": "lan"}})
    return interfaces, networks


def _attachments(networks: list[Json]) -> list[Json]:
    annotation = {"k8s.v1.cni.cncf.io/resourceName": SRIOV}
    return [
        {"metadata": {"name": "fast", "namespace": "default", "annotations": annotation}}
        for network in networks
        if network["name"] == "fast"
    ]


def _disks(random: Random) -> tuple[list[Json], list[Json]]:
    disks: list[Json] = []
    volumes: list[Json] = []
    for index in range(random.choice((0, 1, 1, 2, 3))):
        name = f"disk-{index}"
        target, source = random.choice(
            (
                ({"disk": {"bus": "virtio"}}, {"persistentVolumeClaim": {"claimName": name}}),
                ({"disk": {"bus": "virtio"}}, {"dataVolume": {"name": name}}),
                ({"lun": {"bus": "scsi", "reservation": True}}, {"persistentVolumeClaim": {"claimName": name}}),
                ({"lun": {"bus": "scsi"}}, {"persistentVolumeClaim": {"claimName": name}}),
                ({"disk": {"bus": "virtio"}}, {"containerDisk": {"image": "registry/disk:1"}}),
                ({"cdrom": {"bus": "sata"}}, {"containerDisk": {"image": "registry/drivers:1"}}),
                ({"disk": {"bus": "virtio"}}, {"cloudInitNoCloud": {"userData": "#cloud-config"}}),
                ({"disk": {"bus": "virtio"}}, {"emptyDisk": {"capacity": "1Gi"}}),
                ({"disk": {"bus": "virtio"}}, {"hostDisk": _host_disk(random)}),
            )
        )
        disks.append({"name": name, **target})
        volumes.append({"name": name, **source})
    return disks, volumes


def _host_disk(random: Random) -> Json:
    return {"path": "/disks/one.img", "type": "Disk", "shared": chance(random, 0.5)}


def _claims(random: Random, volumes: list[Json]) -> Iterator[Json]:
    for volume in volumes:
        if claim := volume.get("persistentVolumeClaim", {}).get("claimName") or volume.get("dataVolume", {}).get(
            "name"
        ):
            modes = random.choice((["ReadWriteMany"], ["ReadWriteMany"], ["ReadWriteOnce"]))
            spec = {"accessModes": modes, "volumeMode": "Block"}
            yield {"metadata": {"name": claim, "namespace": "default", "uid": f"uid-of-{claim}"}, "spec": spec}
