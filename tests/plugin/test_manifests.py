"""Manifests in Git: files, lines, and what if."""

import json
from pathlib import Path

import pytest

from tests.plugin.conftest import Typed

VM = """\
# A web server.
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  template:
    spec:
      domain:
        devices:
          interfaces: [{name: default, masquerade: {}}]
          disks:
            - name: root
              disk: {}
            - name: iso
              cdrom:
                bus: sata
      networks: [{name: default, pod: {}}]
      volumes:
        - name: root
          persistentVolumeClaim: {claimName: root}
        - name: iso
          containerDisk: {image: tools}
"""
CD_ROM = 'VM default/web: cd-rom: disk "iso" is a CD-ROM with a volume in it'
CONTAINER_DISK = (
    'VM default/web: container-disk: volume "iso" is a container disk (spec.template.spec.volumes[1].containerDisk)'
)


def places(out: str) -> list[str]:
    """Return the places that lines begin with."""
    return [line.partition(": error")[0] for line in out.splitlines()[:-1]]


def test_each_fault_has_its_line_and_column(tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(VM)
    answer = typed("check", "-f", str(file))
    assert answer.code == 1
    assert answer.out.splitlines() == [
        f"{file}:16:15: error: {CD_ROM} (spec.template.spec.domain.devices.disks[1].cdrom). Eject the CD-ROM.",
        f"{file}:23:11: error: {CONTAINER_DISK}. Remove the volume and its disk.",
        "1 of 1 VM cannot move.",
    ]


def test_json_has_lines_too_even_with_tabs(tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "web.json"
    vm = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"domain": {"devices": {"gpus": [{"name": "a"}], "interfaces": []}}}}},
    }
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [vm]}, indent="\t"))
    places_ = places(typed("check", "-f", str(file), "--enforcement", "bridge-network=off").out)
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if '"gpus"' in text)
    assert places_ == [f"{file}:{line + 1}:{places_[0].rpartition(':')[2]}"]


def test_a_missing_field_is_placed_at_what_is_around_it(tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "bare.yaml"
    file.write_text("apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: bare}\nspec:\n  template: {}\n")
    assert places(typed("check", "-f", str(file)).out) == [f"{file}:5:3"]


def test_manifests_are_read_in_place_of_what_the_cluster_has(tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "claim.yaml"
    claim = (
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: root}, spec: {accessModes: [ReadWriteOnce]}}"
    )
    file.write_text(VM.replace("              cdrom:\n                bus: sata\n", "") + f"---\n{claim}\n")
    assert "read-write-once" in typed("check", "-f", str(file), "--cluster", "examples/cluster").out


def test_standard_input_is_a_file(tmp_path: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(VM)
    with file.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert places(typed("check", "-f", "-").out) == ["-:16:15", "-:23:11"]


def test_files_without_vms_are_fine(tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("replicas: 2\n")
    answer = typed("check", "-f", str(file))
    assert (answer.code, answer.err) == (0, "note: there are no VMs\n")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("spec.domain.devices.disks[1]={name: iso, disk: {}}", 1),
        ("spec.template.spec.volumes=[]", 0),
        ("spec.domain.cpu.model=XYZ", 1),
    ],
)
def test_what_if_changes_the_vm_before_it_is_judged(change: str, code: int, tmp_path: Path, typed: Typed) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(VM)
    assert typed("check", "-f", str(file), "--set", change).code == code


def test_what_if_reaches_what_runs_too(typed: Typed) -> None:
    arguments = ("check", "builder", "-n", "lab", "--cluster", "examples/cluster")
    assert typed(*arguments).code == 1
    assert typed(*arguments, "--set", "spec.domain.cpu.model=Broadwell-noTSX").code == 0


def test_a_chart_is_left_out_with_the_way_to_check_it(tmp_path: Path, typed: Typed) -> None:
    templates = tmp_path / "chart" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: chart\n")
    (templates / "vm.yaml").write_text("kind: VirtualMachine\nmetadata:\n  name: {{ .Values.name }}\n")
    (tmp_path / "web.yaml").write_text(VM)
    answer = typed("check", "-f", str(tmp_path))
    assert (answer.code, len(places(answer.out))) == (1, 2)
    assert answer.err.splitlines() == [
        (
            f"note: {tmp_path}/chart is a Helm chart, render it first: "
            f"helm template {tmp_path}/chart | kubectl livemigration check -f -"
        ),
        "note: 2 files read",
    ]


def test_a_template_that_is_named_is_told_too(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "vm.yaml").write_text("metadata:\n  name: {{ .Values.name }}\n")
    answer = typed("check", "-f", str(tmp_path / "vm.yaml"))
    assert answer.code == 0
    assert "vm.yaml is a Helm template, render it first: helm template CHART | " in answer.err


def test_a_bad_file_does_not_hide_the_others(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "bad.yaml").write_text("a: [1,\n  b: }\n")
    (tmp_path / "web.yaml").write_text(VM)
    answer = typed("check", "-f", str(tmp_path))
    assert (answer.code, len(places(answer.out))) == (2, 2)
    assert f"error: {tmp_path}/bad.yaml:2:6: did not find expected node content" in answer.err.splitlines()


def test_of_a_kustomize_folder_only_the_resources_are_read(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [web.yaml]\npatches: [{path: cpu.yaml}]\n")
    (tmp_path / "web.yaml").write_text(VM)
    (tmp_path / "cpu.yaml").write_text("{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: web}}\n")
    answer = typed("check", "-f", str(tmp_path))
    assert len(places(answer.out)) == 2
    assert f"note: {tmp_path} is a kustomize folder, only its resources are read; for the result: " in answer.err


@pytest.mark.parametrize("pattern", ["web.yaml", "*/web.yaml", "we?.yaml", "vms"])
def test_files_and_folders_can_be_left_out(pattern: str, tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "vms").mkdir()
    (tmp_path / "vms" / "web.yaml").write_text(VM)
    answer = typed("check", "-f", str(tmp_path), "--exclude", pattern)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "note: 0 files read\nnote: there are no VMs\n"
