"""Looks at the cluster, decides, and does one step: the only code that writes the objects."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from certs import stored
from certs.authority import SYSTEM, RandomSource
from certs.bundle import to_pem
from certs.changes import Bundle, Leaf, change
from certs.configurations import Configuration, ConfigurationName, read_configuration
from certs.lifetime import Lives
from certs.objects import DEADLINE, Objects, authority_name, leaf_name, read_objects
from certs.record import Record
from certs.rotation import Decision, State
from certs.stopwatch import Stopwatch
from webhook.kube.api import Api, Document
from webhook.kube.refusals import ApiError
from webhook.kube.resources import SECRET, WEBHOOK_CONFIGURATIONS

LABELS: Final = {"app.kubernetes.io/part-of": "live-migration-webhook"}
"""On the Secrets."""


class KeeperConfig(Struct, frozen=True, kw_only=True):
    """What a keeper looks after: the Secrets `NAME-ca` and `NAME-tls`, the webhook configurations, and the names."""

    namespace: str
    name: str
    configurations: tuple[ConfigurationName, ...]
    names: tuple[str, ...]
    lives: Lives


class Observation(Struct, frozen=True, kw_only=True):
    """What was found: the objects, the state that they are in, and in words what of them can't be read."""

    objects: Objects
    state: State
    problems: tuple[str, ...]

    @property
    def missing(self) -> tuple[ConfigurationName, ...]:
        """The webhook configurations that don't exist."""
        return tuple(name for name, found in self.objects.configurations.items() if found is None)


class Keeper:
    """Keeps the certificates of one config. `stopwatch`: None to trust recorded times, as a single look has to."""

    def __init__(
        self, api: Api, config: KeeperConfig, stopwatch: Stopwatch | None = None, random: RandomSource = SYSTEM
    ) -> None:
        self._api = api
        self._config = config
        self._stopwatch = stopwatch
        self._random = random

    def look(self) -> Observation:
        """Read everything. Raises ApiError."""
        config = self._config
        objects = read_objects(
            self._api, namespace=config.namespace, name=config.name, configurations=config.configurations
        )
        contents = stored.read(objects.authority, objects.leaf)
        state = State(
            now=self._api.now,
            record=contents.record,
            leaf=contents.leaf,
            leaf_authorities=contents.leaf_authorities,
            configurations=tuple(
                read_configuration(name, found) for name, found in objects.configurations.items() if found
            ),
            names=config.names,
            lives=config.lives,
        )
        timed = self._stopwatch.read(state) if self._stopwatch else state
        return Observation(objects=objects, state=timed, problems=contents.problems)

    def act(self, decision: Decision, seen: Observation) -> None:
        """Do the step, if there is one. Raises ApiError, Conflict when somebody else wrote since the look."""
        name, objects = self._config.name, seen.objects
        match change(decision, seen.state, self._random):
            case Record() as record:
                self._store(authority_name(name), "Opaque", objects.authority, stored.authority_secret(record))
            case Leaf(pair=pair, authority=authority):
                self._store(leaf_name(name), "kubernetes.io/tls", objects.leaf, stored.leaf_secret(pair, authority))
            case Bundle(certificates=certificates):
                self._publish(seen.state.configurations, to_pem(certificates))

    def _store(self, name: str, kind: str, present: Document | None, content: Mapping[str, Any]) -> None:
        namespace = self._config.namespace
        if present:
            version = present["metadata"]["resourceVersion"]
            self._api.merge(SECRET, namespace, name, version, content, timeout=DEADLINE)
            return
        data = {key: value for key, value in content["data"].items() if value is not None}
        metadata = {**content.get("metadata", {}), "labels": LABELS}
        secret = {"type": kind, "metadata": metadata, "data": data}
        self._api.create_named(SECRET, namespace, name, secret, timeout=DEADLINE)

    def _publish(self, configurations: tuple[Configuration, ...], bundle: bytes) -> None:
        """Write the bundle into each configuration that has another one; one that refuses does not spare the others."""
        errors: list[ApiError] = []
        for configuration in configurations:
            if configuration.trusts(bundle):
                continue
            phase, name = configuration.name.phase, configuration.name.name
            try:
                self._api.patch(WEBHOOK_CONFIGURATIONS[phase], "", name, configuration.patch(bundle), timeout=DEADLINE)
            except ApiError as error:
                errors.append(error)
        if errors:
            raise errors[0]
