"""What a verdict carries besides its words: whom it is about, what is audited, what it rests on."""

from typing import Any

import pytest

from testbed.builders import a_claim, a_launcher, a_node, a_spec, a_vm_document, a_vmi_document
from tests.admission.asking import WITH_CD_ROM, a_migration, a_request, judged
from webhook.admission.review import read
from webhook.engine.assessment import TOLD
from webhook.engine.verdict import Subject, Verdict
from webhook.objects.labels import HARVESTER_TARGET
from webhook.state.kinds import Reference

VM_OWNER = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "web", "uid": "u-vm", "controller": True}
REQUIRED = {"live-migration-webhook/required": "true"}


def of_a_migration(vmi: Any, *cluster: Any) -> Verdict:
    return judged(a_request(a_migration()), vmi, *cluster)


@pytest.mark.parametrize("spec", [None, WITH_CD_ROM], ids=["allowed", "refused"])
def test_it_is_about_the_vmi_and_names_its_vm(spec: Any) -> None:
    verdict = of_a_migration(a_vmi_document(spec, uid="u-web", ownerReferences=[VM_OWNER]))

    assert verdict.subject == Subject(
        title="VM default/web",
        kind="VirtualMachineInstance",
        resource="virtualmachineinstances",
        namespace="default",
        name="web",
        uid="u-web",
        vm="web",
        vm_uid="u-vm",
    )


def test_of_a_template_it_is_about_the_vm_itself() -> None:
    request = a_request(a_vm_document(WITH_CD_ROM, uid="u-vm", labels=REQUIRED), resource="virtualmachines")

    verdict = judged(request, path="/validate/virtualmachines")

    assert verdict.subject
    assert (verdict.subject.kind, verdict.subject.resource) == ("VirtualMachine", "virtualmachines")


def test_an_allowed_migration_is_audited_with_its_facts() -> None:
    verdict = of_a_migration(a_vmi_document(uid="u-web"), a_launcher(), a_node("node-a"), a_node("node-b"))

    assert verdict.audit["eligible-nodes"] == "node-b"


def test_a_refused_one_is_audited_with_its_restrictions() -> None:
    assert of_a_migration(a_vmi_document(WITH_CD_ROM)).audit == {"restrictions": "cd-rom"}


def test_one_that_is_being_deleted_is_left_to_kubevirt() -> None:
    verdict = of_a_migration(a_vmi_document(deletionTimestamp="2026-01-01T00:00:00Z"))

    assert verdict.warnings == ("VMI default/web is being deleted: KubeVirt decides whether it can migrate",)


class TestHarvestersMigrateButton:
    """It writes the target node on the VMI, before it makes a migration."""

    def verdict(self, node: str, *, operation: str = "UPDATE", resource: str = "virtualmachineinstances") -> Verdict:
        running = a_vmi_document(uid="u-web")
        asking = a_vmi_document(uid="u-web", annotations={HARVESTER_TARGET: node})
        request = a_request(asking, resource=resource, old=running, operation=operation)
        nodes = (a_node("node-a"), a_node("node-b"), a_node("node-c", spec={"unschedulable": True}))
        return judged(request, running, a_launcher(), *nodes, path="/validate/virtualmachines")

    def test_a_node_that_can_take_the_vm_passes(self) -> None:
        assert self.verdict("node-b").allowed

    def test_one_that_cannot_is_refused_with_the_annotation_as_the_field(self) -> None:
        verdict = self.verdict("node-c")

        assert [(c.restriction, c.field) for c in verdict.causes] == [
            ("target-node", f"metadata.annotations[{HARVESTER_TARGET}]")
        ]

    def test_only_an_update_asks_for_a_move(self) -> None:
        assert self.verdict("node-c", operation="CREATE").allowed


def test_a_refusal_because_of_a_namespaces_label_rests_on_the_namespace() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": REQUIRED}}
    request = a_request(a_vm_document(WITH_CD_ROM), resource="virtualmachines")

    verdict = judged(request, namespace, path="/validate/virtualmachines")

    assert Reference(kind="Namespace", name="default") in verdict.rests_on


@pytest.mark.parametrize(("sent", "expected"), [(True, True), (False, False), (None, False)])
def test_a_dry_run_is_known(sent: bool | None, expected: bool) -> None:  # noqa: FBT001
    review = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","dryRun":%s}}'

    assert read(review % {True: b"true", False: b"false", None: b"null"}[sent]).dry_run is expected


@pytest.mark.parametrize(
    ("mode", "interface", "number"),
    [("ReadWriteOnce", "masquerade", TOLD), ("ReadWriteMany", "bridge", 0)],
    ids=["as many claims as are told", "no claim that is shared"],
)
def test_only_what_decides_is_read_before_a_refusal(mode: str, interface: str, number: int) -> None:
    claims = [f"claim-{each}" for each in range(250)]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    spec = a_spec(volumes=volumes, interfaces=[{"name": "default", interface: {}}])

    verdict = of_a_migration(a_vmi_document(spec, uid="u-web"), *(a_claim(name, mode) for name in claims))

    assert not verdict.allowed
    assert sorted(each.name for each in verdict.rests_on if each.kind == "PersistentVolumeClaim") == sorted(
        claims[:number]
    )
    assert ("and 242 more like this" in verdict.message) is bool(number)
