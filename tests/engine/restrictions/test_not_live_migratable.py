"""The restriction `not-live-migratable`."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_vmi
from webhook.engine.restrictions import not_live_migratable
from webhook.engine.restrictions.restriction import Case
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration


def a_case(status: str, reason: str = "SEVNotLiveMigratable", message: str = "VMI uses SEV", **case: Any) -> Case:
    condition = {"type": "LiveMigratable", "status": status, "reason": reason, "message": message}
    return Case(vmi=a_vmi(status={"conditions": [condition]}), snapshot=a_cluster(), **case)


def test_the_reason_and_message_of_kubevirt_are_shown() -> None:
    [violation] = not_live_migratable.check(a_case("False"))

    assert violation.message == (
        "not-live-migratable: KubeVirt reports SEVNotLiveMigratable: VMI uses SEV "
        "(status.conditions[LiveMigratable]). Change what KubeVirt names, then restart the VM."
    )


@pytest.mark.parametrize("status", ["True", "Unknown", ""])
def test_only_a_clear_no_counts(status: str) -> None:
    assert not list(not_live_migratable.check(a_case(status)))


def test_no_condition_is_no_refusal() -> None:
    assert not list(not_live_migratable.check(Case(vmi=a_vmi(), snapshot=a_cluster())))


@pytest.mark.parametrize(
    ("reason", "restriction"),
    [
        ("DisksNotLiveMigratable", "read-write-once"),
        ("InterfaceNotLiveMigratable", "bridge-network"),
        ("HostDeviceNotLiveMigratable", "pci-device"),
        ("CPUModeLiveMigratable", "cpu-model"),
    ],
)
def test_a_reason_that_another_restriction_explains_is_not_said_twice(reason: str, restriction: str) -> None:
    assert not list(not_live_migratable.check(a_case("False", reason, found=frozenset({restriction}))))
    assert list(not_live_migratable.check(a_case("False", reason, found=frozenset({"cd-rom"}))))


def test_disks_are_tolerated_for_a_decentralized_migration() -> None:
    migration = read_migration(Fields({"spec": {"vmiName": "web", "sendTo": {"migrationID": "m"}}}))

    assert not list(not_live_migratable.check(a_case("False", "DisksNotLiveMigratable", migration=migration)))
    assert list(not_live_migratable.check(a_case("False", migration=migration)))


def test_a_long_message_with_line_breaks_becomes_one_line_of_bounded_length() -> None:
    [violation] = not_live_migratable.check(a_case("False", message="a\n" * 1000))

    assert "\n" not in violation.message
    assert len(violation.message) < 500
