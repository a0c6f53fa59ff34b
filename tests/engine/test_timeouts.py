"""The timeouts that apply to a migration."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import a_kubevirt, a_spec, a_vmi
from webhook.engine.timeouts import Timeouts, effective_timeouts, matching_policy
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import KubeVirt, read_kubevirt
from webhook.objects.migration_policy import MigrationPolicy, read_migration_policy


def a_machine(memory: str = "8Gi", *, status: Any = None, **metadata: Any) -> Any:
    spec = a_spec()
    spec["domain"]["memory"] = {"guest": memory}
    return a_vmi(spec, status=status, **metadata)


def kubevirt(version: str = "v1.7.0", **migrations: Any) -> KubeVirt:
    document = {**a_kubevirt(migrations=migrations), "status": {"observedKubeVirtVersion": version}}
    return read_kubevirt(Fields(document))


def a_policy(name: str, selectors: Any = None, **spec: Any) -> MigrationPolicy:
    document = {"metadata": {"name": name}, "spec": {**spec, **({} if selectors is None else {"selectors": selectors})}}
    return read_migration_policy(Fields(document))


def timeouts(vmi: Any, cluster: KubeVirt | None, *policies: MigrationPolicy) -> Timeouts:
    return effective_timeouts(vmi, cluster, policies, {"team": "a"})


@pytest.mark.parametrize(
    ("version", "per_gib", "completion", "source"),
    [
        pytest.param("v1.3.1", 800, 6400, "default of KubeVirt v1.3.1", id="the page's example"),
        pytest.param("v1.4.0", 150, 1200, "default of KubeVirt v1.4.0", id="from 1.4"),
        pytest.param("1.10.2-rc.1", 150, 1200, "default of KubeVirt 1.10.2-rc.1", id="two digits"),
        pytest.param("", 150, 1200, "KubeVirt's default", id="version not reported"),
        pytest.param("devel", 150, 1200, "KubeVirt's default", id="no version number"),
    ],
)
def test_the_default_goes_by_the_version_of_kubevirt(version: str, per_gib: int, completion: int, source: str) -> None:
    result = timeouts(a_machine(), kubevirt(version))

    assert (result.per_gib, result.completion, result.progress, result.source) == (per_gib, completion, 150, source)


@pytest.mark.parametrize(
    ("memory", "documented", "counted"),
    [("1Gi", 150, 300), ("4Gi", 600, 750), ("8Gi", 1200, 1350), ("1G", 140, 150), ("1536Mi", 225, 300), ("0", 0, 0)],
)
def test_kubevirt_counts_whole_decimal_gigabytes(memory: str, documented: int, counted: int) -> None:
    result = timeouts(a_machine(memory), kubevirt())

    assert (result.completion, result.completion_by_kubevirt) == (documented, counted)


def test_the_kubevirt_resource_overrides_the_default() -> None:
    result = timeouts(a_machine(), kubevirt(completionTimeoutPerGiB=800, progressTimeout=60))

    assert (result.completion, result.progress, result.source) == (6400, 60, "KubeVirt resource")


def test_a_policy_overrides_the_kubevirt_resource_field_by_field() -> None:
    policy = a_policy("slow", {}, completionTimeoutPerGiB=10)

    result = timeouts(a_machine(), kubevirt(completionTimeoutPerGiB=800, progressTimeout=60), policy)

    assert (result.completion, result.progress, result.source) == (80, 60, "MigrationPolicy slow")


def test_zero_means_no_timeout() -> None:
    assert timeouts(a_machine(), kubevirt(completionTimeoutPerGiB=0, progressTimeout=0)).completion == 0


@pytest.mark.parametrize("value", [-1, "800", True, 1.5, None])
def test_a_number_that_is_none_leaves_the_default(value: Any) -> None:
    assert timeouts(a_machine(), kubevirt(completionTimeoutPerGiB=value)).per_gib == 150


def test_volumes_whose_data_move_count_too() -> None:
    status = {
        "migratedVolumes": [{"volumeName": "root", "sourcePVCInfo": {"claimName": "old"}}],
        "volumeStatus": [
            {"name": "root", "persistentVolumeClaimInfo": {"claimName": "old", "capacity": {"storage": "10Gi"}}},
            {"name": "data", "persistentVolumeClaimInfo": {"claimName": "data", "capacity": {"storage": "10Gi"}}},
        ],
    }

    assert timeouts(a_machine("2Gi", status=status), kubevirt()).completion == 12 * 150


def test_the_requested_memory_counts_where_the_guest_has_none_of_its_own() -> None:
    spec = {"domain": {"resources": {"requests": {"memory": "2Gi"}}}}

    assert timeouts(a_vmi(spec), kubevirt()).completion == 300


@pytest.mark.parametrize(
    ("bandwidth", "warning"),
    [
        ("8Mi", ""),
        ("4Mi", "8.0 GiB at 4.0 MiB/s take 2048 s, the completion timeout is 1350 s"),
        ("0", ""),
        ("fast", ""),
        ("1e30", ""),
    ],
)
def test_a_bandwidth_that_is_too_small_for_the_timeout_is_warned_of(bandwidth: str, warning: str) -> None:
    assert timeouts(a_machine(), kubevirt(bandwidthPerMigration=bandwidth)).warning == warning


LABELS = {"app": "db", "tier": "gold"}
NAMESPACE = {"team": "a", "zone": "1"}
VMI_APP = {"virtualMachineInstanceSelector": {"app": "db"}}
VMI_BOTH = {"virtualMachineInstanceSelector": LABELS}
NS_TEAM = {"namespaceSelector": {"team": "a"}}
NS_BOTH = {"namespaceSelector": NAMESPACE}


@pytest.mark.parametrize(
    ("policies", "chosen"),
    [
        pytest.param([], None, id="none"),
        pytest.param([a_policy("a")], None, id="without selectors it matches nothing"),
        pytest.param([a_policy("a", {})], "a", id="empty selectors match everything"),
        pytest.param([a_policy("a", {}), a_policy("b", VMI_APP)], "b", id="more labels win"),
        pytest.param([a_policy("a", VMI_APP), a_policy("b", VMI_BOTH)], "b", id="more of the VMI's labels"),
        pytest.param([a_policy("a", NS_TEAM), a_policy("b", VMI_APP)], "b", id="of equal ones the VMI's"),
        pytest.param([a_policy("a", NS_BOTH), a_policy("b", VMI_APP)], "a", id="but the sum comes first"),
        pytest.param([a_policy("b", VMI_APP), a_policy("a", VMI_APP)], "a", id="then the first by name"),
        pytest.param([a_policy("a", {"virtualMachineInstanceSelector": {"app": "web"}})], None, id="another value"),
        pytest.param([a_policy("a", {**VMI_APP, "namespaceSelector": {"team": "b"}})], None, id="one of two"),
    ],
)
def test_the_policy_is_the_one_that_kubevirt_chooses(policies: list[MigrationPolicy], chosen: str | None) -> None:
    policy = matching_policy(policies, LABELS, NAMESPACE)

    assert (policy.metadata.name if policy else None) == chosen


def test_a_machine_without_any_label_matches_every_policy_with_selectors() -> None:
    policy = matching_policy([a_policy("b", VMI_APP), a_policy("a", NS_TEAM)], {}, {})

    assert policy is not None
    assert policy.metadata.name == "a"


@given(per_gib=st.integers(), progress=st.integers(), memory=st.text() | st.integers().map(str))
def test_no_setting_makes_it_fail(per_gib: int, progress: int, memory: str) -> None:
    result = timeouts(a_machine(memory), kubevirt(completionTimeoutPerGiB=per_gib, progressTimeout=progress))

    assert result.completion >= 0
    assert result.completion_by_kubevirt >= 0


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@given(selectors=ODD, vmi_selector=ODD, per_gib=ODD, bandwidth=ODD)
def test_no_policy_makes_it_fail(selectors: Any, vmi_selector: Any, per_gib: Any, bandwidth: Any) -> None:
    odd = a_policy("odd", selectors, completionTimeoutPerGiB=per_gib, bandwidthPerMigration=bandwidth)
    other = a_policy("other", {"virtualMachineInstanceSelector": vmi_selector, "namespaceSelector": vmi_selector})

    timeouts(a_machine(labels=LABELS), kubevirt(), odd, other)


@pytest.mark.parametrize(
    ("cluster", "policy", "disrupts"),
    [
        ({}, {}, False),
        ({"allowPostCopy": True}, {}, True),
        ({"allowPostCopy": True, "allowWorkloadDisruption": False}, {}, False),
        ({"allowWorkloadDisruption": True}, {"allowWorkloadDisruption": False}, False),
        ({}, {"allowPostCopy": True}, True),
    ],
)
def test_a_guest_that_comes_too_late_may_be_disrupted_where_that_is_allowed(
    cluster: Any, policy: Any, *, disrupts: bool
) -> None:
    found = timeouts(a_machine(labels={"a": "b"}), kubevirt(**cluster), a_policy("all", {}, **policy))
    assert found.disrupts is disrupts
