"""The profile that holds: with `auto` the cluster chooses it, and people want to know what it chose."""

from dataclasses import dataclass

import structlog

from webhook.engine.policy import Policy, Profile
from webhook.kube.source import Cluster, ClusterUnavailable
from webhook.server import metrics

log = structlog.get_logger()


@dataclass(slots=True)
class ChosenProfile:
    """Tells which profile holds, as a metric and in the log."""

    policy: Policy
    cluster: Cluster
    _logged: Profile | None = None

    def tell(self) -> None:
        """Set the metric, 0 for all while the cluster is not known; log the profile if it wasn't logged last."""
        try:
            chosen = self.policy.resolved(self.cluster.snapshot().kubevirt).profile
        except ClusterUnavailable:
            chosen = None
        for profile in (Profile.HARVESTER, Profile.KUBEVIRT):
            metrics.PROFILE.labels(profile.value).set(profile is chosen)
        if chosen and chosen is not self._logged:
            log.info("profile", chosen=chosen.value, asked_for=self.policy.profile.value)
            self._logged = chosen
