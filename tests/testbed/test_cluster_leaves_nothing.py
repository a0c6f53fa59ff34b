"""A cluster is gone when the command that it was started for is: ended, failed or killed. The machine is as before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.cluster import enclosure, machine, traces
from testbed.waiting import until

ROOT = Path(__file__).parents[2]
BUSY = """
import subprocess, sys, time
from pathlib import Path
from testbed.cluster import cgroups, enclosure


cgroups.make(enclosure.group("worker-1"))
subprocess.Popen(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "60"])
for hierarchy in cgroups.hierarchies():
    (hierarchy / enclosure.group("worker-1") / "cgroup.procs").write_text("0")
subprocess.run(["nft", "add table inet tests"], check=True)
subprocess.run(["ip", "link", "add", "extra", "type", "bridge"], check=True)
Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
Path(sys.argv[1]).touch()
time.sleep(60)
"""
"""Does what a node does to a machine, and stays."""


@pytest.fixture(autouse=True)
def fit() -> None:
    """Fail where no cluster can run: CI's machines can."""
    machine.check()
    machine.install()


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    """Return a file by which the command tells that it is there."""
    return tmp_path / "busy"


def start(sign: Path) -> "subprocess.Popen[bytes]":
    """Start the command in an enclosure, as `make cluster` does; return once it has changed what it changes."""
    program = "import sys; from testbed.cluster import enclosure; sys.exit(enclosure.run(sys.argv[1:], {}))"
    process = subprocess.Popen(
        [sys.executable, "-c", program, sys.executable, "-c", BUSY, sign], cwd=ROOT, process_group=0
    )
    until(lambda: sign.exists() or process.poll() is not None)
    return process


def test_nothing_is_left_of_a_command_that_has_ended(sign: Path) -> None:
    before = traces.look()
    process = start(sign)
    during = traces.look().beyond(before)
    [command] = (int(child) for child in children(process.pid))

    os.kill(command, signal.SIGKILL)
    process.wait()

    assert {line.partition(" ")[0] for line in during} >= {"process", "control"}
    until(lambda: traces.look().beyond(before) == [])


def test_what_a_killed_one_leaves_is_removed_by_the_next(sign: Path) -> None:
    before = traces.look()
    process = start(sign)

    process.kill()
    process.wait()
    until(lambda: not [line for line in traces.look().beyond(before) if line.startswith("process")])
    assert enclosure.run(["true"], {}) == 0

    until(lambda: traces.look().beyond(before) == [])


def children(pid: int) -> list[str]:
    """Return the processes that a process has started."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return file.read_text().split() if file.exists() else []
