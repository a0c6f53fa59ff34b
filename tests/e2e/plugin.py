"""`kubectl livemigration` as a person starts it, with a terminal and without."""

import os
import subprocess
from typing import Final

import pexpect

from testbed.control_plane import ControlPlane
from tools.examples import PROGRAM

PATIENCE: Final = 60
"""Seconds after which a command is given up."""


def environment(plane: ControlPlane, user: str = "admin", **more: str) -> dict[str, str]:
    """Return the environment in which a person works, with the plugin on the PATH."""
    path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
    return {**os.environ, **plane.environment(user), "PATH": path, "TERM": "xterm-256color", **more}


def said(plane: ControlPlane, *arguments: str, user: str = "admin", **more: str) -> subprocess.CompletedProcess[str]:
    """Run the plugin to its end, without a terminal."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment(plane, user, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def terminal(plane: ControlPlane, *arguments: str, user: str = "alice") -> "pexpect.spawn[str]":
    """Type a command of the plugin as kubectl's at a terminal of 100 columns."""
    command = [str(plane.programs["kubectl"]), "livemigration", *arguments]
    return pexpect.spawn(
        command[0],
        command[1:],
        env=environment(plane, user),
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 100),
    )


def ended(child: "pexpect.spawn[str]") -> int | None:
    """Wait for the end of a command; return its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus
