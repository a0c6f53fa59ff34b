"""Namespaces in which a whole cluster lives, the tests that ask it included, and of which nothing stays.

The first process in them is the command that is given. When it ends, however it ends, the kernel ends every process in
them and takes away their mounts, interfaces, routes and firewall rules.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from testbed.cluster import network

VARIABLE: Final = "LIVE_MIGRATION_WEBHOOK_ENCLOSURE"
"""Tells a process that it is in one."""

UNSHARE: Final = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in namespaces of its own, with the network of a control plane; return its exit code."""
    inside = [*UNSHARE, sys.executable, "-m", "testbed.cluster.enclosure", *command]
    with subprocess.Popen(inside, env={**os.environ, **environment, VARIABLE: "1"}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has told the command too.
                continue


def is_entered() -> bool:
    """Tell whether this process is in namespaces that `run` has made."""
    return VARIABLE in os.environ


if __name__ == "__main__":
    network.prepare()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - it takes this process's place, whose namespaces are its own
