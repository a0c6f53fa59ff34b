"""What a virtual machine may not have if it is to live-migrate: one documented restriction per module.

To add one: write its module (docstring, `ID`, `CONCERN`, `REMEDY`, `check`), list it here, add fixtures under
`tests/fixtures/<id>/`, and a table of cases in `tests/engine/restrictions/`.
"""

from typing import Final

from webhook.engine.restrictions import (
    bridge_network,
    cd_rom,
    container_disk,
    cpu_model,
    no_eligible_node,
    not_live_migratable,
    pci_device,
    read_write_once,
    resources,
    target_node,
)
from webhook.engine.restrictions.restriction import Restriction

ALL: Final[tuple[Restriction, ...]] = (
    bridge_network,
    cd_rom,
    container_disk,
    pci_device,
    read_write_once,
    cpu_model,
    target_node,
    no_eligible_node,
    resources,
    not_live_migratable,
)
"""In the order in which they are reported."""
