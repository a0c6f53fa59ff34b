"""Renders the chart with the real helm, for tests that want the objects an operator would install."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from testbed import build

CHART: Final = Path(__file__).parents[1] / "charts" / "live-migration-webhook"
RELEASE: Final = "live-migration-webhook"
NAMESPACE: Final = "live-migration-webhook"
IMAGE: Final = "docker.io/library/live-migration-webhook:0.1.0"
"""The image that the chart asks for by default, as a node names it."""
KUBE_VERSION: Final = "1.35.4"
"""What `helm template` takes the cluster for."""

Object = dict[str, Any]
Values = Mapping[str, Any]


class ChartError(Exception):
    """Helm refused; the message is the one it printed."""


@cache
def _program() -> Path:
    return build.build(build.TOOLS)["helm"]


def helm(*arguments: str, values: Values | None = None) -> str:
    """Run helm with the values; return what it prints on standard output, raise ChartError when it refuses."""
    chosen = () if values is None else ("--values", "-")
    result = subprocess.run(
        [_program(), *arguments, *chosen],
        input=yaml.safe_dump(values or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ChartError(result.stderr.strip())
    return result.stdout


def render_text(
    values: Values | None = None, *, release: str = RELEASE, namespace: str = NAMESPACE, apis: Iterable[str] = ()
) -> str:
    """Return the manifests as helm prints them; `apis` are API versions the cluster has beside the built-in."""
    options = ["--namespace", namespace, "--kube-version", KUBE_VERSION, *(f"--api-versions={api}" for api in apis)]
    return helm("template", release, str(CHART), *options, values=values or {})


def render(
    values: Values | None = None, *, release: str = RELEASE, namespace: str = NAMESPACE, apis: Iterable[str] = ()
) -> list[Object]:
    """Return the objects that an installation with these values consists of."""
    manifests = _rendered(json.dumps(values or {}), release, namespace, tuple(apis))
    return [document for document in yaml.load_all(manifests, yaml.CSafeLoader) if document]


@cache
def _rendered(values: str, release: str, namespace: str, apis: tuple[str, ...]) -> str:
    """Render once for all tests that ask for the same."""
    return render_text(json.loads(values), release=release, namespace=namespace, apis=apis)


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """Return the objects of these kinds."""
    return [each for each in objects if each["kind"] in kinds]


def webhook_configurations(
    values: Values | None = None, *, release: str = RELEASE, namespace: str = NAMESPACE, port: int, ca_bundle: str
) -> list[Object]:
    """Return both webhook configurations as rendered but for the Service's port and the caBundle (base64).

    The Service that they name is the release's, in `namespace`; it has to lead to whoever listens on the port.
    """
    configurations = of_kind(
        render(values, release=release, namespace=namespace),
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    )
    for hook in (hook for configuration in configurations for hook in configuration["webhooks"]):
        hook["clientConfig"]["caBundle"] = ca_bundle
        hook["clientConfig"]["service"]["port"] = port
    return configurations
