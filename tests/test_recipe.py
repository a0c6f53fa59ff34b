"""The recipe of CONTRIBUTING.md, followed in a copy of the project: the new restriction and the new predicate fire."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import orjson
import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
COPIED: Final = ("bench", "certs", "examples", "testbed", "tests", "tools", "webhook", "charts", "docs")
COPIED_FILES: Final = ("CONTRIBUTING.md", "README.md", "pyproject.toml")
FENCE: Final = re.compile(r"^ *```.*\n", re.MULTILINE)
PATH: Final = re.compile(r"`([\w/-]+\.(?:py|yaml))`")
RACK: Final = "example.com/rack"


def the_files_of(text: str) -> dict[str, str]:
    """Return the files that the recipe writes out, by the path that is named last before each."""
    parts = FENCE.split(text)
    return {PATH.findall(prose)[-1]: dedent(code) for prose, code in zip(parts[::2], parts[1::2], strict=False)}


def list_after(file: Path, neighbour: str, name: str) -> None:
    """Repeat each line that is nothing but the neighbour's name (and its package), with another name."""
    lines = file.read_text().splitlines(keepends=True)
    listed = re.compile(rf'\s*"?(webhook\.engine\.\w+\.)?{neighbour}"?,\n')
    repeated = ([line, line.replace(neighbour, name)] if listed.fullmatch(line) else [line] for line in lines)
    file.write_text("".join(line for pair in repeated for line in pair))


def write_story(path: Path, sentence: str, documents: list[dict[str, Any]]) -> None:
    """Write a fixture."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {sentence}\n---\n{yaml.safe_dump_all(documents)}")


class Project:
    """A copy of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name)
        for name in COPIED_FILES:
            shutil.copy(ROOT / name, folder / name)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run Python in the copy to an exit code; return what it prints."""
        result = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout

    def tests(self, *names: str, code: int = 0) -> str:
        """Run tests of the copy; return the last line."""
        output = self.run(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in names), code=code
        )
        return output.splitlines()[-1]

    def command(self, *arguments: str, code: int = 0) -> str:
        """Run the command line of the copy."""
        return self.run("-c", "from webhook.cli import main; main()", *arguments, code=code)

    def review(self, fixture: str, *, code: int) -> dict[str, Any]:
        """Judge a fixture by the `review` command."""
        path = f"tests/fixtures/{fixture}.yaml"
        response: dict[str, Any] = orjson.loads(self.command("review", path, "--cluster", path, code=code))["response"]
        return response


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Follow both recipes."""
    project = Project(tmp_path_factory.mktemp("project"))
    for name, text in the_files_of((ROOT / "CONTRIBUTING.md").read_text()).items():
        (project.folder / name).parent.mkdir(exist_ok=True)
        (project.folder / name).write_text(text + "\n")
    engine, fixtures = project.folder / "webhook" / "engine", project.folder / "tests" / "fixtures"
    for file in (engine / "restrictions" / "__init__.py", project.folder / "pyproject.toml"):
        list_after(file, "container_disk", "sysprep")
    for file in (engine / "targets" / "__init__.py", project.folder / "pyproject.toml"):
        list_after(file, "network", "rack")
    vmi, review, _ = yaml.safe_load_all((fixtures / "sysprep" / "deny-answers.yaml").read_text())
    del vmi["spec"]["volumes"]
    allowed = {"kind": "Expectation", "allowed": True}
    write_story(fixtures / "sysprep" / "allow-no-answers.yaml", "No answer file.", [vmi, review, allowed])
    for story in (fixtures / "network").glob("*.yaml"):
        text = story.read_text().replace("network.harvesterhci.io/storage", RACK)
        text = text.replace("cluster\n  network storage", "rack\n  true")
        (fixtures / "rack").mkdir(exist_ok=True)
        (fixtures / "rack" / story.name).write_text(text)
    return project


def test_the_new_restriction_refuses_a_migration(project: Project) -> None:
    refused = project.review("sysprep/deny-answers", code=1)

    assert [cause["reason"] for cause in refused["status"]["details"]["causes"]] == ["sysprep"]
    assert project.review("sysprep/allow-no-answers", code=0)["allowed"]


def test_the_new_predicate_names_the_reason_of_a_node(project: Project) -> None:
    response = project.review("rack/deny-node-outside-of-the-network", code=1)

    assert "node-b: is not in rack true (status.nodeName)" in response["status"]["message"]


def test_the_reference_has_both(project: Project) -> None:
    project.run("-m", "tools.documents")

    assert "\n| `sysprep` | " in (project.folder / "README.md").read_text()
    for entry, kind, page in (
        ("sysprep", "restriction", "restrictions"),
        ("rack", "target predicate", "target-predicates"),
    ):
        assert project.command("explain", entry).startswith(f"{entry} ({kind})\n\n")
        assert f"\n## {entry}\n" in (project.folder / "docs" / "reference" / f"{page}.md").read_text()


def test_the_tests_of_the_copy_pass_and_notice_a_rule_that_is_not_in_its_contract(project: Project) -> None:
    passed = project.tests("test_architecture.py", "test_fixtures.py", "engine/restrictions", "engine/targets")
    assert " passed" in passed

    pyproject = project.folder / "pyproject.toml"
    complete = pyproject.read_text()
    pyproject.write_text(complete.replace('    "webhook.engine.targets.rack",\n', ""))
    failed = project.tests("test_architecture.py", code=1)
    pyproject.write_text(complete)
    assert "1 failed" in failed
