"""From a request to a verdict."""

from typing import Any

import pytest

from testbed.builders import a_claim, a_kubevirt, a_spec, a_vmi_document
from tests.admission.asking import (
    CONTROLLER,
    VOLUME,
    WITH_CD_ROM,
    RecordingCluster,
    a_migration,
    a_request,
    decided,
    judged,
)
from webhook.admission import review
from webhook.admission.hooks import HOOKS
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.verdict import ALLOWED
from webhook.state.kinds import Reference


def test_an_allowed_request_reads_nothing() -> None:
    cluster = RecordingCluster([a_vmi_document()], [])

    verdict = decided(a_request(a_migration()), cluster)

    assert verdict.allowed
    assert cluster.reads == []


def test_nobody_is_refused_because_of_a_stale_copy() -> None:
    cluster = RecordingCluster([a_vmi_document(WITH_CD_ROM)], [a_vmi_document()])

    verdict = decided(a_request(a_migration()), cluster)

    assert verdict.allowed
    assert len(cluster.reads) == 1


def test_a_denial_rests_on_what_the_api_server_has_now() -> None:
    document = a_vmi_document(a_spec(volumes=[VOLUME]))
    cluster = RecordingCluster([document], [document, a_claim("web-root", "ReadWriteOnce")])

    verdict = decided(a_request(a_migration()), cluster)

    assert [cause.problem for cause in verdict.causes] == [
        'PVC default/web-root of volume "root" is ReadWriteOnce, not ReadWriteMany'
    ]
    assert {(reference.kind, reference.name) for reference in cluster.reads[0]} >= {
        ("VirtualMachineInstance", "web"),
        ("PersistentVolumeClaim", "web-root"),
        ("KubeVirt", ""),
    }


def test_what_the_copy_misses_is_read_before_it_is_called_missing() -> None:
    document = a_vmi_document(a_spec(volumes=[VOLUME]))
    cluster = RecordingCluster([], [document, a_claim("web-root", "ReadWriteOnce")])

    verdict = decided(a_request(a_migration()), cluster)

    assert not verdict.allowed
    assert cluster.reads[0] == {Reference(kind="VirtualMachineInstance", namespace="default", name="web")}
    assert not cluster.reads[0] & cluster.reads[1]


@pytest.mark.parametrize("operation", ["DELETE", "UPDATE", "CONNECT"])
def test_an_abort_and_all_else_but_creation_is_allowed_unseen(operation: str) -> None:
    request = a_request(a_migration(), operation=operation)

    assert judged(request, a_vmi_document(WITH_CD_ROM)) is ALLOWED


def test_a_status_is_none_of_our_business() -> None:
    request = a_request(a_migration(), subResource="status")

    assert judged(request, a_vmi_document(WITH_CD_ROM)) is ALLOWED


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.path)
def test_a_resource_that_a_hook_does_not_judge_is_a_mistake_of_the_configuration(hook: Any) -> None:
    request = a_request({}, resource="secrets")

    with pytest.raises(review.NotAReview) as raised:
        decided(request, RecordingCluster([], []), path=hook.path)

    assert str(raised.value).startswith(f"{hook.path} judges ")
    assert raised.value.status == 400


@pytest.mark.parametrize("path", ["/validate/migrations", "/mutate/migrations"])
def test_both_hooks_of_a_migration_give_the_same_refusal(path: str) -> None:
    verdict = judged(a_request(a_migration()), a_vmi_document(WITH_CD_ROM), path=path)

    assert verdict.message == (
        'VMI default/web cannot be live-migrated: cd-rom: disk "iso" is a CD-ROM with a volume in it '
        "(spec.domain.devices.disks[0].cdrom). Eject the CD-ROM. "
        "Help: kubectl livemigration explain cd-rom"
    )


@pytest.mark.parametrize(
    ("document", "warnings"),
    [
        ({}, ("spec.vmiName is missing: KubeVirt will refuse this",)),
        (None, ("spec.vmiName is missing: KubeVirt will refuse this",)),
        (
            {"spec": {"vmiName": 7}},
            (
                "spec.vmiName is a number, not a string: taken as absent",
                "spec.vmiName is missing: KubeVirt will refuse this",
            ),
        ),
        (
            {"spec": "fast"},
            (
                "spec is a string, not an object: taken as absent",
                "spec.vmiName is missing: KubeVirt will refuse this",
            ),
        ),
    ],
)
def test_a_migration_of_nothing_is_left_to_kubevirt(document: Any, warnings: tuple[str, ...]) -> None:
    verdict = judged(a_request(document))

    assert (verdict.allowed, verdict.warnings) == (True, warnings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": {}}, "is not running (phase unset)"),
        ({"status": {"phase": "Pending"}}, "is not running (phase Pending)"),
        ({"status": {"phase": "Running"}}, "has no node yet"),
        ({"status": {"phase": "Failed", "nodeName": "node-a"}}, "has ended (Failed)"),
    ],
)
def test_what_does_not_run_is_left_to_kubevirt(change: dict[str, Any], words: str) -> None:
    verdict = judged(a_request(a_migration()), {**a_vmi_document(WITH_CD_ROM), **change})

    assert verdict.allowed
    assert verdict.warnings == (f"VMI default/web {words}: KubeVirt decides whether it can migrate",)


def test_a_machine_that_is_being_deleted_is_left_to_kubevirt() -> None:
    document = a_vmi_document(WITH_CD_ROM, deletionTimestamp="2026-01-01T00:00:00Z")

    assert judged(a_request(a_migration()), document).allowed


@pytest.mark.parametrize(
    ("user", "controllers", "allowed", "warned"),
    [
        ("alice", Enforcement.WARN, False, False),
        (CONTROLLER, Enforcement.WARN, True, True),
        (CONTROLLER, Enforcement.DENY, False, False),
        (CONTROLLER, Enforcement.OFF, True, False),
        ("system:serviceaccount:default:kubevirt-controller", Enforcement.WARN, False, False),
        ("system:serviceaccount:kubevirt:kubevirt-apiserver", Enforcement.WARN, False, False),
    ],
)
def test_only_the_controller_of_this_kubevirt_is_treated_as_such(
    user: str,
    controllers: Enforcement,
    allowed: bool,  # noqa: FBT001
    warned: bool,  # noqa: FBT001
) -> None:
    request = a_request(a_migration(), userInfo={"username": user})

    verdict = judged(request, a_vmi_document(WITH_CD_ROM), a_kubevirt(), policy=Policy(controllers=controllers))

    assert (verdict.allowed, bool(verdict.warnings)) == (allowed, warned)


def test_nobody_is_a_controller_where_there_is_no_kubevirt() -> None:
    request = a_request(a_migration(), userInfo={"username": CONTROLLER})

    assert not judged(request, a_vmi_document(WITH_CD_ROM)).allowed
