"""Opening a cluster: the same reading from manifests and from an API server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from testbed.api import Api as Admin
from testbed.builders import a_vmi_document
from testbed.control_plane import ControlPlane
from tests.kube.test_watched_cluster import put
from webhook.cli import main
from webhook.kube.opening import read_cluster
from webhook.kube.refusals import ApiError
from webhook.state.kinds import VMI
from webhook.state.manifests import UnreadableManifest


def renamed(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give VMIs another hostname, and leave all else."""
    if document.get("kind") != VMI.name:
        return document
    return {**document, "spec": {**document["spec"], "hostname": "other"}}


def test_manifests_are_read_from_a_folder_and_its_folders_as_they_are_changed(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "vmi.json").write_text(json.dumps(a_vmi_document(name="web")))
    (tmp_path / "notes.txt").write_text("kind: [")

    reading = read_cluster(str(tmp_path), "", "", change=renamed)

    vmi = reading.snapshot.vmi("default", "web")
    assert vmi is not None
    assert vmi.hostname == "other"
    assert (reading.namespace, reading.missing, reading.forbidden) == ("default", (), ())


def test_an_api_server_is_read_as_its_objects_are_changed(bare_plane: ControlPlane, admin: Admin, place: str) -> None:
    put(admin, VMI, place, a_vmi_document(name="web"))

    reading = read_cluster("", str(bare_plane.kubeconfig()), "", change=renamed)

    vmi = reading.snapshot.vmi(place, "web")
    assert vmi is not None
    assert vmi.hostname == "other"
    assert (reading.namespace, reading.missing, reading.forbidden) == ("default", (), ())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableManifest, match=r"/none\.yaml: No such file or directory$"):
        read_cluster(str(tmp_path / "none.yaml"), "", "")


def test_without_credentials_there_is_no_api_server(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=rf"^there is no kubeconfig at {tmp_path}/none$"):
        read_cluster("", str(tmp_path / "none"), "")


def test_a_service_without_credentials_does_not_start(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["serve", "--kubeconfig", str(tmp_path / "none")])

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"Error: there is no kubeconfig at {tmp_path}/none")
