"""Each view has what its document says, field by field."""

from typing import Any

import pytest

from webhook.objects.amount import Amount
from webhook.objects.claim import read_claim
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import read_kubevirt
from webhook.objects.labels import HARVESTER_TARGET, HOSTNAME
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.migration import Migration, migration_to, read_migration
from webhook.objects.migration_policy import MigrationPolicy, read_migration_policy
from webhook.objects.migration_settings import MigrationSettings, read_migration_settings
from webhook.objects.pod import read_pod
from webhook.objects.scheduling import (
    Affinity,
    PodTerm,
    Requirement,
    Scheduling,
    Selector,
    SpreadConstraint,
    Toleration,
    read_scheduling,
)
from webhook.objects.vm import read_vm

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TIER_WEB = {"matchLabels": {"tier": "web"}, "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]}
SELECTS_TIER_WEB = Selector(
    requirements=(Requirement(key="tier", values=("web",)), Requirement(key="old", operator="DoesNotExist"))
)


def metadata_of(name: str, namespace: str = "") -> Metadata:
    return read_metadata(Fields({"metadata": {"name": name, "namespace": namespace}}))


def test_the_kubevirt_resource() -> None:
    document = {
        "metadata": {"name": "kubevirt", "namespace": "harvester-system"},
        "spec": {
            "configuration": {
                "cpuModel": "Skylake",
                "evictionStrategy": "LiveMigrate",
                "network": {"defaultNetworkInterface": "masquerade"},
                "migrations": {"progressTimeout": 7},
                "developerConfiguration": {"nodeSelectors": {"rack": "1"}, "featureGates": ["HypervStrictCheck"]},
            }
        },
        "status": {"observedKubeVirtVersion": "v1.7.0"},
    }

    kubevirt = read_kubevirt(Fields(document))

    assert kubevirt.cpu_model == "Skylake"
    assert kubevirt.eviction_strategy == "LiveMigrate"
    assert kubevirt.default_interface == "masquerade"
    assert kubevirt.migrations == MigrationSettings(progress_timeout=7)
    assert kubevirt.node_selectors == {"rack": "1"}
    assert "HypervStrictCheck" in kubevirt.feature_gates
    assert kubevirt.release == (1, 7, 0)
    assert kubevirt.controller == "system:serviceaccount:harvester-system:kubevirt-controller"


def test_a_migration_policy() -> None:
    document = {
        "metadata": {"name": "slow"},
        "spec": {
            "completionTimeoutPerGiB": 1,
            "progressTimeout": 2,
            "bandwidthPerMigration": "3Mi",
            "selectors": {"namespaceSelector": {"team": "a"}, "virtualMachineInstanceSelector": {"tier": "web"}},
        },
    }

    assert read_migration_policy(Fields(document)) == MigrationPolicy(
        metadata=metadata_of("slow"),
        settings=MigrationSettings(completion_timeout_per_gib=1, progress_timeout=2, bandwidth=3 * 1024**2),
        has_selectors=True,
        vmi_selector={"tier": "web"},
        namespace_selector={"team": "a"},
    )


def test_a_negative_timeout_is_told_and_taken_as_absent() -> None:
    fields = Fields({"progressTimeout": -1})

    assert read_migration_settings(fields) == MigrationSettings()
    assert fields.notes.all() == ("progressTimeout is negative",)


def test_a_migration_that_names_no_namespace_is_in_that_of_its_request() -> None:
    document = {"metadata": {"name": "m"}, "spec": {"vmiName": "web", "addedNodeSelector": {HOSTNAME: "b"}}}

    migration = read_migration(Fields(document), "shop")

    assert migration == Migration(
        metadata=metadata_of("m", "shop"), vmi_name="web", added_node_selector={HOSTNAME: "b"}
    )
    assert read_migration(Fields(document)).metadata.namespace == ""


def test_the_move_that_harvester_asks_for_is_a_migration_of_the_vmi_to_that_node() -> None:
    vmi = metadata_of("web", "shop")

    assert migration_to("b", vmi) == Migration(
        metadata=vmi,
        vmi_name="web",
        added_node_selector={HOSTNAME: "b"},
        target_field=f"metadata.annotations[{HARVESTER_TARGET}]",
    )


@pytest.mark.parametrize("read", [read_claim, read_pod, read_vm], ids=["claim", "pod", "VM"])
def test_the_namespace_of_the_request_holds_where_the_object_names_none(read: Any) -> None:
    nameless = {"metadata": {"name": "web"}}

    assert read(Fields(nameless), "shop").metadata.namespace == "shop"
    assert read(Fields(nameless)).metadata.namespace == ""


def test_a_pod_asks_for_what_its_containers_ask_for_together() -> None:
    requests = [{"cpu": "1500m", "memory": "1Gi"}, {"cpu": 2}]
    document = {"spec": {"containers": [{"resources": {"requests": request}} for request in requests]}}

    assert read_pod(Fields(document)).requests == Amount(cpu=3500, memory=1024**3)


def test_claim_templates_that_are_no_json_are_told_by_their_place() -> None:
    fields = Fields({"metadata": {"annotations": {"harvesterhci.io/volumeClaimTemplates": "["}}})

    vm = read_vm(fields)

    assert vm.instance.misread == ("metadata.annotations[harvesterhci.io/volumeClaimTemplates] is not JSON",)


def test_claim_templates_of_a_wrong_type_are_told_by_their_place() -> None:
    fields = Fields({"metadata": {"annotations": {"harvesterhci.io/volumeClaimTemplates": "[7]"}}})

    vm = read_vm(fields)

    place = "metadata.annotations.harvesterhci.io/volumeClaimTemplates[0]"
    assert vm.instance.misread == (f"{place} is a number, not an object",)


def test_every_scheduling_field() -> None:
    spec = {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Equal", "value": "a", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                REQUIRED: {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [{"key": "rank", "operator": "Gt", "values": ["3"]}],
                            "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}],
                        }
                    ]
                }
            },
            "podAntiAffinity": {
                REQUIRED: [
                    {
                        "labelSelector": TIER_WEB,
                        "namespaceSelector": {},
                        "namespaces": ["lab"],
                        "topologyKey": "zone",
                        "matchLabelKeys": ["color"],
                        "mismatchLabelKeys": ["tenant"],
                    }
                ]
            },
        },
        "topologySpreadConstraints": [
            {
                "whenUnsatisfiable": "DoNotSchedule",
                "topologyKey": "zone",
                "maxSkew": 2,
                "minDomains": 3,
                "labelSelector": TIER_WEB,
                "nodeAffinityPolicy": "Ignore",
                "nodeTaintsPolicy": "Honor",
                "matchLabelKeys": ["color"],
            }
        ],
    }

    assert read_scheduling(Fields(spec)) == Scheduling(
        node_selector={"disk": "ssd"},
        tolerations=(Toleration(key="gpu", operator="Equal", value="a", effect="NoSchedule"),),
        affinity=Affinity(
            node_terms=(
                (
                    Requirement(key="rank", operator="Gt", values=("3",)),
                    Requirement(key="metadata.name", values=("b",), field=True),
                ),
            ),
            anti_pods=(
                PodTerm(
                    selector=SELECTS_TIER_WEB,
                    topology_key="zone",
                    namespaces=("lab",),
                    namespace_selector=Selector(),
                    match_label_keys=("color",),
                    mismatch_label_keys=("tenant",),
                ),
            ),
        ),
        spread=(
            SpreadConstraint(
                topology_key="zone",
                max_skew=2,
                selector=SELECTS_TIER_WEB,
                min_domains=3,
                honors_affinity=False,
                honors_taints=True,
                match_label_keys=("color",),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("value", "accepted"), [(str(-(2**63)), True), (str(-(2**63) - 1), False), (str(2**63), False)]
)
def test_numbers_are_compared_as_far_as_they_fit_64_bits(value: str, accepted: bool) -> None:  # noqa: FBT001
    below = Requirement(key="rank", operator="Lt", values=("9",))

    assert below.accepts(value) is accepted
