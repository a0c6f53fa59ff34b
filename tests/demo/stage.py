"""Where the demonstration is played: commands are shown, run, and what they print is compared with what was told."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.hypervisor import Hypervisor
from tests.service import Service

NAMESPACE: Final = "demo"
MANIFESTS: Final = Path(__file__).parent / "manifests"


@dataclass(slots=True, kw_only=True)
class Stage:
    """The running cluster, and a terminal. `as_told` turns false with the first surprise."""

    plane: ControlPlane
    service: Service
    hypervisor: Hypervisor
    as_told: bool = True
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def chapter(self, title: str) -> None:
        """Begin something new."""
        self.console.print(f"\n[bold cyan]{title}[/]")

    def say(self, words: str) -> None:
        """Explain in the narrator's voice."""
        self.console.print(Text(words, style="dim"))

    def run(self, command: str, *, shows: str, user: str = "alice", program: str = "") -> str:
        """Show a command, run it in the folder of the manifests as a user, show what it prints; `shows` must be in it."""
        self.console.print(Text(f"\n$ {command}", style="bold"))
        name, *arguments = command.split()
        result = subprocess.run(
            [program or self.plane.programs[name], *arguments],
            env=os.environ | self.plane.environment(user),
            cwd=MANIFESTS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        for line in result.stdout.rstrip().split("\n"):
            self.console.print(Text(line, style=_style(line)))
        if shows not in result.stdout:
            self.console.print(Text(f"expected to see: {shows}", style="bold red"))
            self.as_told = False
        return result.stdout


def _style(line: str) -> str:
    if line.startswith("Error"):
        return "red"
    return "yellow" if line.startswith("Warning") else ""
