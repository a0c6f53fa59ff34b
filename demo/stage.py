"""Where the demonstration is played: commands are shown, run, and what they print is compared with what was told."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.service import Service

NAMESPACE: Final = "demo"
MANIFESTS: Final = Path(__file__).parent / "manifests"
REPORT: Final = Path("dist/report.html")


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

    def run(self, command: str, *, shows: str, user: str = "alice") -> None:
        """Run a command as a user, in the folder of the manifests; what it prints must have `shows` in it."""
        with self.running(command, shows=shows, user=user):
            pass

    @contextmanager
    def running(self, command: str, *, shows: str, user: str) -> Iterator[None]:
        """Run a command while something else happens; what it prints is shown when it has ended."""
        self.console.print(Text(f"\n$ {command}", style="bold"))
        process = self._started(command, user)
        yield
        printed, _ = process.communicate(timeout=90)
        for line in printed.rstrip().split("\n"):
            self.console.print(Text(line, style=_style(line)))
        self._compare(printed, shows)

    def save(self, command: str, path: Path, *, shows: str, user: str) -> None:
        """Run a command as a user and write what it prints into a file."""
        self.console.print(Text(f"\n$ {command} > {path}", style="bold"))
        printed, _ = self._started(command, user).communicate(timeout=90)
        path.parent.mkdir(exist_ok=True)
        path.write_text(printed)
        self._compare(printed, shows)

    def _started(self, command: str, user: str) -> "subprocess.Popen[str]":
        name, *arguments = command.split()
        return subprocess.Popen(
            [self.plane.programs["leash"], "--", self.plane.programs[name], *arguments],
            env=os.environ | self._environment(user),
            cwd=MANIFESTS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _compare(self, printed: str, shows: str) -> None:
        for expected in shows.split(" ... "):
            if expected not in printed:
                self.console.print(Text(f"expected to see: {expected}", style="bold red"))
                self.as_told = False

    def _environment(self, user: str) -> dict[str, str]:
        """Return variables with which kubectl acts as the user, and finds the plugin."""
        plugins = Path(sys.executable).parent
        return self.plane.environment(user) | {"PATH": f"{plugins}{os.pathsep}{os.environ['PATH']}"}


def _style(line: str) -> str:
    if line.startswith("Error"):
        return "red"
    return "yellow" if line.startswith("Warning") else ""
