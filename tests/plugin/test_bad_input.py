"""Whatever is wrong, there is one line that says what to do, the documented exit code, and nothing is written."""

from pathlib import Path
from typing import Final

import pytest

from tests.plugin.conftest import Typed

CLUSTER: Final = ("--cluster", "examples/cluster")
NO_KUBECONFIG: Final = "there is no kubeconfig at /nowhere/config; --kubeconfig names one, --cluster takes manifests"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("chek",), 2, 'there is no command "chek"; is it "check"? (kubectl livemigration --help tells more)'),
        (("frobnicate",), 2, "No such command 'frobnicate'. (kubectl livemigration --help tells more)"),
        (
            ("check", "--verbos"),
            2,
            "No such option '--verbos'. Did you mean '--verbose'? (kubectl livemigration check --help tells more)",
        ),
        (("check", "-A", "web-1", *CLUSTER), 2, "-A means all VMs of all namespaces; leave out -n and names"),
        (
            ("check", "web-3", "-n", "shop", *CLUSTER),
            2,
            'there is no VM "web-3" in namespace shop; is it "web-2" or "web-1"?',
        ),
        (("check", "web-1", *CLUSTER), 2, 'there is no VM "web-1" in namespace default, but with -n shop there is'),
        (("check", "qqq", *CLUSTER), 2, 'there is no VM "qqq" in namespace default; check -A lists all'),
        (
            ("check", "-l", "a b", *CLUSTER),
            2,
            '"a b" is no label selector; there are key=value, key!=value, key in (a,b), key and !key',
        ),
        (
            ("check", "--profile", "rancher", *CLUSTER),
            2,
            'profile (flag --profile): expected harvester, kubevirt or auto, not "rancher"',
        ),
        (("drain", "node-9", *CLUSTER), 2, 'there is no node "node-9"; is it "node-5", "node-4" or "node-3"?'),
        (("start", "web-1", *CLUSTER), 2, "this needs an API server: leave out --cluster"),
        (("abort", "web-1", *CLUSTER), 2, "this needs an API server: leave out --cluster"),
        (
            ("start", "web-1", "--wait", "--dry-run", "server"),
            2,
            "--wait has nothing to wait for in a dry run; leave out one of them",
        ),
        (("check", "--cluster", "/nowhere"), 2, "/nowhere: No such file or directory"),
        (("check", "-f", "/nowhere.yaml"), 2, "/nowhere.yaml: No such file or directory"),
        (
            ("check", "-A", "--set", "cpu=1", *CLUSTER),
            2,
            '--set "cpu=1": expected a field below spec, such as spec.domain.cpu.model=XYZ',
        ),
        (
            ("check", "-A", "--set", "spec.volumes[9].name=x", *CLUSTER),
            2,
            "--set spec.template.spec.volumes[9].name: VirtualMachine render has no such place",
        ),
        (
            ("check", "-A", "--set", "spec.domain.cpu.modle=X", *CLUSTER),
            2,
            (
                '--set "spec.domain.cpu.modle=X": KubeVirt has no field spec.template.spec.domain.cpu.modle; '
                "is it spec.template.spec.domain.cpu.model?"
            ),
        ),
        (
            ("check", "--watch", *CLUSTER),
            2,
            "--watch shows a table of a cluster that changes; leave out -f, --cluster and -o",
        ),
        (("check",), 3, NO_KUBECONFIG),
        (("start", "web-1"), 3, NO_KUBECONFIG),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], code: int, said: str, typed: Typed) -> None:
    answer = typed(*arguments)
    assert (answer.code, answer.out, answer.err) == (code, "", f"error: {said}\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "{}: no objects of a cluster in it (.yaml, .yml and .json files are read)"),
        (b"a: [1,\n  b: }\n", "{}:2:6: did not find expected node content"),
        (b"\x00\x01\x02\xff\xfe", "{}: not YAML or JSON text"),
        (b"\xff\xd8\xff\xe0JFIF", "{}: not YAML or JSON text"),
        (b"when: 2026-99-99\n", "{}: no objects of a cluster in it (.yaml, .yml and .json files are read)"),
        (b"number: 1_:0\n", "{}: no objects of a cluster in it (.yaml, .yml and .json files are read)"),
        (b"[" * 100_000, "{}: nested more than 200 levels deep"),
        (b"just words", "{}: no objects of a cluster in it (.yaml, .yml and .json files are read)"),
        (b"x: y\n" * 4_000_000, "{}: 19 MiB of YAML, at most 16 are read; JSON may be longer"),
    ],
    ids=[
        "empty file",
        "syntax error",
        "binary",
        "picture",
        "impossible date",
        "odd number",
        "brackets without end",
        "words",
        "too much of it",
    ],
)
def test_a_file_that_is_no_manifest_is_told_in_one_line(
    content: bytes, said: str, tmp_path: Path, typed: Typed
) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(content)
    answer = typed("check", "--cluster", str(file))
    assert (answer.code, answer.out, answer.err) == (2, "", f"error: {said.format(file)}\n")


def test_an_empty_folder_is_told(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "notes.txt").write_text("kind: VirtualMachine")
    said = f"error: {tmp_path}: no objects of a cluster in it (.yaml, .yml and .json files are read)\n"
    assert typed("report", "--cluster", str(tmp_path)).err == said


def test_a_folder_without_the_right_to_read_is_told(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert typed("check", "--cluster", str(tmp_path / "loop.yaml")).code == 2


def test_nothing_is_written_beside_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    typed("report", *CLUSTER)
    typed("check", "--cluster", "/nowhere")
    assert not list(tmp_path.iterdir())


def test_a_namespace_without_vms_is_no_error(typed: Typed) -> None:
    answer = typed("check", *CLUSTER)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "note: there are no VMs in namespace default; -A looks at all\n"


def test_a_name_in_two_namespaces_is_found_in_the_one_that_is_named(tmp_path: Path, typed: Typed) -> None:
    vm = "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {{name: web, namespace: {}}}\n---\n"
    file = tmp_path / "two.yaml"
    file.write_text(vm.format("one") + vm.format("two"))
    cluster = ("--cluster", str(file))
    answer = typed("nodes", "web", *cluster)
    assert answer.err == 'error: there is no VM "web" in namespace default, but with -n one or -n two there is\n'
    assert "VM one/web is stopped" in typed("nodes", "web", "-n", "one", *cluster).err
