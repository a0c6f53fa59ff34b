"""Namespaces in which a whole cluster lives, the tests that ask it included, and of which nothing stays.

The first process in them is the command that is given. When it ends, however it ends, the kernel ends every process in
them and takes away their mounts, interfaces, routes and firewall rules. Temporary files are in memory and go with the
mounts. Only control groups stay: the one who has started the command removes them.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from testbed.cluster import cgroups, network

VARIABLE: Final = "CONTROLPLANE_ENCLOSURE"
"""Tells a process that it is in one, and its name."""
GROUPS: Final = "live-migration-webhook-cluster-"
"""How the names of control groups begin."""
SCRATCH: Final = "/mnt"
"""A folder of every Debian that nobody needs: temporary files are there."""

UNSHARE: Final = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
"""Starts a command in namespaces that end with it, and with the one who started it."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in namespaces of its own, with the network of a control plane; return its exit code."""
    name = secrets.token_hex(4)
    # Those of a run that was killed.
    cgroups.remove(f"{GROUPS}*", patience=0)
    try:
        return _run(command, {**environment, VARIABLE: name, "TMPDIR": SCRATCH})
    finally:
        cgroups.remove(f"{GROUPS}{name}-*")


def is_entered() -> bool:
    """Tell whether this process is in namespaces that `run` has made."""
    return VARIABLE in os.environ


def group(name: str) -> str:
    """Return the name of a control group in this enclosure."""
    return f"{GROUPS}{os.environ[VARIABLE]}-{name}"


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    inside = [*UNSHARE, sys.executable, "-m", "testbed.cluster.enclosure", *command]
    with subprocess.Popen(inside, env={**os.environ, **environment}) as process:
        print(f"to look inside: nsenter --target {process.pid} --mount --net", file=sys.stderr, flush=True)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has told the command too.
                continue


if __name__ == "__main__":
    subprocess.run(["mount", "-t", "tmpfs", "cluster", SCRATCH], check=True)
    network.prepare()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - it takes this process's place, whose namespaces are its own
