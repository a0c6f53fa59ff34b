"""The profile that holds is told in the log and in the metrics."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from testbed.builders import a_kubevirt
from webhook.engine.policy import Policy, Profile
from webhook.kube.source import ClusterUnavailable
from webhook.server.metrics import REGISTRY
from webhook.server.profile import ChosenProfile
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of


def told() -> dict[str, float | None]:
    """Return the series of the metric, by profile."""
    series = ("harvester", "kubevirt")
    return {name: REGISTRY.get_sample_value("live_migration_webhook_profile", {"profile": name}) for name in series}


@pytest.mark.parametrize(
    ("profile", "kubevirts", "chosen"),
    [
        (Profile.HARVESTER, [a_kubevirt()], "harvester"),
        (Profile.AUTO, [a_kubevirt()], "kubevirt"),
        (Profile.AUTO, [], "harvester"),
    ],
)
def test_the_profile_is_a_metric_and_is_logged_once(profile: Profile, kubevirts: list[Any], chosen: str) -> None:
    chooser = ChosenProfile(Policy(profile=profile), Manifests(snapshot_of(kubevirts)))

    with capture_logs() as logs:
        chooser.tell()
        chooser.tell()

    assert told() == {name: float(name == chosen) for name in ("harvester", "kubevirt")}
    assert [(entry["event"], entry["chosen"], entry["asked_for"]) for entry in logs] == [
        ("profile", chosen, profile.value)
    ]


def test_nothing_is_told_of_a_cluster_that_is_not_known_yet() -> None:
    class Unknown(Manifests, frozen=True):
        def snapshot(self) -> Any:
            raise ClusterUnavailable("not loaded")

    chooser = ChosenProfile(Policy(profile=Profile.AUTO), Unknown(snapshot_of([])))

    with capture_logs() as logs:
        chooser.tell()

    assert told() == {"harvester": 0.0, "kubevirt": 0.0}
    assert logs == []
