"""Selecting virtual machines by name, namespace and labels, and assessing them."""

import difflib
from collections.abc import Iterable

from msgspec import Struct

from webhook.engine.wording import listed, named, quoted
from webhook.foresight.position import Locate, in_no_file
from webhook.foresight.survey import Survey, machines_in, survey
from webhook.objects.vmi import VirtualMachineInstance
from webhook.plugin.failure import Failure
from webhook.plugin.label_selector import read_label_selector
from webhook.plugin.opening import View
from webhook.plugin.output import note
from webhook.state.snapshot import Snapshot

SUGGESTED = 3


class Scope(Struct, frozen=True, kw_only=True):
    """Which virtual machines are meant: `namespace` is "" for the current one of the context."""

    names: tuple[str, ...] = ()
    namespace: str = ""
    everywhere: bool = False
    selector: str = ""


def choose(view: View, scope: Scope) -> list[VirtualMachineInstance]:
    """Return the virtual machines of a scope.

    Raises:
        Failure: when a name is unknown, with near names; when the selector is none.
    """
    namespace = "" if scope.everywhere else scope.namespace or view.namespace
    machines = list(machines_in(view.snapshot, namespace))
    if scope.selector:
        selector = read_label_selector(scope.selector)
        machines = [machine for machine in machines if _selected(machine, selector.matches, view.snapshot)]
    if not scope.names:
        return machines
    wanted = [_bare(name) for name in scope.names]
    for name in wanted:
        if not any(machine.metadata.name == name for machine in machines):
            raise Failure(_unknown(name, namespace, view.snapshot))
    return [machine for machine in machines if machine.metadata.name in wanted]


def choose_one(view: View, name: str, namespace: str) -> VirtualMachineInstance:
    """Return the one virtual machine of that name.

    Raises:
        Failure: when there is none.
    """
    return choose(view, Scope(names=(name,), namespace=namespace))[0]


def surveyed(
    view: View, machines: Iterable[VirtualMachineInstance], *, locate: Locate = in_no_file, made: str = ""
) -> Survey:
    """Assess virtual machines, and say beside the answer what of the cluster could not be read."""
    for each in view.incomplete:
        note(each)
    return survey(view.snapshot, view.policy, machines, incomplete=view.incomplete, locate=locate, made=made)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return near names as a question, "" when there are none."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=SUGGESTED)
    return f"; is it {listed(map(quoted, near), last='or')}?" if near else ""


def _selected(machine: VirtualMachineInstance, matches: object, snapshot: Snapshot) -> bool:
    """Tell whether the labels of the VM or of its instance are meant."""
    vm = snapshot.vm(*machine.metadata.key)
    labels = [machine.metadata.labels, *([vm.metadata.labels] if vm else [])]
    return callable(matches) and any(matches(each) for each in labels)


def _bare(name: str) -> str:
    """Return the name without the kind that kubectl writes before it: `vm/web`."""
    kind, slash, rest = name.partition("/")
    return rest if slash and kind.lower() in {"vm", "vmi", "virtualmachine", "virtualmachineinstance"} else name


def _unknown(name: str, namespace: str, snapshot: Snapshot) -> str:
    place = f"namespace {named(namespace)}" if namespace else "any namespace"
    elsewhere = sorted(m.metadata.namespace for m in machines_in(snapshot) if m.metadata.name == name)
    if elsewhere and namespace:
        flags = listed((f"-n {named(each)}" for each in elsewhere), last="or")
        return f"there is no VM {quoted(name)} in {place}, but with {flags} there is"
    near = suggestion(name, (machine.metadata.name for machine in machines_in(snapshot, namespace)))
    return f"there is no VM {quoted(name)} in {place}{near or '; check -A lists all'}"
