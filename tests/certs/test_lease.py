"""The Lease, on a real API server, with clocks that tests set."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from certs.cluster import RefusedError, connect
from certs.lease import Lease, Moment
from testbed.control_plane import ControlPlane


class Clock:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.moment = Moment(1000.0, 50.0)

    def __call__(self) -> Moment:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.moment = Moment(self.moment.wall + seconds, self.moment.monotonic + seconds)

    def suspend(self, seconds: float) -> None:
        """Let time pass while the machine is suspended."""
        self.moment = replace(self.moment, wall=self.moment.wall + seconds)


Candidate = Callable[[str], tuple[Lease, Clock]]


@pytest.fixture
def candidate(control_plane: ControlPlane, namespace: str) -> Iterator[Candidate]:
    """Return a maker of candidates for one Lease of a minute."""
    cluster = connect(str(control_plane.kubeconfig()))

    def make(identity: str) -> tuple[Lease, Clock]:
        clock = Clock()
        return Lease(cluster, namespace=namespace, name="l", identity=identity, seconds=60, clock=clock), clock

    yield make
    cluster.close()


@pytest.fixture
def path(namespace: str) -> str:
    """Path of the Lease."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/l"


def test_the_first_holds_it_and_the_second_does_not(candidate: Candidate) -> None:
    (first, _), (second, _) = candidate("first"), candidate("second")
    assert [first.hold(), second.hold(), first.held, second.held] == [True, False, True, False]
    assert second.holder == "first"


def test_it_is_taken_when_it_was_not_renewed_for_all_its_time(candidate: Candidate) -> None:
    (first, _), (second, clock) = candidate("first"), candidate("second")
    first.hold()
    second.hold()
    clock.pass_by(59)
    assert not second.hold()
    clock.pass_by(1)
    assert second.hold()
    assert not first.hold() or first.held


def test_it_is_not_taken_while_it_is_renewed(candidate: Candidate) -> None:
    (first, first_clock), (second, second_clock) = candidate("first"), candidate("second")
    for _ in range(5):
        assert first.hold()
        assert not second.hold()
        first_clock.pass_by(30)
        second_clock.pass_by(59)


def test_a_watcher_that_was_suspended_does_not_take_it_at_once(candidate: Candidate) -> None:
    (first, _), (second, clock) = candidate("first"), candidate("second")
    first.hold()
    second.hold()
    clock.suspend(3600)
    assert not second.hold()


@pytest.mark.parametrize("how", [Clock.pass_by, Clock.suspend], ids=["slow", "suspended"])
def test_a_holder_that_could_not_renew_in_time_does_not_write(
    candidate: Candidate, how: Callable[[Clock, float], None]
) -> None:
    first, clock = candidate("first")
    first.hold()
    how(clock, 39)
    assert first.held
    how(clock, 1)
    assert not first.held
    assert first.hold()
    assert first.held


def test_a_holder_that_lost_it_notices(candidate: Candidate) -> None:
    (first, first_clock), (second, second_clock) = candidate("first"), candidate("second")
    first.hold()
    second.hold()
    second_clock.pass_by(60)
    assert second.hold()
    first_clock.pass_by(30)
    assert not first.hold()
    assert not first.held


def test_what_is_released_is_taken_at_once(candidate: Candidate, control_plane: ControlPlane, path: str) -> None:
    (first, _), (second, _) = candidate("first"), candidate("second")
    first.hold()
    first.release()
    assert not first.held
    assert control_plane.api().get(path)["spec"]["holderIdentity"] == ""
    assert second.hold()
    assert control_plane.api().get(path)["spec"]["leaseTransitions"] == 1


def test_the_same_identity_goes_on_after_a_restart(
    candidate: Candidate, control_plane: ControlPlane, path: str
) -> None:
    (first, _), (again, _) = candidate("first"), candidate("first")
    assert [first.hold(), again.hold()] == [True, True]
    assert control_plane.api().get(path)["spec"]["leaseTransitions"] == 0


def test_of_two_that_renew_at_once_one_is_refused(candidate: Candidate, control_plane: ControlPlane, path: str) -> None:
    first, _ = candidate("first")
    first.hold()
    read = control_plane.api().get(path)
    control_plane.api().patch(path, {"metadata": {"labels": {"changed": "yes"}}})
    assert not first._write(read)
    assert not first._write(None)
    assert not first.held


@pytest.mark.parametrize(
    "spec", [{}, {"holderIdentity": ""}, {"leaseDurationSeconds": 5}], ids=["empty", "nobody", "no holder"]
)
def test_a_lease_that_says_nothing_is_taken(
    candidate: Candidate, control_plane: ControlPlane, path: str, spec: dict[str, object]
) -> None:
    control_plane.api().post(path.rpartition("/")[0], {"metadata": {"name": "l"}, "spec": spec})
    first, _ = candidate("first")
    assert first.hold()


def test_not_being_allowed_to_is_an_error_and_not_a_lost_race(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.api().post(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "nobody"}})
    cluster = connect(str(control_plane.service_account_kubeconfig(namespace, "nobody")))
    lease = Lease(cluster, namespace=namespace, name="l", identity="nobody")
    with pytest.raises(RefusedError, match=f'"system:serviceaccount:{namespace}:nobody" cannot get resource "leases"'):
        lease.hold()
    cluster.close()
