"""Programs are built once for each content of their modules, and say so when they can't be."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed import build
from testbed.build import BuildFailedError, GoMissingError, Module

ROOT = Path(__file__).parents[2]

MAIN = """package main

var version = "none"

func main() { println(version) }
"""


class Terminal(io.StringIO):
    """Output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """Return a module of one small program, whose builds are kept in a cache of the test's own."""
    go_cache = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("GOCACHE", go_cache)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "greeting"
    (source / "library").mkdir(parents=True)
    (source / "library" / "go.mod").write_text("module example.test/library\n\ngo 1.25\n")
    (source / "go.mod").write_text(
        "module greeting\n\ngo 1.25\n\nrequire example.test/library v1.35.4\n\n"
        "replace example.test/library => ./library\n"
    )
    (source / "go.sum").write_text("")
    (source / "main.go").write_text(MAIN)
    return Module(
        folder=source,
        packages={"greeting": "."},
        links=("hello",),
        version_of="example.test/library",
        version_variables=("main.version={version}+{minor}",),
    )


@pytest.mark.parametrize(
    ("file", "line"),
    [
        pytest.param("go.sum", "example.test/library v1.35.4 h1:AAAA=\n", id="go.sum"),
        pytest.param("go.mod", "// a comment\n", id="go.mod"),
        pytest.param("main.go", "// a comment\n", id="source"),
        pytest.param("more.go", "package main\n", id="new source"),
    ],
)
def test_another_content_is_another_build(module: Module, file: str, line: str) -> None:
    before = module.key()
    with (module.folder / file).open("a") as opened:
        opened.write(line)
    assert module.key() != before


def test_what_is_no_part_of_the_program_changes_no_build(module: Module) -> None:
    before = module.key()
    (module.folder / "README.md").write_text("words")
    assert module.key() == before


def test_a_program_is_built_once_and_knows_its_version(module: Module) -> None:
    first, second = io.StringIO(), io.StringIO()
    programs = build.build(module, progress=first)
    assert build.build(module, progress=second) == programs
    assert first.getvalue().startswith(
        "building greeting (some minutes when Go's own cache is empty)\nbuilding greeting: "
    )
    assert second.getvalue() == ""
    said = [subprocess.run([programs[name]], capture_output=True, check=True).stderr for name in ("greeting", "hello")]
    assert said == [b"v1.35.4+35\n", b"v1.35.4+35\n"]


def test_two_runs_at_once_build_once(module: Module) -> None:
    progress = io.StringIO()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: build.build(module, progress=progress), range(2)))
    assert results[0] == results[1]
    assert progress.getvalue().count("done after") == 1


def test_progress_stays_on_one_line_of_a_terminal(module: Module) -> None:
    progress = Terminal()
    build.build(module, progress=progress)
    assert progress.getvalue().startswith("\rbuilding greeting: 0 s\r")
    assert progress.getvalue().count("\n") == 1


def test_a_build_that_fails_says_what_go_said_and_leaves_nothing(module: Module) -> None:
    (module.folder / "main.go").write_text("package main\n\nfunc main() { nothing() }\n")
    with pytest.raises(BuildFailedError) as failure:
        build.build(module, progress=io.StringIO())
    assert str(failure.value).endswith("./main.go:3:15: undefined: nothing\n")
    assert [entry.name for entry in (build.cache() / "greeting").iterdir()] == ["lock"]


def test_only_the_builds_used_last_are_kept(module: Module) -> None:
    built = []
    for number in range(5):
        (module.folder / "more.go").write_text(f"package main\n\nconst number = {number}\n")
        built.append(build.build(module, progress=io.StringIO())["greeting"].parent)
    assert [folder.exists() for folder in built] == [False, False, True, True, True]


def test_a_missing_go_is_one_line_that_says_what_to_install(
    module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        GoMissingError, match=r"\AGo is missing: install Go 1\.26 or newer so that `go` is on the PATH\Z"
    ):
        build.build(module)


def test_without_go_a_test_that_needs_the_control_plane_fails_and_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needing = tmp_path / "test_needing.py"
    needing.write_text("def test_needing(control_plane): pass\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    command = [sys.executable, "-m", "pytest", "-p", "testbed.fixtures", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run([*command, needing], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "_\nGo is missing: install Go 1.26 or newer so that `go` is on the PATH\n=" in result.stdout, result.stdout
