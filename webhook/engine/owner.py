"""A violation as the owner of the virtual machine has to hear it: where to mend it, and what is needed after that.

A mend of the VM's template does nothing to the instance that runs: KubeVirt sets the condition RestartRequired. So the
restriction is asked once more about the instance that the VM would start now. What it finds there is named where the
owner writes it; what it doesn't find any more is mended already, and the VM only has to be restarted.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from webhook.engine.kubectl import edit_command, restart_command
from webhook.engine.placement import place_within_bounds
from webhook.engine.restrictions.restriction import Case, Restriction
from webhook.engine.verdict import RESTART_VM, Command, Violation
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.expansion import expanded

MENDED: Final = "already changed in the VM: restart it"
_TEMPLATE: Final = "spec.template."


def for_owner(restriction: Restriction, case: Case, violations: Iterable[Violation]) -> Iterator[Violation]:
    """Yield the violations of a restriction, those of an instance that a VM owns in the words of the VM's owner."""
    owner = case.vmi.metadata.vm
    if owner is None or case.vmi.is_template:
        yield from violations
        return
    restarted = _restarted(case)
    left = tuple(restriction.check(restarted)) if restarted else None
    for violation in violations:
        yield _told(violation, left, case) if violation.after else violation


def _told(violation: Violation, left: tuple[Violation, ...] | None, case: Case) -> Violation:
    namespace, name = case.vmi.metadata.namespace, case.vmi.metadata.vm.name if case.vmi.metadata.vm else ""
    restart = Command(purpose=RESTART_VM, text=restart_command(namespace, name))
    if left is not None and not left:
        return replace(violation, remedy=MENDED, commands=(restart,))
    change = (Command(purpose="Change the VM", text=edit_command(namespace, name)),)
    return replace(
        violation,
        remedy=violation.remedy + violation.after,
        owner_field=_field(violation, left or ()),
        commands=(*(violation.commands or change), restart),
    )


def _field(violation: Violation, left: tuple[Violation, ...]) -> str:
    """Return where the VM has the fault; where that isn't known, the same place in its template."""
    same = next((each.field for each in left if each.problem == violation.problem), "")
    return same or (_TEMPLATE + violation.field if violation.field.startswith("spec.") else "")


def _restarted(case: Case) -> Case | None:
    """Return the case of the instance that the VM would start now, where it runs; None where that can't be told."""
    vmi, owner = case.vmi, case.vmi.metadata.vm
    vm = case.snapshot.vm(vmi.metadata.namespace, owner.name) if owner else None
    if vm is None:
        return None
    started = _started(vmi, expanded(vm, case.snapshot))
    placement = place_within_bounds(started, case.snapshot, {}) if case.placement else None
    if case.placement and placement is None:
        return None
    return replace(case, vmi=started, placement=placement)


def _started(vmi: VirtualMachineInstance, template: VirtualMachineInstance) -> VirtualMachineInstance:
    status = replace(vmi.status, live_migratable=None, migrated_volumes=frozenset())
    metadata = replace(vmi.metadata, annotations=template.metadata.annotations)
    return replace(template, metadata=metadata, status=status)
