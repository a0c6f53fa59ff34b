"""Rollout: nothing is refused in the mode `warn`, nor of a VM whose annotation exempts it; both are told."""

from typing import Any, Final

import orjson
import pytest

from testbed.builders import a_launcher, a_node, a_vm_document, a_vmi_document
from tests.admission.asking import WITH_CD_ROM, RecordingCluster, a_migration, a_request, decided, judged
from webhook.engine.exemption import Exemption, exemption_in
from webhook.engine.policy import Mode, Policy
from webhook.engine.verdict import Verdict
from webhook.objects.labels import EXEMPT

VM_OWNER: Final = [
    {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "web", "uid": "u-vm", "controller": True}
]
ALICE: Final = {"by": "alice", "why": "moves next month", "until": "2999-12-31"}


def of_a_move(annotation: object = None, *, policy: Policy | None = None) -> Verdict:
    """Judge the move of a VM with a CD-ROM; its annotation is given as JSON, or as it is."""
    text = annotation if isinstance(annotation, str) else orjson.dumps(annotation).decode()
    vm = a_vm_document(WITH_CD_ROM, annotations={} if annotation is None else {EXEMPT: text})
    vmi = a_vmi_document(WITH_CD_ROM, ownerReferences=VM_OWNER, uid="u-web")
    return judged(a_request(a_migration()), vmi, vm, a_node("node-a"), a_node("node-b"), a_launcher(), policy=policy)


def test_in_the_mode_warn_what_would_be_refused_is_told() -> None:
    verdict = of_a_move(policy=Policy(mode=Mode.WARN))
    assert verdict.allowed
    assert [cause.restriction for cause in verdict.causes] == ["cd-rom"]
    assert verdict.warnings[0].startswith("cd-rom: spec.template.spec.domain.devices.disks[0].cdrom: eject the CD-ROM")


def test_in_the_mode_warn_even_a_vm_that_must_stay_migratable_is_made() -> None:
    vm = a_vm_document(WITH_CD_ROM, labels={"live-migration-webhook/required": "true"})
    request = a_request(vm, resource="virtualmachines")
    path = "/validate/virtualmachines"
    assert not judged(request, path=path).allowed
    assert judged(request, path=path, policy=Policy(mode=Mode.WARN)).allowed


def test_an_exempted_vm_moves_and_it_is_said_by_whom() -> None:
    verdict = of_a_move(ALICE)
    assert (verdict.allowed, verdict.exempted) == (True, True)
    assert verdict.warnings[0] == "exempted by alice until 2999-12-31: moves next month"


def test_an_exemption_is_found_though_the_service_watches_no_vms() -> None:
    vmi = a_vmi_document(WITH_CD_ROM, ownerReferences=VM_OWNER, uid="u-web")
    vm = a_vm_document(WITH_CD_ROM, annotations={EXEMPT: orjson.dumps(ALICE).decode()})
    cluster = RecordingCluster([vmi], [vmi, vm])
    assert decided(a_request(a_migration()), cluster).allowed


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        ({**ALICE, "until": "2020-01-01"}, "the exemption by alice has ended on 2020-01-01"),
        ("please", f"annotation {EXEMPT} exempts nothing: expected "),
        ({"by": "alice"}, f"annotation {EXEMPT} exempts nothing: it lacks why and until"),
        ({**ALICE, "until": "soon"}, f"annotation {EXEMPT} exempts nothing: until is no day such as 2026-12-31: soon"),
    ],
    ids=["ended", "no JSON", "parts missing", "no day"],
)
def test_what_exempts_nothing_is_told(annotation: object, told: str) -> None:
    verdict = of_a_move(annotation)
    assert not verdict.allowed
    assert verdict.warnings[0].startswith(told)


@pytest.mark.parametrize(("today", "holds"), [("2026-12-30", True), ("2026-12-31", True), ("2027-01-01", False)])
def test_the_last_day_is_included(today: str, *, holds: bool) -> None:
    exemption = Exemption(by="alice", why="w", until="2026-12-31")
    assert exemption.holds(today) is holds


def test_the_owner_hears_of_an_exemption_when_the_vm_is_changed() -> None:
    vm = a_vm_document(WITH_CD_ROM, annotations={EXEMPT: "{}"}, labels={"live-migration-webhook/required": "true"})
    verdict = judged(a_request(vm, resource="virtualmachines"), path="/validate/virtualmachines")
    assert not verdict.allowed
    good: Any = {EXEMPT: orjson.dumps(ALICE).decode()}
    vm = a_vm_document(WITH_CD_ROM, annotations=good, labels={"live-migration-webhook/required": "true"})
    verdict = judged(a_request(vm, resource="virtualmachines"), path="/validate/virtualmachines")
    assert (verdict.allowed, verdict.warnings[0]) == (True, "exempted by alice until 2999-12-31: moves next month")


def test_what_strangers_write_into_it_is_printable_and_short() -> None:
    exemption = exemption_in({EXEMPT: orjson.dumps({**ALICE, "why": "x\x1b[31m" * 100}).decode()})
    assert exemption
    assert exemption.why.isprintable()
    assert len(exemption.why) <= 60


def test_a_vm_without_the_annotation_is_not_exempted() -> None:
    assert exemption_in({}) is None


def test_a_second_move_of_what_is_moving_is_left_to_kubevirt() -> None:
    migration = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": "first", "namespace": "default", "creationTimestamp": "2026-11-02T10:00:00Z"},
        "spec": {"vmiName": "web"},
        "status": {"phase": "Running"},
    }
    vmi = a_vmi_document(WITH_CD_ROM, uid="u-web", status={"migrationState": {"targetNode": "node-b"}})
    verdict = judged(a_request(a_migration()), vmi, migration, a_node("node-a"), a_node("node-b"))
    assert verdict.allowed
    assert verdict.warnings == (
        "VMI default/web is moving to node-b since 2026-11-02T10:00:00Z: KubeVirt will refuse another migration",
    )
