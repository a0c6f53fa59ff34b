"""What a cluster is made of, built before it starts: inside it there is no way out to fetch anything."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from testbed import build as programs
from testbed.chart import IMAGE
from testbed.cluster import dns, images, neighbours, node_programs

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


BASICS: Final = {node_programs.PAUSE: "pause", dns.IMAGE: "coredns"}
"""Images of programs without which there is no cluster."""


def build(*, core: bool = False) -> Parts:
    """Build what isn't there yet; progress goes to standard error.

    core: without the programs that only the longer tests need.
    """
    programs.build()
    wanted = BASICS if core else {**BASICS, **neighbours.IMAGES}
    modules = [programs.CLUSTER_BASICS, *([] if core else neighbours.MODULES)]
    built = programs.build(*modules)
    others = {image: images.of_program(image, built[program]) for image, program in wanted.items()}
    return Parts(images={**others, IMAGE: images.ours(IMAGE)})
