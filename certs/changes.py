"""What a step writes: the new content of one object, made from the state; pure but for the random source."""

from msgspec import Struct

from certs.authority import SYSTEM, RandomSource, new_authority, new_leaf
from certs.bundle import Certificates, distinct
from certs.pair import Pair
from certs.record import Record, beginning, noted, prepared, retired, switched
from certs.rotation import Decision, State, Step


class Leaf(Struct, frozen=True, kw_only=True):
    """A leaf to be stored, and the authority that signed it."""

    pair: Pair
    authority: Pair


class Bundle(Struct, frozen=True, kw_only=True):
    """What every webhook configuration shall trust."""

    certificates: Certificates


def change(decision: Decision, state: State, random: RandomSource = SYSTEM) -> Record | Leaf | Bundle | None:
    """Return what the step writes: authorities, a leaf or a bundle; None for waiting."""
    if decision.step is Step.WAIT:
        return None
    if state.record is None or decision.step is Step.BEGIN:
        return beginning(_authority(state, random), decision.overlap, state.now)
    if decision.step is Step.ISSUE and state.record.current:
        current, lives = state.record.current, state.lives
        leaf = new_leaf(current, state.names, now=state.now, life=lives.leaf, random=random)
        return Leaf(pair=leaf, authority=current)
    if decision.step is Step.PUBLISH:
        return Bundle(certificates=state.record.bundle(state.now))
    return _record(decision, state, state.record, random)


def _record(decision: Decision, state: State, record: Record, random: RandomSource) -> Record:
    """Return the authorities after a step that changes them."""
    now = state.now
    match decision.step:
        case Step.ADOPT:
            known = record.next or record.current or _authority(state, random)
            return beginning(known, distinct((*decision.overlap, *record.bundle(now))), now)
        case Step.PREPARE:
            return prepared(record, _authority(state, random), now)
        case Step.SWITCH:
            return switched(record, now)
        case Step.RETIRE:
            return retired(record, now)
        case _:
            return noted(record, published=decision.step is Step.NOTE_PUBLISHED, now=now)


def _authority(state: State, random: RandomSource) -> Pair:
    return new_authority(now=state.now, life=state.lives.authority, random=random)
