"""`make soak`: the long forms, with a table of what was sent and what was lost."""

import sys
import time
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.table import Table

from soak import crowd
from soak.keeper import kept, rotate
from soak.load import Load
from soak.renewal import renew_leaf
from soak.scene import MACHINES, restart, start_machines, strict_service
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.namespaces import create_namespace, remove_namespace
from testbed.service import Service

CALLS: Final = 10_000
PLACE: Final = "soak"
Trouble = Callable[[Service, str, Load], None]


def rolling_restarts(service: Service, name: str, load: Load) -> None:
    """Replace both replicas, again and again."""
    del name
    while load.sent < CALLS:
        for replica in service.replicas:
            restart(replica)


def leaf_renewals(service: Service, name: str, load: Load) -> None:
    """Renew the leaf three times in a row, and on until enough has been sent."""
    while load.sent < CALLS:
        for _ in range(3):
            renew_leaf(service, name)


def authority_rotations(service: Service, name: str, load: Load) -> None:
    """Rotate the authority, with its leaves, until enough has been sent."""
    with kept(service, name) as keeper:
        while load.sent < CALLS:
            rotate(keeper)


TROUBLES: Final[dict[str, Trouble]] = {
    "rolling restarts of both replicas": rolling_restarts,
    "renewals of the leaf": leaf_renewals,
    "rotations of the authority": authority_rotations,
}


def main() -> int:
    """Soak; return 0 when nothing was lost, else 1."""
    table = Table("trouble", "seconds", "sent", "lost", title="Migrations judged while something is going on")
    lost = 0
    with ControlPlane() as plane:
        for number, (trouble, make) in enumerate(TROUBLES.items()):
            print(f"{number + 1} of {len(TROUBLES)}: {trouble}, some minutes", file=sys.stderr, flush=True)
            began, load = time.monotonic(), soaked(plane, f"soak-{number}", make)
            lost += len(load.lost)
            table.add_row(trouble, f"{time.monotonic() - began:.0f}", str(load.sent), str(len(load.lost)))
            for wrong in sorted(set(load.lost))[:5]:
                print(f"{trouble}: {wrong}", file=sys.stderr)
    Console().print(table, crowd_table(crowd.measured()))
    return 1 if lost else 0


def crowd_table(delay: crowd.Delay) -> Table:
    """Return a table of what idle and stalled clients cost the others."""
    title = f"Answers beside {crowd.IDLE} idle and {crowd.STALLED} stalled clients"
    table = Table("p99 alone", "p99 beside them", "ratio", title=title)
    table.add_row(f"{delay.alone:.2f} ms", f"{delay.crowded:.2f} ms", f"{delay.crowded / delay.alone:.2f}")
    return table


def soaked(plane: ControlPlane, name: str, make: Trouble) -> Load:
    """Make trouble under load; return what came of it."""
    create_namespace(plane.api(), f"{PLACE}-{name}")
    hypervisor = Hypervisor(admin=plane.api(), virt_handler=plane.api("kubevirt-handler"))
    with strict_service(plane, name) as service:
        start_machines(plane, hypervisor, f"{PLACE}-{name}", name)
        load = Load(plane.api("alice"), f"{PLACE}-{name}", MACHINES)
        with load:
            make(service, name, load)
    remove_namespace(plane.api(), f"{PLACE}-{name}")
    hypervisor.close()
    return load


if __name__ == "__main__":
    sys.exit(main())
