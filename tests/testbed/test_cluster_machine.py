"""Where no cluster can run, one line says why, and an exit code of its own tells scripts."""

import subprocess
import sys
from pathlib import Path

from testbed.cluster.__main__ import UNFIT

ROOT = Path(__file__).parents[2]
CHECK = (sys.executable, "-m", "testbed.cluster", "--check")


def checked(*before: str) -> subprocess.CompletedProcess[str]:
    """Ask whether a cluster can run, with something taken away by the command before."""
    return subprocess.run([*before, *CHECK], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_container_without_the_rights_to_mount_is_told_which_it_lacks() -> None:
    answer = checked("setpriv", "--bounding-set=-sys_admin")

    assert (answer.returncode, answer.stderr) == (
        UNFIT,
        "a cluster needs CAP_SYS_ADMIN, which this container doesn't have\n",
    )


def test_a_machine_without_apt_is_told_what_it_takes() -> None:
    answer = checked("env", "PATH=/nowhere")

    assert (answer.returncode, answer.stderr) == (
        UNFIT,
        "a cluster needs Linux with apt-get (Debian or Ubuntu)\n",
    )


def test_a_machine_with_all_of_it_can() -> None:
    assert checked().returncode == 0
