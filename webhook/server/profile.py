"""The profile that holds: with `auto` the cluster chooses it, and people want to know what it chose."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webhook.engine.policy import Policy, Profile
from webhook.kube.source import Cluster, ClusterUnavailable

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class ChosenProfile(Collector):
    """Says which profile holds: as a metric when it is asked for, in the log whenever it has changed."""

    policy: Policy
    cluster: Cluster
    _told: Profile | None = None

    def tell(self) -> None:
        """Log the profile, if it is known and not the one that was logged last."""
        chosen = self._chosen()
        if chosen is not None and chosen is not self._told:
            log.info("profile", chosen=chosen.value, asked_for=self.policy.profile.value)
            self._told = chosen

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield a gauge that is 1 for the profile that holds; 0 for all while the cluster is not known."""
        family = GaugeMetricFamily(
            "live_migration_webhook_profile", "1 for the profile that holds.", labels=("profile",)
        )
        for profile in (Profile.HARVESTER, Profile.KUBEVIRT):
            family.add_metric((profile.value,), float(profile is self._chosen()))
        yield family

    def _chosen(self) -> Profile | None:
        try:
            return self.policy.resolved(self.cluster.snapshot().kubevirt).profile
        except ClusterUnavailable:
            return None
