"""Selecting virtual machines by name, namespace and labels, and assessing them."""

import difflib
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from webhook.engine.wording import listed, named, quoted
from webhook.foresight.position import Locate, in_no_file
from webhook.foresight.survey import Survey, machines_in, survey
from webhook.objects.vmi import VirtualMachineInstance
from webhook.plugin.failure import Failure
from webhook.plugin.label_selector import read_label_selector
from webhook.plugin.opening import View
from webhook.plugin.output import note
from webhook.state.kinds import VM, VMI
from webhook.state.snapshot import Snapshot

SUGGESTED: Final = 3
_KINDS: Final = frozenset(
    {form for kind in (VM, VMI) for form in (kind.name.lower(), kind.plural, f"{kind.name.lower()}.{kind.group}")}
    | {"vm", "vms", "vmi", "vmis"}
)
"""What kubectl writes before a name."""


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
    machines = list(machines_in(view.snapshot, "" if scope.names else namespace))
    if scope.selector:
        selector = read_label_selector(scope.selector)
        machines = [machine for machine in machines if _selected(machine, selector.matches, view.snapshot)]
    if not scope.names:
        return machines
    wanted = [key_of(name, namespace) for name in scope.names]
    known = {machine.metadata.key for machine in machines}
    for key in wanted:
        if key not in known:
            raise Failure(_unknown(key[1], key[0], view.snapshot))
    return [machine for machine in machines if machine.metadata.key in wanted]


def choose_one(view: View, name: str, namespace: str) -> VirtualMachineInstance:
    """Return the one virtual machine of that name.

    Raises:
        Failure: when there is none.
    """
    return choose(view, Scope(names=(name,), namespace=namespace))[0]


def surveyed(
    view: View,
    machines: Iterable[VirtualMachineInstance],
    *,
    locate: Locate = in_no_file,
    made: str = "",
    again: bool = False,
) -> Survey:
    """Assess virtual machines, and say beside the answer what of the cluster could not be read, but not `again`."""
    for each in () if again else view.incomplete:
        note(each)
    return survey(
        view.snapshot, view.policy, machines, incomplete=view.incomplete, locate=locate, made=made, place=view.place
    )


def key_of(name: str, namespace: str) -> tuple[str, str]:
    """Return namespace and name of what is meant by `web`, `shop/web`, or as kubectl writes it, `vm/web`."""
    before, slash, rest = name.partition("/")
    if not slash:
        return namespace, name
    return key_of(rest, namespace) if before.lower() in _KINDS else (before, rest)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return near names as a question, "" when there are none."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=SUGGESTED)
    return f"; is it {listed(map(quoted, near), last='or')}?" if near else ""


def _selected(machine: VirtualMachineInstance, matches: object, snapshot: Snapshot) -> bool:
    """Tell whether the labels of the VM or of its instance are meant."""
    vm = snapshot.vm(*machine.metadata.key)
    labels = [machine.metadata.labels, *([vm.metadata.labels] if vm else [])]
    return callable(matches) and any(matches(each) for each in labels)


def _unknown(name: str, namespace: str, snapshot: Snapshot) -> str:
    place = f"namespace {named(namespace)}" if namespace else "any namespace"
    elsewhere = sorted(m.metadata.namespace for m in machines_in(snapshot) if m.metadata.name == name)
    if elsewhere and namespace:
        flags = listed((f"-n {named(each)}" for each in elsewhere), last="or")
        return f"there is no VM {quoted(name)} in {place}, but with {flags} there is"
    near = suggestion(name, (machine.metadata.name for machine in machines_in(snapshot, namespace)))
    return f"there is no VM {quoted(name)} in {place}{near or '; check -A lists all'}"
