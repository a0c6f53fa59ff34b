"""What the chart renders for each version of Kubernetes, to the newest, fits the schemas of that version."""

import re
from typing import Final

import kubernetes_validate.utils as schemas
import pytest
import yaml

from testbed.chart import CHART, NAMESPACE, RELEASE, Object, helm
from testbed.chart_values import APIS, BUILT_IN, EVERYTHING

OTHERS: Final = frozenset({"Certificate", "Issuer", "PrometheusRule", "ServiceMonitor"})
"""Kinds that no version of Kubernetes has by itself; test_conformance.py holds them against their own schemas."""


def oldest() -> int:
    """Return the minor version from which on the chart can be installed."""
    (minor,) = re.findall(r">=1\.(\d+)\.0", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"])
    return int(minor)


def minors() -> list[int]:
    """Return the minor versions that the chart takes and that there are schemas of."""
    present = {int(version.split(".")[1]) for version in schemas.all_versions() if version[0] == "1"}
    return sorted(minor for minor in present if minor >= oldest())


def rendered(minor: int) -> list[Object]:
    """Return the defaults, all that is built in and all there is, as helm renders them for a version."""
    options = ["--namespace", NAMESPACE, "--kube-version", f"1.{minor}.0", *(f"--api-versions={api}" for api in APIS)]
    texts = (helm("template", RELEASE, str(CHART), *options, values=values) for values in ({}, BUILT_IN, EVERYTHING))
    return [document for text in texts for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def test_there_are_schemas_from_the_oldest_version_to_the_newest_without_a_gap() -> None:
    assert minors() == list(range(oldest(), minors()[-1] + 1))


@pytest.mark.parametrize("minor", minors())
def test_everything_fits_the_schemas_of_each_version(minor: int) -> None:
    objects = rendered(minor)

    assert {each["kind"] for each in objects} >= OTHERS
    for each in objects:
        if each["kind"] not in OTHERS:
            assert schemas.validate(each, f"1.{minor}", strict=True) == f"1.{minor}"


def test_a_field_that_only_a_newer_version_has_is_found() -> None:
    deployment, *_ = (each for each in rendered(oldest()) if each["kind"] == "Deployment")
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]
    deployment["spec"]["template"]["spec"]["containers"][0]["restartPolicyRules"] = rules

    with pytest.raises(schemas.ValidationError, match="restartPolicyRules"):
        schemas.validate(deployment, f"1.{oldest()}", strict=True)
    assert schemas.validate(deployment, f"1.{minors()[-1]}", strict=True) == f"1.{minors()[-1]}"
