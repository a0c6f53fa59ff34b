"""Judging VMs and VMIs when they are made or changed."""

from typing import Any

import pytest

from testbed.builders import a_kubevirt, a_spec, a_vm_document, a_vmi_document
from tests.admission.asking import CONTROLLER, WITH_A_BRIDGE, WITH_CD_ROM, a_request, judged
from webhook.engine.verdict import ALLOWED, Verdict

INTERFACE = "spec.template.spec.domain.devices.interfaces[0]"
REQUIRED = {"live-migration-webhook/required": "true"}


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

    def test_an_update_that_newly_asks_that_it_stays_migratable_is_judged_though_nothing_else_changed(self) -> None:
        old, new = a_vm_document(WITH_CD_ROM), a_vm_document(WITH_CD_ROM, labels=REQUIRED)

        assert not self.verdict(new, old=old).allowed
        assert self.verdict(new, old=new) is ALLOWED
        assert self.verdict(old, old=new) is ALLOWED

    def test_a_move_that_changes_the_specification_too_is_judged_for_both(self) -> None:
        tsc = {"domain": {**a_spec()["domain"], "features": {"hypervPassthrough": {"enabled": True}}}}
        old = a_vmi_document(status={"phase": "Scheduled"})
        new = a_vmi_document(
            {**a_spec(), **tsc},
            annotations={"harvesterhci.io/migrationTargetNodeName": "node-b"},
            status={"phase": "Scheduled"},
        )

        assert self.verdict(new, old=old, resource="virtualmachineinstances").warnings == (
            "VMI default/web is not running (phase Scheduled): KubeVirt decides whether it can migrate",
            "not-live-migratable: spec.domain.features.hypervPassthrough: name the enlightenments it needs",
        )

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
            "(spec.template.spec.domain.devices.disks[0].cdrom). Eject the CD-ROM. "
            'It has to stay migratable: label live-migration-webhook/required="true" on the VM or its namespace. '
            "Help: kubectl livemigration explain cd-rom"
        )

    def test_what_could_not_be_read_is_told_once_though_a_refusal_is_judged_twice(self) -> None:
        document = a_vm_document({**WITH_CD_ROM, "hostname": 7}, labels={"live-migration-webhook/required": "true"})

        verdict = self.verdict(document)

        assert not verdict.allowed
        assert verdict.warnings == ("spec.template.spec.hostname is a number, not a string: taken as absent",)

    def test_a_vm_that_can_migrate_is_not_warned_of_its_eviction_strategy(self) -> None:
        assert self.verdict(a_vm_document(a_spec(evictionStrategy="LiveMigrate"))) == ALLOWED

    def test_a_vm_that_cannot_migrate_but_must_is_told_that_its_drain_will_hang(self) -> None:
        verdict = self.verdict(a_vm_document({**WITH_A_BRIDGE, "evictionStrategy": "LiveMigrate"}))

        assert verdict.warnings == (
            f"bridge-network: {INTERFACE}.bridge: use masquerade, or a VLAN (multus) network",
            "spec.template.spec.evictionStrategy is LiveMigrate, but it can't migrate: a drain of its node will hang",
        )

    def test_a_drain_of_what_kubevirt_moves_all_the_same_does_not_hang(self) -> None:
        verdict = self.verdict(a_vm_document({**WITH_CD_ROM, "evictionStrategy": "LiveMigrate"}))

        assert verdict.warnings == (
            "cd-rom: spec.template.spec.domain.devices.disks[0].cdrom: eject the CD-ROM",
            "spec.template.spec.evictionStrategy is LiveMigrate: a drain moves it all the same",
        )

    @pytest.mark.parametrize(("own", "hangs"), [({}, True), ({"evictionStrategy": "None"}, False)])
    def test_the_clusters_eviction_strategy_holds_where_the_vm_has_none(
        self, own: dict[str, str], *, hangs: bool
    ) -> None:
        verdict = self.verdict(a_vm_document({**WITH_A_BRIDGE, **own}), a_kubevirt(evictionStrategy="LiveMigrate"))

        last = "the cluster's evictionStrategy is LiveMigrate, but it can't migrate: a drain of its node will hang"
        assert (verdict.warnings[-1] == last) is hangs

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
