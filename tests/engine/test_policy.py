"""Which restrictions hold, and how strictly."""

import pytest

from testbed.builders import a_kubevirt
from webhook.engine.policy import Enforcement, Policy, Profile
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import KubeVirt, read_kubevirt


def kubevirt(namespace: str, version: str) -> KubeVirt:
    document = a_kubevirt()
    document["metadata"]["namespace"] = namespace
    document["status"] = {"observedKubeVirtVersion": version}
    return read_kubevirt(Fields(document))


@pytest.mark.parametrize(
    ("profile", "restriction", "enforcement"),
    [
        (Profile.HARVESTER, "cd-rom", Enforcement.DENY),
        (Profile.HARVESTER, "read-write-once", Enforcement.DENY),
        (Profile.KUBEVIRT, "cd-rom", Enforcement.OFF),
        (Profile.KUBEVIRT, "container-disk", Enforcement.OFF),
        (Profile.KUBEVIRT, "read-write-once", Enforcement.DENY),
    ],
)
def test_a_profile_says_what_holds_by_default(profile: Profile, restriction: str, enforcement: Enforcement) -> None:
    assert Policy(profile=profile).enforcement(restriction) is enforcement


@pytest.mark.parametrize("profile", [Profile.HARVESTER, Profile.KUBEVIRT])
def test_each_restriction_can_be_set_alone(profile: Profile) -> None:
    policy = Policy(profile=profile, enforcements={"cd-rom": Enforcement.WARN})

    assert policy.enforcement("cd-rom") is Enforcement.WARN


@pytest.mark.parametrize(
    ("cluster", "profile"),
    [
        pytest.param(None, Profile.HARVESTER, id="no KubeVirt yet"),
        pytest.param(kubevirt("harvester-system", "v1.3.1"), Profile.HARVESTER, id="Harvester 1.4"),
        pytest.param(kubevirt("harvester-system", "v1.6.0"), Profile.HARVESTER, id="Harvester 1.7"),
        pytest.param(kubevirt("harvester-system", "v1.7.0"), Profile.KUBEVIRT, id="Harvester 1.8"),
        pytest.param(kubevirt("kubevirt", "v1.3.1"), Profile.KUBEVIRT, id="KubeVirt alone"),
    ],
)
def test_auto_goes_by_the_cluster(cluster: KubeVirt | None, profile: Profile) -> None:
    assert Policy(profile=Profile.AUTO).resolved(cluster).profile is profile


def test_a_profile_that_was_chosen_stays() -> None:
    policy = Policy(profile=Profile.HARVESTER)

    assert policy.resolved(kubevirt("kubevirt", "v1.7.0")) is policy
