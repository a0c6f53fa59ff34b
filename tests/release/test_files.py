"""The files by which other tools find us: the hook of pre-commit, licences, workflows, and the lock files."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tools.examples import ROOT

WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REQUIREMENTS: Final = ROOT / "requirements"


def jobs(workflow: Path) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def test_the_hook_of_pre_commit_checks_the_files_that_it_is_given() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    name, *arguments = hook["entry"].split()
    done = subprocess.run(
        [
            Path(sys.executable).with_name(name),
            *arguments,
            "examples/cluster/office.yaml",
            "examples/cluster/kubevirt.yaml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "2 of 3 VMs cannot move.")


def test_the_licence_is_the_same_wherever_it_is_looked_for() -> None:
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "LICENSES" / "Apache-2.0.txt").read_bytes()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit_and_tells_its_version(workflow: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", workflow.read_text())

    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_no_job_has_rights_or_time_that_it_does_not_name(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}
    for job in jobs(workflow).values():
        assert {"permissions", "timeout-minutes"} <= set(job)


def test_one_action_has_one_version_everywhere() -> None:
    used = {each for file in WORKFLOWS for each in re.findall(r"uses: ([\w./-]+@[0-9a-f]{40})", file.read_text())}

    assert len({each.partition("@")[0] for each in used}) == len(used)


def test_what_is_tested_is_what_is_shipped() -> None:
    """The lock files of the tests and of the image agree on every version."""
    pinned = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", re.MULTILINE)
    shipped, tested = (dict(pinned.findall((REQUIREMENTS / f"{name}.txt").read_text())) for name in ("runtime", "dev"))

    assert shipped.items() <= tested.items()
