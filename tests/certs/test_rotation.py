"""Rotation on a real API server that verifies, at every call, what is served late: no call is lost."""

import base64
from dataclasses import dataclass
from functools import partial

import pytest

from certs.bundle import read_bundle
from certs.record import Phase
from testbed.waiting import until
from tests.certs.history import install_long_ago, is_rotated, serial
from tests.certs.installation import NAME, Callers, Installation
from tests.certs.leaf_server import LeafServer
from tests.certs.rights import let_write


def test_an_authority_is_rotated_while_every_call_passes(installation: Installation) -> None:
    before = install_long_ago(installation)
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        callers = Callers(installation)
        with installation.keeper():
            until(lambda: not callers.call(), "the first call passes")
            with callers:
                until(lambda: is_rotated(installation, before), "the authority is rotated")
                after = callers.passed
                until(lambda: callers.passed > after + 20, "calls after the rotation")
    assert callers.lost == []
    assert len(server.serials) == 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Where a keeper comes to a halt: what it may write, how patient it is, and how the halt is seen."""

    secrets: tuple[str, ...] = ("ca", "tls")
    configurations: tuple[str, ...] = ("validating", "mutating")
    patience: tuple[str, ...] = ()
    phase: Phase
    trusting: dict[str, int]
    """Number of authorities in each configuration."""
    leaves: int
    """Number of leaves that were served."""


INTERRUPTIONS = {
    "the next authority is not published": Interruption(
        configurations=(), phase=Phase.PREPARED, trusting={"validating": 1, "mutating": 1}, leaves=1
    ),
    "it is published in one of two configurations": Interruption(
        configurations=("validating",), phase=Phase.PREPARED, trusting={"validating": 2, "mutating": 1}, leaves=1
    ),
    "it is published": Interruption(
        patience=("--propagation", "1h", "--settle", "1h"),
        phase=Phase.PUBLISHED,
        trusting={"validating": 2, "mutating": 2},
        leaves=1,
    ),
    "it signs, and has signed no leaf": Interruption(
        secrets=("ca",), phase=Phase.SWITCHED, trusting={"validating": 2, "mutating": 2}, leaves=1
    ),
    "its leaf is served": Interruption(
        patience=("--settle", "1h"), phase=Phase.SWITCHED, trusting={"validating": 2, "mutating": 2}, leaves=2
    ),
    "the old authority is retired, and still trusted": Interruption(
        configurations=(), phase=Phase.STABLE, trusting={"validating": 2, "mutating": 2}, leaves=2
    ),
}


def test_a_keeper_killed_between_any_two_steps_is_resumed_while_every_call_passes(installation: Installation) -> None:
    before = install_long_ago(installation)
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        installation.publish(before)
        callers = Callers(installation)
        until(lambda: not callers.call(), "the first call passes")
        with callers:
            for situation, at in INTERRUPTIONS.items():
                let_write(
                    installation.api,
                    installation.namespace,
                    NAME,
                    secrets=at.secrets,
                    configurations=at.configurations,
                )
                with installation.keeper(*at.patience) as keeper:
                    until(partial(is_halted, installation, server, at), situation)
                    keeper.process.kill()
            let_write(installation.api, installation.namespace, NAME)
            with installation.keeper():
                until(lambda: is_rotated(installation, before), "the authority is rotated")
            after = callers.passed
            until(lambda: callers.passed > after + 20, "calls after the rotation")
    assert callers.lost == []
    assert len(server.serials) == 2


def has_served(server: LeafServer, leaves: int) -> bool:
    return len(server.serials) == leaves


def is_halted(installation: Installation, server: LeafServer, at: Interruption) -> bool:
    trusting = {
        phase: len(read_bundle(base64.b64decode(bundle))) for phase, bundle in installation.bundle_of_each().items()
    }
    return (installation.phase(), trusting, len(server.serials)) == (at.phase, at.trusting, at.leaves)


@pytest.mark.parametrize("suffix", ["tls", "ca"])
def test_a_deleted_secret_is_made_again_while_every_call_passes(installation: Installation, suffix: str) -> None:
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        callers = Callers(installation)
        with installation.keeper():
            until(lambda: not callers.call(), "the first call passes")
            first = installation.record()
            assert first
            with callers:
                for number in range(3 if suffix == "tls" else 1):
                    installation.api.delete(installation.secret(suffix))
                    until(partial(has_served, server, number + 2), "another leaf is served")
                until(lambda: installation.phase() is Phase.STABLE, "the rotation ends")
    assert callers.lost == []
    assert (serial(installation.record()) == serial(first)) == (suffix == "tls")
