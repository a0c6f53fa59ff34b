"""The command `review`: one AdmissionReview in, the service's own answer out."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result

from testbed.builders import a_kubevirt, a_review
from testbed.serving import CLUSTER, a_migration
from tests.admission.answers import answered
from webhook.cli import main

VARIABLE = "LIVE_MIGRATION_WEBHOOK_"


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump_all(CLUSTER))
    return str(file)


def review(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Result:
    return CliRunner(env=environment).invoke(main, ["review", *arguments], input=io.BytesIO(stdin))


def test_an_allowed_review_is_answered_with_the_services_bytes_and_exit_code_0(cluster: str) -> None:
    result = review("-", "--cluster", cluster, stdin=a_migration())

    assert (result.exit_code, result.stdout_bytes, result.stderr) == (0, answered(a_migration()) + b"\n", "")


def test_a_denied_review_is_answered_with_the_services_bytes_and_exit_code_1(cluster: str) -> None:
    body = a_migration("with-cd")

    result = review("-", "--cluster", cluster, stdin=body)

    assert (result.exit_code, result.stdout_bytes, result.stderr) == (1, answered(body) + b"\n", "")
    assert b'"allowed":false' in result.stdout_bytes


def test_a_review_may_be_yaml_in_a_file(cluster: str, tmp_path: Path) -> None:
    file = tmp_path / "review.yaml"
    file.write_text(yaml.safe_dump(orjson.loads(a_migration())))

    assert review(str(file), "--cluster", cluster).stdout_bytes == answered(a_migration()) + b"\n"


@pytest.mark.parametrize(
    ("resource", "group", "document", "judged"),
    [
        ("virtualmachineinstancemigrations", "kubevirt.io", {"spec": {"vmiName": "with-cd"}}, b"cd-rom"),
        ("virtualmachines", "kubevirt.io", {"spec": "text"}, b"spec is a string"),
        ("virtualmachineinstances", "kubevirt.io", {"spec": "text"}, b"spec is a string"),
        ("pods", "", {"metadata": {"name": "no-launcher"}}, b'"allowed":true'),
    ],
)
def test_the_resource_decides_who_judges(cluster: str, resource: str, group: str, document: Any, judged: bytes) -> None:
    body = a_review(document, resource=resource)
    body["request"]["resource"]["group"] = group

    assert judged in review("-", "--cluster", cluster, stdin=orjson.dumps(body)).stdout_bytes


def test_the_path_decides_where_it_is_given(cluster: str) -> None:
    arguments = ("-", "--cluster", cluster, "--path", "/mutate/migrations")
    allowed, denied = (review(*arguments, stdin=a_migration(vmi)) for vmi in ("web", "with-cd"))

    assert (allowed.exit_code, denied.exit_code) == (0, 1)


def test_the_settings_that_matter_to_judging_are_heard(cluster: str) -> None:
    body = a_migration("with-cd")

    by_variable = {f"{VARIABLE}ENFORCEMENT": "cd-rom=warn"}

    assert review("-", "--cluster", cluster, "--profile", "kubevirt", stdin=body).exit_code == 0
    assert review("-", "--cluster", cluster, stdin=body, environment=by_variable).exit_code == 0


def test_controllers_are_judged_as_set(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump_all([*CLUSTER, a_kubevirt()]))
    body = a_migration("with-cd", userInfo={"username": "system:serviceaccount:kubevirt:kubevirt-controller"})

    assert review("-", "--cluster", str(file), stdin=body).exit_code == 0
    assert review("-", "--cluster", str(file), "--controller-enforcement", "deny", stdin=body).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "stdin", "error"),
    [
        pytest.param(["none.json"], b"", "none.json: No such file or directory", id="no file"),
        pytest.param(["-"], b"", "-: expected one AdmissionReview, not 0", id="nothing"),
        pytest.param(["-"], b"{", "-:2:1: ", id="neither JSON nor YAML"),
        pytest.param(["-"], b"[]", "no endpoint judges the resource ''; there are ", id="no review"),
        pytest.param(
            ["-", "--path", "/validate/migrations"], b"[]", "expected an AdmissionReview, not a list", id="a list"
        ),
        pytest.param(
            ["-"],
            b"kind: AdmissionReview\n---\nkind: AdmissionReview\n",
            "-: expected one AdmissionReview, not 2",
            id="two reviews",
        ),
        pytest.param(["-", "--path", "/x"], a_migration(), "--path /x: there are /validate/migrations, ", id="path"),
        pytest.param(
            ["-"],
            a_migration().replace(b"virtualmachineinstancemigrations", b"secrets"),
            "no endpoint judges the resource 'secrets'; there are ",
            id="resource",
        ),
        pytest.param(
            ["-", "--path", "/validate/virtualmachines"],
            a_migration(),
            "/validate/virtualmachines judges virtualmachineinstances and virtualmachines of kubevirt.io, not",
            id="another endpoint's",
        ),
        pytest.param(
            ["-"],
            a_migration().replace(b'"uid":"u-1"', b'"uid":""'),
            "the AdmissionReview has no request.uid",
            id="uid",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_exit_code_2(
    cluster: str, arguments: list[str], stdin: bytes, error: str
) -> None:
    result = review(*arguments, "--cluster", cluster, stdin=stdin)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {error}")


def test_manifests_that_cannot_be_read_are_told_with_exit_code_2(tmp_path: Path) -> None:
    result = review("-", "--cluster", str(tmp_path / "none"), stdin=a_migration())

    assert (result.exit_code, result.stderr) == (2, f"Error: {tmp_path}/none: No such file or directory\n")


def test_a_cluster_that_cannot_be_reached_is_told_with_exit_code_3(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "x",
        "contexts": [context],
        "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "x", "user": {"token": "x"}}],
    }
    kubeconfig.write_text(yaml.safe_dump(config))

    result = review("-", "--kubeconfig", str(kubeconfig), stdin=a_migration())

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: https://127.0.0.1:1 can't be reached: ")


def test_wrong_settings_are_all_told_with_exit_code_2(cluster: str) -> None:
    result = review("-", "--cluster", cluster, "--profile", "x", "--enforcement", "y=off", stdin=a_migration())

    assert result.exit_code == 2
    assert [line.partition(" (")[0] for line in result.stderr.splitlines()] == ["Error: profile", "Error: enforcement"]


def test_the_exit_codes_are_documented() -> None:
    text = " ".join(review("--help").stdout.split())

    assert "0 allowed; 1 denied; 2 wrong usage, or unreadable input; 3 the cluster is not reachable" in text


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_the_version_is_printed(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).stdout == "0.1.0\n"


def test_every_setting_is_in_the_help_of_serve_with_its_variable() -> None:
    text = CliRunner().invoke(main, ["serve", "--help"], env={"COLUMNS": "1000"}).stdout

    assert "--max-in-flight VALUE" in text
    assert "[LIVE_MIGRATION_WEBHOOK_MAX_IN_FLIGHT; default: 200]" in " ".join(text.split())


def test_other_packages_bring_commands() -> None:
    assert "certs" in CliRunner().invoke(main, ["--help"]).stdout
