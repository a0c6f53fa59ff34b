"""Whether a cluster can run on this machine, and what has to be installed for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = {
    "buildah": "buildah",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "nft": "nftables",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
"""Program -> the package of Debian that has it."""

CAPABILITIES: Final = {"CAP_NET_ADMIN": 12, "CAP_SYS_CHROOT": 18, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21}
"""What making namespaces, mounts and containers takes, with the numbers of the bits."""

POLICY: Final = Path("/usr/sbin/policy-rc.d")
"""What Debian's packages ask whether they may start their services."""


class UnfitError(Exception):
    """No cluster can run here; the message says why, in one line."""


def check() -> None:
    """Raise UnfitError unless this is a Debian-like machine on which this process may do everything."""
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        raise UnfitError("a cluster needs Linux with apt-get (Debian or Ubuntu)")
    if os.geteuid() != 0:
        raise UnfitError("a cluster needs root: its nodes mount, route and keep control groups")
    if missing := [name for name, bit in CAPABILITIES.items() if not _effective() >> bit & 1]:
        raise UnfitError(f"a cluster needs {', '.join(missing)}, which this container doesn't have")


def install() -> None:
    """Install the packages that are missing, without starting a service of theirs; say which."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if not missing:
        return
    print(f"installing {' '.join(missing)} with apt-get", file=sys.stderr, flush=True)
    quiet = not POLICY.exists()
    if quiet:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", *missing)
    finally:
        if quiet:
            POLICY.unlink()


def _apt(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnfitError(f"apt-get {' '.join(arguments)} failed: {done.stderr.strip()}")


def _effective() -> int:
    """Return the capabilities that this process has, as bits."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
