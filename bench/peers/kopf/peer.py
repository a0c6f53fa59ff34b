"""A webhook as kopf's own documentation builds one: indexes in memory, a validation handler. Run by `kopf run`.

It knows nothing of the rest of this repository, and is installed in an environment of its own.
"""

# mypy: ignore-errors
# kopf is not in the environment where types are checked.
import os
from collections.abc import Iterator, Mapping
from typing import Any

import kopf

ALLOW_BRIDGE = "kubevirt.io/allow-pod-bridge-network-live-migration"


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Take the credentials from the kubeconfig."""
    return kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Serve with the given certificate; the registration is somebody else's."""
    folder = os.environ["PEER_CERTIFICATES"]
    settings.admission.server = kopf.WebhookServer(
        addr="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        path="/validate",
        certfile=f"{folder}/tls.crt",
        pkeyfile=f"{folder}/tls.key",
    )
    settings.posting.enabled = False


@kopf.index("kubevirt.io", "v1", "virtualmachineinstances")
def vmis(namespace: str, name: str, body: kopf.Body, **_: Any) -> Mapping[tuple[str, str], Any]:
    """Keep of each VMI what the restrictions look at."""
    spec = body["spec"]
    return {
        (namespace, name): {
            "annotations": dict(body.metadata.annotations),
            "devices": dict(spec["domain"]["devices"]),
            "networks": list(spec.get("networks", [])),
            "volumes": list(spec.get("volumes", [])),
            "moved": {each["volumeName"] for each in body.get("status", {}).get("migratedVolumes", [])},
        }
    }


@kopf.index("", "v1", "persistentvolumeclaims")
def claims(namespace: str, name: str, spec: kopf.Spec, **_: Any) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Keep the access modes of each claim."""
    return {(namespace, name): tuple(spec.get("accessModes", []))}


@kopf.on.validate("kubevirt.io", "v1", "virtualmachineinstancemigrations", operation="CREATE", id="migrations")
def validate(
    namespace: str,
    spec: kopf.Spec,
    vmis: kopf.Index[tuple[str, str], Any],
    claims: kopf.Index[tuple[str, str], tuple[str, ...]],
    warnings: list[str],
    **_: Any,
) -> None:
    """Refuse a migration whose virtual machine breaks a restriction."""
    name = spec["vmiName"]
    found = vmis.get((namespace, name))
    if not found:
        warnings.append(f"VMI {namespace}/{name} does not exist: KubeVirt will refuse this migration")
        return
    vmi = next(iter(found))
    lines = [*bridge_network(vmi), *cd_rom(vmi), *container_disk(vmi), *pci_device(vmi)]
    lines += read_write_once(vmi, namespace, claims)
    if lines:
        message = "\n".join([f"VMI {namespace}/{name} cannot be live-migrated:", *lines])
        raise kopf.AdmissionError(message, code=403)


def bridge_network(vmi: Any) -> Iterator[str]:
    """Yield the bridges on the management network."""
    if ALLOW_BRIDGE in vmi["annotations"]:
        return
    pod_networks = {network["name"] for network in vmi["networks"] if "pod" in network}
    for index, interface in enumerate(vmi["devices"].get("interfaces", [])):
        if "bridge" in interface and interface["name"] in pod_networks:
            problem = f'interface "{interface["name"]}" is a bridge on the management network'
            field = f"spec.domain.devices.interfaces[{index}].bridge"
            yield line("bridge-network", problem, field, "Use masquerade, or a VLAN (multus) network")


def cd_rom(vmi: Any) -> Iterator[str]:
    """Yield the CD-ROMs that aren't empty."""
    filled = {volume["name"] for volume in vmi["volumes"]}
    for index, disk in enumerate(vmi["devices"].get("disks", [])):
        if "cdrom" in disk and disk["name"] in filled:
            problem = f'disk "{disk["name"]}" is a CD-ROM with a volume in it'
            yield line("cd-rom", problem, f"spec.domain.devices.disks[{index}].cdrom", "Eject the CD-ROM")


def container_disk(vmi: Any) -> Iterator[str]:
    """Yield the container disks."""
    for index, volume in enumerate(vmi["volumes"]):
        if "containerDisk" in volume:
            problem = f'volume "{volume["name"]}" is a container disk'
            yield line("container-disk", problem, f"spec.volumes[{index}].containerDisk", "Remove the volume")


def pci_device(vmi: Any) -> Iterator[str]:
    """Yield the devices of the host."""
    for key in ("hostDevices", "gpus"):
        for index, device in enumerate(vmi["devices"].get(key, [])):
            field = f"spec.domain.devices.{key}[{index}]"
            yield line("pci-device", f'device "{device["name"]}" is passed through', field, "Detach the device")


def read_write_once(vmi: Any, namespace: str, claims: kopf.Index[tuple[str, str], tuple[str, ...]]) -> Iterator[str]:
    """Yield the volumes that two nodes can't share."""
    for index, volume in enumerate(vmi["volumes"]):
        source, claim = claim_of(volume)
        if not claim or volume["name"] in vmi["moved"]:
            continue
        field, remedy = f"spec.volumes[{index}].{source}", "Use a ReadWriteMany volume, or remove it"
        found = claims.get((namespace, claim))
        if not found:
            yield line("read-write-once", f"PVC {namespace}/{claim} does not exist", field, remedy)
        elif "ReadWriteMany" not in (modes := next(iter(found))):
            problem = f'PVC {namespace}/{claim} of volume "{volume["name"]}" is {", ".join(modes)}'
            yield line("read-write-once", problem, field, remedy)


def claim_of(volume: Any) -> tuple[str, str]:
    """Return the key of the volume's source, and the claim behind it."""
    if "persistentVolumeClaim" in volume:
        return "persistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    return ("dataVolume", volume["dataVolume"]["name"]) if "dataVolume" in volume else ("", "")


def line(restriction: str, problem: str, field: str, remedy: str) -> str:
    """Return one broken restriction in one line."""
    return f"{restriction}: {problem} ({field}). {remedy}."
