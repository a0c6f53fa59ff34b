"""What to do next about the certificates: a pure decision from what is stored, trusted and served.

The order of things keeps one promise: at every moment every API server verifies every leaf that a pod may serve.
An authority is *prepared*, *published* (every webhook configuration trusts it beside those before), has signed a leaf
only after the *switch*, and those before are *retired* when their leaves are gone. Each step changes one thing and is
decided anew from what is there, so that it does not matter where the one before was interrupted.
"""

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from certs.bundle import Certificates, distinct, to_pem, unexpired, verifiers
from certs.configurations import Configuration, ConfigurationName
from certs.lifetime import Lives, due, issued_at, valid
from certs.names import names_of
from certs.pair import Pair
from certs.record import Phase, Record


class Step(StrEnum):
    """One change.

    begin: make an authority, there is none. adopt: go on trusting the authority of the leaf that is there.
    issue: make a leaf. prepare: make the next authority. publish: write the bundle into the webhook configurations.
    note-published: write down that it has been read back everywhere. restart: begin the wait of this phase anew.
    switch: let the next authority sign. retire: trust the old authorities no longer. wait: nothing to do.
    """

    BEGIN = "begin"
    ADOPT = "adopt"
    ISSUE = "issue"
    PREPARE = "prepare"
    PUBLISH = "publish"
    NOTE_PUBLISHED = "note-published"
    RESTART = "restart"
    SWITCH = "switch"
    RETIRE = "retire"
    WAIT = "wait"


class Decision(Struct, frozen=True, kw_only=True):
    """A step, the reason for it in words, and the authorities that stay trusted (begin and adopt)."""

    step: Step
    why: str
    overlap: Certificates = ()


class State(Struct, frozen=True, kw_only=True):
    """What is there.

    now: the time of the API server, which is the one that verifies.
    watched: for how long the one who asks has seen this record and leaf; `timedelta.max` for a single look. A clock
        that jumps (a suspended machine that wakes up) makes recorded times look older than what pods had time for.
    record, leaf: None when missing or unreadable. leaf_authorities: what is stored beside the leaf.
    configurations: the webhook configurations that exist. names: what the leaf shall be for.
    """

    now: dt.datetime
    watched: dt.timedelta = dt.timedelta.max
    record: Record | None
    leaf: Pair | None
    leaf_authorities: Certificates = ()
    configurations: tuple[Configuration, ...] = ()
    names: tuple[str, ...]
    lives: Lives

    @property
    def trusted(self) -> Certificates:
        """Every authority that some configuration trusts, and that has not ended."""
        return unexpired((c for each in self.configurations for c in each.authorities), self.now)

    def synced(self, record: Record) -> dict[ConfigurationName, bool]:
        """Return for each configuration whether it trusts exactly the bundle of the record."""
        bundle = to_pem(record.bundle(self.now))
        return {configuration.name: configuration.trusts(bundle) for configuration in self.configurations}

    def in_sync(self, record: Record) -> bool:
        """Whether every configuration trusts exactly the bundle of the record."""
        return all(self.synced(record).values())

    def waited(self, since: dt.datetime) -> dt.timedelta:
        """Return the time that certainly has passed since then."""
        return min(self.now - since, self.watched)


def next_step(state: State) -> Decision:
    """Decide."""
    if state.record is None:
        return _begin(state)
    decisions = (rule(state, state.record) for rule in _RULES)
    return next((found for found in decisions if found), Decision(step=Step.WAIT, why="nothing to do"))


def _begin(state: State) -> Decision:
    """Start with a new authority; whatever is trusted stays so until its leaves are gone."""
    return Decision(step=Step.BEGIN, why="there is no readable authority", overlap=_everyone_trusted(state))


def _adopt(state: State, record: Record) -> Decision | None:
    """Go on trusting authorities that aren't on record, when a leaf in use may come from them.

    So it is after a CA Secret was restored from a backup, or garbled; a leaf that is gone may come from any of them.
    """
    known = record.bundle(state.now)
    strangers = tuple(c for c in _everyone_trusted(state) if c not in known)
    if record.incomplete:
        return Decision(step=Step.ADOPT, why="part of what is stored can't be read", overlap=strangers)
    if state.leaf is None:
        kept = strangers if record.phase is Phase.STABLE else ()
    elif verifiers(state.leaf.certificate, known, state.now):
        kept = ()
    else:
        kept = verifiers(state.leaf.certificate, strangers, state.now)
    return Decision(step=Step.ADOPT, why="the leaf's authority is not on record", overlap=kept) if kept else None


def _everyone_trusted(state: State) -> Certificates:
    """Return the authorities that leaves in use may come from."""
    return distinct((*state.trusted, *unexpired(state.leaf_authorities, state.now)))


def _issue(state: State, record: Record) -> Decision | None:
    """Make a leaf where it is missing, wrong or due; needs an authority that may sign and is valid itself."""
    if record.current is None or not valid(record.current.certificate, state.now):
        return None
    fault = _fault(state, record, record.current)
    return Decision(step=Step.ISSUE, why=fault) if fault else None


def _fault(state: State, record: Record, current: Pair) -> str | None:
    """Return what is wrong with the leaf. During a publication any authority on record is good enough."""
    if state.leaf is None:
        return "there is no readable leaf"
    leaf = state.leaf.certificate
    if set(names_of(leaf)) != set(state.names):
        return "the leaf is for other names"
    if due(leaf, state.now):
        return f"the leaf's life from {issued_at(leaf):%F %T} to {leaf.not_valid_after_utc:%F %T} nears its end"
    accepted = record.certificates if record.next else (current.certificate,)
    return None if verifiers(leaf, accepted, state.now) else "the leaf is not from the current authority"


def _prepare(state: State, record: Record) -> Decision | None:
    """Make the next authority when a third of the current one's life is left, or of a next one's never published."""
    if record.next:
        if record.phase is Phase.PREPARED and due(record.next.certificate, state.now):
            return Decision(step=Step.PREPARE, why="the next authority nears its end before it was published")
        return None
    current = record.current
    if current and not valid(current.certificate, state.now):
        return Decision(step=Step.PREPARE, why="the authority is not valid")
    if current and record.phase is Phase.STABLE and due(current.certificate, state.now):
        return Decision(step=Step.PREPARE, why=f"the authority ends {current.certificate.not_valid_after_utc:%F %T}")
    return None


def _restart(state: State, record: Record) -> Decision | None:
    """Start the wait for the switch anew: somebody wrote another bundle meanwhile."""
    if record.phase is Phase.PUBLISHED and not state.in_sync(record):
        return Decision(step=Step.RESTART, why="a webhook configuration does not trust the next authority")
    return None


def _publish(state: State, record: Record) -> Decision | None:
    """Write the bundle wherever another one is."""
    if state.in_sync(record):
        return None
    return Decision(step=Step.PUBLISH, why="a webhook configuration trusts something else")


def _note_published(state: State, record: Record) -> Decision | None:
    """Write down that the next authority has been read back from every configuration; time began running anew."""
    if record.phase is Phase.PREPARED or (record.phase is Phase.PUBLISHED and _is_unknown(record.since, state.now)):
        return Decision(step=Step.NOTE_PUBLISHED, why="every webhook configuration trusts the next authority")
    return None


def _switch(state: State, record: Record) -> Decision | None:
    """Let the next authority sign, when every API server had time to hear of it, or when nothing is left to lose."""
    if record.phase is not Phase.PUBLISHED or record.since is None:
        return None
    if state.leaf and not verifiers(state.leaf.certificate, record.certificates, state.now):
        return Decision(step=Step.SWITCH, why="nobody accepts the leaf that is there")
    if state.waited(record.since) < state.lives.propagation:
        return None
    return Decision(step=Step.SWITCH, why=f"the next authority has been published since {record.since:%F %T}")


def _retire(state: State, record: Record) -> Decision | None:
    """Trust the old authorities no longer, when no pod can serve a leaf of theirs."""
    if record.phase is not Phase.SWITCHED or state.leaf is None:
        return None
    if _is_unknown(record.since, state.now) or record.since is None:
        return Decision(step=Step.RESTART, why="it is not known since when the authority signs")
    since = max(record.since, issued_at(state.leaf.certificate))
    if state.waited(since) < state.lives.settle:
        return None
    return Decision(step=Step.RETIRE, why=f"every pod has served leaves of the new authority since {since:%F %T}")


def _is_unknown(since: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a recorded time can't be waited for: missing, or later than now."""
    return since is None or since > now


_RULES: Final[tuple[Callable[[State, Record], Decision | None], ...]] = (
    _adopt,
    _issue,
    _prepare,
    _restart,
    _publish,
    _note_published,
    _switch,
    _retire,
)
"""In order. A leaf comes before all that concerns its authority: a webhook configuration that can't be written must
not keep a leaf from being renewed."""
