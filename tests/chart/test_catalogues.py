"""What Artifact Hub and Rancher show of the chart is true."""

import tomllib
from pathlib import Path

import yaml

from testbed.chart import CHART, of_kind, render

CHART_FILE = yaml.safe_load((CHART / "Chart.yaml").read_text())
ANNOTATIONS = CHART_FILE["annotations"]


def test_the_chart_installs_the_version_that_is_here() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]

    assert CHART_FILE["appVersion"] == project["version"]
    assert ANNOTATIONS["artifacthub.io/license"] == project["license"]


def test_the_images_are_those_that_are_installed() -> None:
    listed = [each["image"] for each in yaml.safe_load(ANNOTATIONS["artifacthub.io/images"])]
    installed = {
        container["image"]
        for deployment in of_kind(render(), "Deployment")
        for container in deployment["spec"]["template"]["spec"]["containers"]
    }

    assert set(listed) == installed


def test_every_change_says_of_which_kind_it_is() -> None:
    changes = yaml.safe_load(ANNOTATIONS["artifacthub.io/changes"])

    assert {tuple(change) for change in changes} == {("kind", "description")}
    assert {change["kind"] for change in changes} <= {"added", "changed", "deprecated", "removed", "fixed", "security"}


def test_rancher_installs_where_helm_does() -> None:
    assert ANNOTATIONS["catalog.cattle.io/kube-version"] == CHART_FILE["kubeVersion"]
