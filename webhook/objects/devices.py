"""What a virtual machine is made of: disks, volumes, network interfaces and passed-through devices.

Each carries its position in its list, so that a message can name the exact field.
"""

from msgspec import Struct

from webhook.objects.fields import Fields

_BINDINGS = ("bridge", "masquerade", "sriov", "passtBinding", "macvtap", "slirp", "binding")
_CLAIM_NAME = {"persistentVolumeClaim": "claimName", "dataVolume": "name"}
_VOLUME_SOURCES = (
    *_CLAIM_NAME,
    "containerDisk",
    "hostDisk",
    "ephemeral",
    "emptyDisk",
    "cloudInitNoCloud",
    "cloudInitConfigDrive",
    "configMap",
    "secret",
    "downwardAPI",
    "serviceAccount",
    "sysprep",
    "downwardMetrics",
    "memoryDump",
)


class Disk(Struct, frozen=True, kw_only=True):
    """An entry of `domain.devices.disks`.

    `reservation` is that of a LUN which it keeps for itself; `boot_order` is 0 where none is given.
    """

    index: int
    name: str
    cdrom: bool
    reservation: bool = False
    boot_order: int = 0


class Volume(Struct, frozen=True, kw_only=True):
    """An entry of `volumes`.

    `source` is the key that says where the data come from (`containerDisk`), "" when none is known;
    `claim` the PersistentVolumeClaim behind it, "" when there is none (a DataVolume's claim has its name). What is
    `hot_plugged` can be taken away while the virtual machine runs. `shared` is
    what a host disk says of itself, `image` that of a container disk.
    """

    index: int
    name: str
    source: str
    claim: str = ""
    shared: bool = False
    image: str = ""
    hot_plugged: bool = False


class UtilityVolume(Struct, frozen=True, kw_only=True):
    """An entry of `utilityVolumes`: a volume for an errand of KubeVirt's (`kind`: `MemoryDump`, `Backup`)."""

    name: str
    kind: str


class Interface(Struct, frozen=True, kw_only=True):
    """An entry of `domain.devices.interfaces`.

    `binding` is its key (`bridge`), "" when none is known; `plugin` the network binding plugin behind `binding`.
    """

    index: int
    name: str
    binding: str
    plugin: str = ""


class Network(Struct, frozen=True, kw_only=True):
    """An entry of `networks`; `pod` is true for the management (pod) network."""

    name: str
    pod: bool


class HostDevice(Struct, frozen=True, kw_only=True):
    """An entry of `domain.devices.hostDevices` or (`is_gpu`) `.gpus`; `field` is its path below the specification."""

    field: str
    name: str
    device: str
    is_gpu: bool = False


class Devices(Struct, frozen=True, kw_only=True):
    """All devices of one virtual machine. `autoattach_pod_interface` is None where nothing is said.

    `virtiofs` are the positions of the filesystems that are shared by virtiofs.
    """

    disks: tuple[Disk, ...]
    volumes: tuple[Volume, ...]
    interfaces: tuple[Interface, ...]
    networks: tuple[Network, ...]
    host_devices: tuple[HostDevice, ...]
    autoattach_pod_interface: bool | None
    virtiofs: tuple[int, ...] = ()
    utility_volumes: tuple[UtilityVolume, ...] = ()

    @property
    def boots_from(self) -> str:
        """The name of the disk that is booted first: by its order, else by its place in the list; "" for none."""
        first = min(self.disks, key=lambda disk: (disk.boot_order == 0, disk.boot_order), default=None)
        return first.name if first else ""


def read_devices(spec: Fields) -> Devices:
    """Read the devices from a VMI's `spec` (or a VM template's)."""
    devices = spec.object("domain").object("devices")
    return Devices(
        disks=tuple(
            Disk(
                index=index,
                name=disk.text("name"),
                cdrom=disk.has("cdrom"),
                reservation=disk.object("lun").flag("reservation") is True,
                boot_order=disk.number("bootOrder") or 0,
            )
            for index, disk in devices.objects("disks")
        ),
        volumes=tuple(_volume(index, volume) for index, volume in spec.objects("volumes")),
        interfaces=tuple(
            Interface(
                index=index,
                name=interface.text("name"),
                binding=_first_key(interface, _BINDINGS),
                plugin=interface.object("binding").text("name"),
            )
            for index, interface in devices.objects("interfaces")
        ),
        networks=tuple(
            Network(name=network.text("name"), pod=network.has("pod")) for _, network in spec.objects("networks")
        ),
        host_devices=(*_host_devices(devices, "hostDevices"), *_host_devices(devices, "gpus")),
        autoattach_pod_interface=devices.flag("autoattachPodInterface"),
        virtiofs=tuple(index for index, system in devices.objects("filesystems") if system.has("virtiofs")),
        utility_volumes=tuple(
            UtilityVolume(name=volume.text("name"), kind=volume.text("type"))
            for _, volume in spec.objects("utilityVolumes")
        ),
    )


def _volume(index: int, volume: Fields) -> Volume:
    source = _first_key(volume, _VOLUME_SOURCES)
    claimed = volume.object(source) if source in _CLAIM_NAME else None
    return Volume(
        index=index,
        name=volume.text("name"),
        source=source,
        claim=claimed.text(_CLAIM_NAME[source]) if claimed else "",
        hot_plugged=claimed is not None and claimed.flag("hotpluggable") is True,
        shared=volume.object("hostDisk").flag("shared") is True,
        image=volume.object("containerDisk").text("image"),
    )


def _host_devices(devices: Fields, key: str) -> tuple[HostDevice, ...]:
    return tuple(
        HostDevice(
            field=f"domain.devices.{key}[{index}]",
            name=device.text("name"),
            device=device.text("deviceName"),
            is_gpu=key == "gpus",
        )
        for index, device in devices.objects(key)
    )


def _first_key(fields: Fields, keys: tuple[str, ...]) -> str:
    return next((key for key in keys if fields.has(key)), "")
