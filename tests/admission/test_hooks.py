"""From a request to a verdict."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from tests.builders import a_claim, a_kubevirt, a_review, a_spec, a_vm_document, a_vmi_document
from webhook import review
from webhook.admission.hooks import BY_PATH, HOOKS, decide
from webhook.cluster.kinds import Reference
from webhook.cluster.snapshot import Snapshot, snapshot_of
from webhook.policy import Enforcement, Policy
from webhook.verdict import ALLOWED, Verdict

MIGRATIONS = "virtualmachineinstancemigrations"
WITH_CD_ROM = a_spec(disks=[{"name": "iso", "cdrom": {}}], volumes=[{"name": "iso", "cloudInitNoCloud": {}}])
VOLUME = {"name": "root", "persistentVolumeClaim": {"claimName": "web-root"}}
CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"


@dataclass
class RecordingCluster:
    """A cluster whose copy is `stale` and whose API server has `truth`; it records what is read."""

    stale: list[Any]
    truth: list[Any]
    reads: list[frozenset[Reference]] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        return snapshot_of(self.stale)

    def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        assert snapshot is not None
        assert timeout <= 5
        self.reads.append(references)
        return snapshot_of(self.truth)


def a_request(document: Any, *, resource: str = MIGRATIONS, **request: Any) -> review.AdmissionRequest:
    return review.read(orjson.dumps(a_review(document, resource=resource, **request)))


def a_migration(vmi: str = "web", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"generateName": "move-"}, "spec": {"vmiName": vmi, **spec}}


def judged(
    request: review.AdmissionRequest, *cluster: Any, policy: Policy | None = None, path: str = "/validate/migrations"
) -> Verdict:
    return decide(BY_PATH[path], request, RecordingCluster([*cluster], [*cluster]), policy or Policy(), timeout=5)


def test_an_allowed_request_reads_nothing() -> None:
    cluster = RecordingCluster([a_vmi_document()], [])

    verdict = decide(BY_PATH["/validate/migrations"], a_request(a_migration()), cluster, Policy(), timeout=5)

    assert verdict.allowed
    assert cluster.reads == []


def test_nobody_is_refused_because_of_a_stale_copy() -> None:
    cluster = RecordingCluster([a_vmi_document(WITH_CD_ROM)], [a_vmi_document()])

    verdict = decide(BY_PATH["/validate/migrations"], a_request(a_migration()), cluster, Policy(), timeout=5)

    assert verdict.allowed
    assert len(cluster.reads) == 1


def test_a_denial_rests_on_what_the_api_server_has_now() -> None:
    document = a_vmi_document(a_spec(volumes=[VOLUME]))
    cluster = RecordingCluster([document], [document, a_claim("web-root", "ReadWriteOnce")])

    verdict = decide(BY_PATH["/validate/migrations"], a_request(a_migration()), cluster, Policy(), timeout=5)

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

    verdict = decide(BY_PATH["/validate/migrations"], a_request(a_migration()), cluster, Policy(), timeout=5)

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
        decide(hook, request, RecordingCluster([], []), Policy(), timeout=5)

    assert str(raised.value).startswith(f"{hook.path} judges ")
    assert raised.value.status == 400


@pytest.mark.parametrize("path", ["/validate/migrations", "/mutate/migrations"])
def test_both_hooks_of_a_migration_give_the_same_refusal(path: str) -> None:
    verdict = judged(a_request(a_migration()), a_vmi_document(WITH_CD_ROM), path=path)

    assert verdict.message == (
        'VMI default/web cannot be live-migrated: cd-rom: disk "iso" is a CD-ROM with a volume in it '
        "(spec.domain.devices.disks[0].cdrom). Eject the CD-ROM."
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


class TestVirtualMachines:
    """VMs and VMIs when they are made or changed."""

    path = "/validate/virtualmachines"

    def verdict(self, document: Any, *cluster: Any, resource: str = "virtualmachines", **request: Any) -> Verdict:
        return judged(a_request(document, resource=resource, **request), *cluster, path=self.path)

    def test_a_vm_gets_advice_and_no_refusal(self) -> None:
        verdict = self.verdict(a_vm_document(WITH_CD_ROM))

        assert verdict.allowed
        assert verdict.warnings == ("cd-rom: spec.template.spec.domain.devices.disks[0].cdrom: eject the CD-ROM",)

    def test_a_vmi_gets_advice_and_no_refusal(self) -> None:
        verdict = self.verdict(a_vmi_document(WITH_CD_ROM), resource="virtualmachineinstances")

        assert verdict.allowed
        assert verdict.warnings == ("cd-rom: spec.domain.devices.disks[0].cdrom: eject the CD-ROM",)

    def test_an_update_of_nothing_that_is_specified_is_not_looked_at(self) -> None:
        document = a_vm_document(WITH_CD_ROM)

        assert self.verdict(document, old={**document, "metadata": {}}) is ALLOWED

    def test_an_update_whose_old_object_is_missing_is_judged_like_a_new_one(self) -> None:
        assert self.verdict(a_vm_document(WITH_CD_ROM), operation="UPDATE").warnings

    @pytest.mark.parametrize("where", ["VM", "namespace"])
    def test_a_vm_that_was_asked_to_stay_migratable_is_refused(self, where: str) -> None:
        label = {"labels": {"live-migration-webhook/required": "true"}}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
        if where == "namespace":
            namespace["metadata"] |= label  # type: ignore[operator]

        verdict = self.verdict(a_vm_document(WITH_CD_ROM, **(label if where == "VM" else {})), namespace)

        assert verdict.message == (
            'VM default/web cannot be live-migrated: cd-rom: disk "iso" is a CD-ROM with a volume in it '
            "(spec.template.spec.domain.devices.disks[0].cdrom). Eject the CD-ROM.\n"
            'It has to stay migratable: label live-migration-webhook/required="true" on the VM or its namespace.'
        )

    def test_kubevirt_itself_is_never_kept_from_starting_a_machine(self) -> None:
        label = {"live-migration-webhook/required": "true"}
        document = a_vmi_document(WITH_CD_ROM, labels=label)
        user = {"username": CONTROLLER}

        verdict = self.verdict(document, a_kubevirt(), resource="virtualmachineinstances", userInfo=user)

        assert verdict.allowed


class TestHarvesterMoves:
    """The update with which Harvester's Migrate button begins."""

    def verdict(self, old: Any, new: Any, **request: Any) -> Verdict:
        request = {"resource": "virtualmachineinstances", "old": old, **request}
        return judged(a_request(new, **request), a_kubevirt(), path="/validate/virtualmachines")

    def asking(self, node: str | None) -> dict[str, Any]:
        annotations = {} if node is None else {"harvesterhci.io/migrationTargetNodeName": node}
        return a_vmi_document(WITH_CD_ROM, annotations=annotations)

    def test_a_newly_asked_node_is_judged_like_a_migration(self) -> None:
        assert not self.verdict(self.asking(None), self.asking("node-b")).allowed

    def test_it_does_not_matter_that_it_comes_as_the_controller_of_kubevirt(self) -> None:
        verdict = self.verdict(self.asking(None), self.asking("node-b"), userInfo={"username": CONTROLLER})

        assert not verdict.allowed

    @pytest.mark.parametrize(
        ("old", "new"), [("node-b", "node-b"), ("node-b", None), (None, None)], ids=["kept", "removed", "never there"]
    )
    def test_an_annotation_that_is_not_new_asks_for_nothing(self, old: str | None, new: str | None) -> None:
        assert self.verdict(self.asking(old), self.asking(new)).allowed


class TestOddObjects:
    """What a stranger may write: never a failure of ours, and a word where something could not be read."""

    @pytest.mark.parametrize(
        ("document", "warnings"),
        [
            pytest.param({"metadata": {"name": "web"}, "spec": {}}, 1, id="no template"),
            pytest.param({"metadata": {"name": "web"}, "spec": {"template": 7}}, 2, id="a template that is a number"),
            pytest.param({"metadata": None, "spec": None}, 1, id="nothing at all"),
            pytest.param(
                a_vm_document(annotations={"harvesterhci.io/volumeClaimTemplates": "{"}),
                1,
                id="claims that are no JSON",
            ),
            pytest.param(a_vm_document(annotations={"note": "x" * 200_000}), 0, id="an annotation of 200 KB"),
            pytest.param(a_vm_document(a_spec(domain={"memory": {"guest": "8Gii"}})), 1, id="a quantity that is none"),
        ],
    )
    def test_an_odd_vm_is_allowed_with_a_word(self, document: Any, warnings: int) -> None:
        verdict = judged(a_request(document, resource="virtualmachines"), path="/validate/virtualmachines")

        assert verdict.allowed
        assert len(verdict.warnings) == warnings
