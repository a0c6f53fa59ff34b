"""What the keeper counts and measures, in the exposition format."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from certs.configurations import ConfigurationName
from certs.keeper import Observation
from certs.record import Phase
from certs.rotation import Decision, Step

_PREFIX: Final = "live_migration_webhook"


class Metrics:
    """The keeper's metrics, in a registry of their own."""

    def __init__(self, configurations: tuple[ConfigurationName, ...]) -> None:
        self.registry = CollectorRegistry()
        self._not_after = Gauge(
            f"{_PREFIX}_certificate_not_after_timestamp_seconds",
            "When the stored certificate ends: of the leaf, and of the authority that signs.",
            ["kind"],
            registry=self.registry,
        )
        self._in_sync = Gauge(
            f"{_PREFIX}_ca_bundle_in_sync",
            "Whether every webhook of the configuration trusts exactly the authorities on record.",
            ["configuration"],
            registry=self.registry,
        )
        self._phase = Gauge(
            f"{_PREFIX}_certificate_rotation_phase",
            "How far the rotation of the authority has come: 1 for the phase that it is in.",
            ["phase"],
            registry=self.registry,
        )
        self._steps = Counter(f"{_PREFIX}_certificate_keeper_steps", "Steps done.", ["step"], registry=self.registry)
        self._failures = Counter(
            f"{_PREFIX}_certificate_keeper_failures", "Looks and steps that failed.", registry=self.registry
        )
        for name in configurations:
            self._in_sync.labels(str(name)).set(0)
        for step in Step:
            if step is not Step.WAIT:
                self._steps.labels(step.value)

    def saw(self, seen: Observation) -> None:
        """Take over what was found."""
        state = seen.state
        if state.leaf:
            self._not_after.labels("leaf").set(state.leaf.certificate.not_valid_after_utc.timestamp())
        if state.record is None:
            return
        if state.record.current:
            self._not_after.labels("ca").set(state.record.current.certificate.not_valid_after_utc.timestamp())
        for phase in Phase:
            self._phase.labels(phase.value).set(phase is state.record.phase)
        for name, synced in state.synced(state.record).items():
            self._in_sync.labels(str(name)).set(synced)
        for name in seen.missing:
            self._in_sync.labels(str(name)).set(0)

    def did(self, decision: Decision) -> None:
        """Count a step."""
        self._steps.labels(decision.step.value).inc()

    def failed(self) -> None:
        """Count a failure."""
        self._failures.inc()
