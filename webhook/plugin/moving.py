"""Starting, finding and aborting migrations through the API server, and telling how they ended."""

from collections.abc import Iterator
from typing import Any, Final

from webhook.engine.move import Move
from webhook.engine.wording import named, printable, quoted
from webhook.kube.api import Api, Document
from webhook.kube.refusals import ApiError, NotFound
from webhook.kube.resources import EVENT
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import read_kubevirt
from webhook.objects.labels import HOSTNAME, VMI_NAME
from webhook.objects.phases import FINAL_PHASES
from webhook.objects.vmi import read_vmi
from webhook.plugin.choosing import suggestion
from webhook.plugin.failure import Exit, Failure
from webhook.state.kinds import KUBEVIRT, MIGRATION, VM, VMI

TIMEOUT: Final = 15.0
"""Seconds for one request; a webhook in its way may take ten."""
MADE_BY: Final = {"app.kubernetes.io/managed-by": "kubectl-livemigration"}
SHOWN_EVENTS: Final = 3


def start(api: Api, namespace: str, vm: str, node: str, *, dry_run: bool) -> Document:
    """Ask for the migration of a VM, to a node by name or ("") to any; return it as the API server has it.

    Raises:
        Failure: when this KubeVirt can't be asked for a node.
        Rejected: when an admission webhook refuses it.
    """
    spec: dict[str, Any] = {"vmiName": vm}
    if node:
        _take_nodes(api)
        spec["addedNodeSelector"] = {HOSTNAME: node}
    migration = {
        "apiVersion": MIGRATION.api_version,
        "kind": MIGRATION.name,
        "metadata": {"generateName": f"{vm}-", "namespace": namespace, "labels": {VMI_NAME: vm, **MADE_BY}},
        "spec": spec,
    }
    return api.create(MIGRATION, namespace, migration, dry_run=dry_run, timeout=TIMEOUT)


def _take_nodes(api: Api) -> None:
    """See that a migration can name its node: an earlier KubeVirt would move the VM anywhere."""
    try:
        documents = [document for page in api.pages(KUBEVIRT, timeout=TIMEOUT) for document in page.items]
    except ApiError:
        return
    for kubevirt in (read_kubevirt(Fields(document)) for document in documents):
        if kubevirt.is_before(1, 6):
            raise Failure(
                f"KubeVirt {named(kubevirt.version)} can't be asked for a node, as one can from 1.6 on: leave out --to",
                Exit.NOT_MIGRATABLE,
            )


def running(api: Api, namespace: str, vm: str) -> Document:
    """Return the VMI of a VM.

    Raises:
        Failure: when there is none, with what is there.
    """
    try:
        return api.get(VMI, namespace, vm, timeout=TIMEOUT)
    except NotFound:
        raise Failure(_not_running(api, namespace, vm)) from None


def in_flight(api: Api, namespace: str, vm: str) -> list[Document]:
    """Return the migrations of a VM that have not ended."""
    pages = api.pages(MIGRATION, namespace=namespace, selector=f"{VMI_NAME}={vm}", timeout=TIMEOUT)
    return [migration for page in pages for migration in page.items if phase(migration) not in FINAL_PHASES]


def already_moving(vmi: Document, migration: Document, namespace: str, vm: str) -> str:
    """Say that a migration goes on, and how to abort it."""
    metadata = Fields(migration).object("metadata")
    target = read_vmi(Fields(vmi)).status.moves_to
    move = Move(migration=metadata.text("name"), target=target, since=metadata.text("creationTimestamp"))
    return f"VM {namespace}/{vm} {move.words}; kubectl livemigration abort {vm} -n {namespace} aborts it"


def phase(migration: Document) -> str:
    """Return a migration's phase, `Pending` before it has one."""
    return Fields(migration).object("status").text("phase") or "Pending"


def why_failed(api: Api, namespace: str, vm: str, migration: Document) -> Iterator[str]:
    """Yield what is known of a failure: the VMI's status, then the latest warnings about VMI, migration and pod."""
    metadata = Fields(migration).object("metadata")
    state = _state(api, namespace, vm)
    if state.text("failureReason") and state.text("migrationUid") == metadata.text("uid"):
        yield printable(state.text("failureReason"))
    about = {vm, metadata.text("name"), state.text("targetPod")} - {""}
    try:
        events = [event for name in sorted(about) for event in _warnings(api, namespace, name)]
    except ApiError:
        return
    since = metadata.text("creationTimestamp")
    fresh = [event for event in events if _time(event) >= since]
    for event in sorted(fresh, key=_time)[-SHOWN_EVENTS:]:
        yield f"{printable(event.text('reason'))}: {printable(event.text('message'))}"


def _state(api: Api, namespace: str, vm: str) -> Fields:
    try:
        document = api.get(VMI, namespace, vm, timeout=TIMEOUT)
    except ApiError:
        return Fields({})
    return Fields(document).object("status").object("migrationState")


def _warnings(api: Api, namespace: str, name: str) -> Iterator[Fields]:
    pages = api.pages(EVENT, namespace=namespace, fields=f"involvedObject.name={name},type=Warning", timeout=TIMEOUT)
    for page in pages:
        yield from (Fields(item) for item in page.items)


def _time(event: Fields) -> str:
    return event.text("lastTimestamp") or event.text("eventTime") or event.object("metadata").text("creationTimestamp")


def _not_running(api: Api, namespace: str, vm: str) -> str:
    place = f"namespace {named(namespace)}"
    try:
        api.get(VM, namespace, vm, timeout=TIMEOUT)
    except ApiError:
        return f"there is no VM {quoted(vm)} in {place}{_near(api, namespace, vm)}"
    return f"VM {quoted(vm)} in {place} does not run: there is nothing to move; start the VM first"


def _near(api: Api, namespace: str, vm: str) -> str:
    try:
        pages = list(api.pages(VMI, namespace=namespace, timeout=TIMEOUT))
    except ApiError:
        return ""
    return suggestion(vm, (Fields(item).object("metadata").text("name") for page in pages for item in page.items))
