"""The GitHub action, its steps run as GitHub's runner runs them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml

from tools.release import ROOT

ACTION: Final[Any] = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, CHECK = ACTION["runs"]["steps"]
BASH: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` means to GitHub (workflow syntax, jobs.<job_id>.steps[*].shell)."""


class Runner(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner gives to the steps of an action."""

    temp: Path
    inputs: Mapping[str, str]

    def run(self, step: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a step; its script is in a file, and its inputs have been put into its environment."""
        assert step["shell"] == "bash"
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        given = {name: {"default": "", **each}["default"] for name, each in ACTION["inputs"].items()} | {**self.inputs}
        environment = {name: given[text.removeprefix("${{ inputs.")[:-3]] for name, text in step["env"].items()}
        return subprocess.run(
            [*BASH, script],
            cwd=ROOT,
            env=os.environ
            | {"RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_STEP_SUMMARY": str(self.summary)}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def summary(self) -> Path:
        """The page that people see when the job is over."""
        return self.temp / "summary.md"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the first step as it stands; return the runner's folder."""
    temp = tmp_path_factory.mktemp("runner")
    done = Runner(temp=temp, inputs={}).run(INSTALL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return temp


def test_what_can_not_move_is_told_with_file_and_line(installed: Path, tmp_path: Path) -> None:
    """The shell of a step ends it at the first command that fails: the findings are to be told all the same."""
    sarif = tmp_path / "out.sarif"
    inputs = {"manifests": "examples/cluster/office.yaml examples/cluster/lab.yaml", "sarif": str(sarif)}
    runner = Runner(temp=installed, inputs=inputs | {"arguments": "--profile kubevirt"})

    done = runner.run(CHECK)

    assert (done.returncode, done.stderr) == (1, "")
    assert "examples/cluster/office.yaml:185:15: error: VM office/fileserver: bridge-network: " in done.stdout
    assert done.stdout.splitlines()[-1] == "2 of 7 VMs cannot move."
    assert '"ruleId": "bridge-network"' in sarif.read_text()
    assert "VM office/fileserver" in runner.summary.read_text()


def test_all_is_well_where_every_vm_can_move(installed: Path, tmp_path: Path) -> None:
    sarif = tmp_path / "out.sarif"
    inputs = {"manifests": "examples/cluster/office.yaml", "sarif": str(sarif)}
    runner = Runner(temp=installed, inputs=inputs | {"arguments": "--enforcement bridge-network=off,cd-rom=off"})

    done = runner.run(CHECK)

    assert (done.returncode, done.stderr) == (0, "")
    assert sarif.read_text().startswith("{")


def test_a_file_that_is_not_there_is_told_once(installed: Path, tmp_path: Path) -> None:
    inputs = {"manifests": "nowhere.yaml", "sarif": str(tmp_path / "out.sarif")}

    done = Runner(temp=installed, inputs=inputs).run(CHECK)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", "error: nowhere.yaml: No such file or directory\n")


def test_a_python_that_is_too_old_is_told(tmp_path: Path) -> None:
    done = Runner(temp=tmp_path, inputs={"python": "/bin/false"}).run(INSTALL)

    assert (done.returncode, done.stdout) == (
        2,
        "::error::/bin/false is not Python 3.11 or later: name another one as the input python\n",
    )
