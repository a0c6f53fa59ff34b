"""Looks at the cluster, decides, and does one step: the only code that reads and writes the objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from certs import stored
from certs.authority import SYSTEM, RandomSource
from certs.bundle import to_pem
from certs.changes import Bundle, Leaf, change
from certs.cluster import Cluster, ClusterError
from certs.configurations import Configuration, Reference, read_configuration
from certs.lifetime import Lives
from certs.record import Record
from certs.rotation import Decision, State, Step, next_step
from certs.watch import Watch

LABELS: Final = {"app.kubernetes.io/part-of": "live-migration-webhook"}
"""On the Secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a keeper looks after. The Secrets are `NAME-ca` and `NAME-tls`."""

    namespace: str
    name: str
    configurations: tuple[Reference, ...]
    names: tuple[str, ...]
    lives: Lives

    def secret(self, suffix: str) -> str:
        """Return the path of a Secret."""
        return f"/api/v1/namespaces/{self.namespace}/secrets/{self.name}-{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was found: the state, and what is needed to write."""

    state: State
    versions: Mapping[str, str]
    missing: tuple[Reference, ...]
    problems: tuple[str, ...]


class Keeper:
    """Keeps the certificates of one charge. `watch`: None to trust recorded times, as a single look has to."""

    def __init__(
        self, cluster: Cluster, charge: Charge, watch: Watch | None = None, random: RandomSource = SYSTEM
    ) -> None:
        self._cluster = cluster
        self._charge = charge
        self._watch = watch
        self._random = random

    def look(self) -> Sight:
        """Read everything, the authorities last. Raises ClusterError.

        So a keeper that comes to a halt between two requests does no harm. A bundle or a leaf is written only where
        the former one has not changed since it was read; the authorities that it is made of were read later than that.
        """
        charge = self._charge
        found = {reference: self._cluster.get(reference.path) for reference in charge.configurations}
        secrets = {suffix: self._cluster.get(charge.secret(suffix)) for suffix in ("tls", "ca")}
        contents = stored.read(secrets["ca"], secrets["tls"])
        state = State(
            now=self._cluster.now,
            record=contents.record,
            leaf=contents.leaf,
            leaf_authorities=contents.leaf_authorities,
            configurations=tuple(read_configuration(reference, json) for reference, json in found.items() if json),
            names=charge.names,
            lives=charge.lives,
        )
        return Sight(
            state=self._watch.over(state) if self._watch else state,
            versions={suffix: secret["metadata"]["resourceVersion"] for suffix, secret in secrets.items() if secret},
            missing=tuple(reference for reference, json in found.items() if not json),
            problems=contents.problems,
        )

    def decide(self, sight: Sight) -> Decision:
        """Return the next step."""
        return next_step(sight.state)

    def act(self, decision: Decision, sight: Sight) -> None:
        """Do the step. Raises ClusterError, ConflictError when somebody else wrote since the look."""
        if decision.step is Step.WAIT:
            return
        match change(decision, sight.state, self._random):
            case Record() as record:
                self._store("ca", "Opaque", sight, stored.authority_secret(record))
            case Leaf(pair=pair, authority=authority):
                self._store("tls", "kubernetes.io/tls", sight, stored.leaf_secret(pair, authority))
            case Bundle(certificates=certificates):
                self._publish(sight.state.configurations, to_pem(certificates))

    def _store(self, suffix: str, kind: str, sight: Sight, content: Mapping[str, Any]) -> None:
        path = self._charge.secret(suffix)
        if suffix in sight.versions:
            self._cluster.merge(path, sight.versions[suffix], content)
            return
        data = {key: value for key, value in content["data"].items() if value is not None}
        metadata = {**content.get("metadata", {}), "labels": LABELS}
        body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data}
        self._cluster.create(path, body)

    def _publish(self, configurations: tuple[Configuration, ...], bundle: bytes) -> None:
        """Write the bundle into each configuration that has another one; one that refuses does not spare the others."""
        errors: list[ClusterError] = []
        for configuration in configurations:
            if configuration.trusts(bundle):
                continue
            try:
                self._cluster.patch(configuration.reference.path, configuration.patch(bundle))
            except ClusterError as error:
                errors.append(error)
        if errors:
            raise errors[0]
