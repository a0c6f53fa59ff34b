"""What a cluster is made of, built before it starts: inside it there is no way out to fetch anything."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from testbed import build as programs
from testbed.chart import IMAGE
from testbed.cluster import dns, images, node_programs

VARIABLE: Final = "CONTROLPLANE_IMAGES"
"""Tells a process in the enclosure where the images are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Images by name, as archives."""

    images: Mapping[str, Path]

    def environment(self) -> dict[str, str]:
        """Return how a process in the enclosure hears of them."""
        return {VARIABLE: json.dumps({name: str(archive) for name, archive in self.images.items()})}

    @classmethod
    def given(cls) -> Self:
        """Return the parts that this process has been told of."""
        return cls(images={name: Path(archive) for name, archive in json.loads(os.environ[VARIABLE]).items()})


def build() -> Parts:
    """Build what isn't there yet; progress goes to standard error."""
    programs.build()
    basics = programs.build(programs.CLUSTER_BASICS)
    return Parts(
        images={
            node_programs.PAUSE: images.of_program(node_programs.PAUSE, basics["pause"]),
            dns.IMAGE: images.of_program(dns.IMAGE, basics["coredns"]),
            IMAGE: images.ours(IMAGE),
        }
    )
