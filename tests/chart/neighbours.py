"""The resource definitions of software that the chart works with, from the Go modules that carry them."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from testbed.api import Api, ApiError
from testbed.chart import Object

CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A module at a version, its checksum as Go computes it, and the definitions in it."""

    module: str
    version: str
    checksum: str
    files: tuple[str, ...]

    def definitions(self) -> Iterator[Object]:
        """Yield the definitions, downloaded once into Go's own cache."""
        command = ["go", "mod", "download", "-json", f"{self.module}@{self.version}"]
        downloaded = json.loads(subprocess.run(command, capture_output=True, check=True, text=True, cwd="/").stdout)
        if downloaded["Sum"] != self.checksum:
            raise ValueError(f"{self.module}@{self.version} has the checksum {downloaded['Sum']}, not {self.checksum}")
        for file in self.files:
            yield yaml.load((Path(downloaded["Dir"]) / file).read_bytes(), yaml.CSafeLoader)


CERT_MANAGER: Final = Neighbour(
    module="github.com/cert-manager/cert-manager",
    version="v1.19.1",
    checksum="h1:Txh8L/nLWTDcb7ZnXuXbTe15BxQnLbLirXmbNk0fGgY=",
    files=("deploy/crds/cert-manager.io_certificates.yaml", "deploy/crds/cert-manager.io_issuers.yaml"),
)
PROMETHEUS_OPERATOR: Final = Neighbour(
    module="github.com/prometheus-operator/prometheus-operator",
    version="v0.79.2",
    checksum="h1:H/HCiMS4dXQyiFHw28PFlWMh15YUraL3MFe8u7k7dGA=",
    files=tuple(
        f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml"
        for plural in ("podmonitors", "prometheusrules", "servicemonitors")
    ),
)


def install(api: Api, neighbour: Neighbour) -> None:
    """Create the definitions, unless they are there; return when the API server serves them."""
    for definition in neighbour.definitions():
        try:
            api.post(CRDS, definition)
        except ApiError as error:
            if error.status != 409:
                raise
        group, names = definition["spec"]["group"], definition["spec"]["names"]
        version = definition["spec"]["versions"][0]["name"]
        api.wait(f"/apis/{group}/{version}/{names['plural']}", lambda _: True)
