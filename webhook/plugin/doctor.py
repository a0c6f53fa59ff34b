"""`doctor`: is the webhook registered, trusted and answering, and what may you not read; each line with its mend."""

import time
from collections.abc import Iterator
from typing import Final

import click
from msgspec import Struct

from webhook.admission.hooks import HOOKS
from webhook.kube.api import Api, Document
from webhook.kube.live import read_all
from webhook.kube.refusals import ApiError, Forbidden
from webhook.kube.resources import WEBHOOK_CONFIGURATIONS
from webhook.objects.fields import Fields
from webhook.plugin.access import Access
from webhook.plugin.cluster_options import with_api_server
from webhook.plugin.failure import Exit, reaching
from webhook.plugin.options import with_namespace
from webhook.state.kinds import MIGRATION
from webhook.state.resource import Resource

NOBODY: Final = "live-migration-webhook-doctor"
"""A VM that there isn't: the webhook says so, and KubeVirt refuses the dry run."""
ANSWER: Final = f"{NOBODY} does not exist"
SELECTOR: Final = "app.kubernetes.io/name=live-migration-webhook"
TIMEOUT: Final = 15.0
PAUSE: Final = 2.0
PATIENCE: Final = 120.0
"""Seconds that --wait takes at most."""


class Line(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: `fine` is None where it can't be told; `mend` is "" for nothing."""

    what: str
    fine: bool | None
    mend: str = ""

    def __str__(self) -> str:
        """Return the line."""
        word = {True: "ok", False: "wrong", None: "unknown"}[self.fine]
        return f"{word:<9}{self.what}" + (f": {self.mend}" if self.mend else "")


@click.command("doctor")
@click.option("--wait", is_flag=True, help="Look again for up to two minutes, until all is well.")
@with_namespace
@with_api_server
def command(*, access: Access, namespace: str, wait: bool) -> int:
    """Tell whether the webhook is registered, trusted and answering, and what you may not read; with what mends it.

    It is asked about a migration of a VM that there isn't, as a dry run: nothing is changed.

    Exit codes: 0 all is well; 1 something is wrong; 2 wrong usage; 3 cluster not reachable.
    """
    warnings: list[str] = []
    api = access.api_server(warn=warnings.append)
    ends = time.monotonic() + (PATIENCE if wait else 0)
    with reaching():
        lines = _looked_at(api, namespace or api.namespace, warnings)
        while any(line.fine is False for line in lines) and time.monotonic() < ends:
            time.sleep(PAUSE)
            lines = _looked_at(api, namespace or api.namespace, warnings)
    for line in lines:
        click.echo(str(line))
    return Exit.NOT_MIGRATABLE if any(line.fine is False for line in lines) else Exit.FINE


def _looked_at(api: Api, namespace: str, warnings: list[str]) -> list[Line]:
    return [*_registered(api), _answering(api, namespace, warnings), *_rights(api)]


def _registered(api: Api) -> Iterator[Line]:
    try:
        found = [webhook for resource in WEBHOOK_CONFIGURATIONS.values() for webhook in _webhooks(api, resource)]
    except Forbidden as error:
        yield Line(what="registered and trusted", fine=None, mend=str(error))
        return
    names = {Fields(webhook).text("name") for webhook in found}
    missing = sorted(hook.name for hook in HOOKS if hook.name not in names)
    mend = f"{', '.join(missing)} not registered: helm upgrade, or the chart's value that leaves it out"
    yield Line(what="registered", fine=not missing, mend=mend if missing else "")
    blind = sorted(Fields(w).text("name") for w in found if not Fields(w).object("clientConfig").text("caBundle"))
    mend = f"{', '.join(blind)} without caBundle: live-migration-webhook certs show tells what is missing"
    yield Line(what="trusted", fine=bool(found) and not blind, mend=mend if blind else "")


def _webhooks(api: Api, resource: Resource) -> Iterator[Document]:
    for page in api.pages(resource, selector=SELECTOR, timeout=TIMEOUT):
        for configuration in page.items:
            yield from configuration.get("webhooks") or []


def _answering(api: Api, namespace: str, warnings: list[str]) -> Line:
    """Ask about a VM that there isn't: what the webhook says of it comes along, whatever KubeVirt answers."""
    warnings.clear()
    migration = {
        "apiVersion": MIGRATION.api_version,
        "kind": MIGRATION.name,
        "metadata": {"generateName": f"{NOBODY}-", "namespace": namespace},
        "spec": {"vmiName": NOBODY},
    }
    said = ""
    try:
        api.create(MIGRATION, namespace, migration, dry_run=True, timeout=TIMEOUT)
    except Forbidden as error:
        return Line(what="answering", fine=None, mend=str(error))
    except ApiError as error:
        said = str(error)
    if any(ANSWER in warning for warning in warnings):
        return Line(what="answering", fine=True)
    if "failed calling webhook" in said:
        return Line(what="answering", fine=False, mend=said)
    logs = f"kubectl get pods -A -l {SELECTOR}, and their logs: they name what can't be read"
    return Line(what="answering", fine=False, mend=f"nothing was said about namespace {namespace}; {logs}")


def _rights(api: Api) -> Iterator[Line]:
    forbidden = read_all(api).forbidden
    if not forbidden:
        yield Line(what="your rights to read", fine=True)
    for error in forbidden:
        yield Line(what="your rights to read", fine=False, mend=str(error))
