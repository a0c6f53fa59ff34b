"""SIGTERM: not ready at once, still serving, each answer closes its connection, and no review is lost."""

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

from testbed.serving import JSON, MIGRATIONS, Serving, a_migration, ask, serving
from testbed.waiting import until


def test_a_stopping_service_is_not_ready_but_serves_and_sends_clients_elsewhere(tmp_path: Path) -> None:
    with serving(tmp_path, drain_seconds="2") as service, closing(service.client()) as kept:
        assert ask(kept).getheader("Connection") is None

        service.terminate()

        until(lambda: service.probe("/readyz")[0] == 503)
        assert service.probe("/readyz") == (503, "draining: this replica is stopping\n")
        assert service.probe("/livez")[0] == 200
        response = ask(kept)
        assert (response.status, response.getheader("Connection")) == (200, "close")
        assert service.ask().getheader("Connection") == "close"
        assert service.exit_code() == 0


def test_what_is_in_flight_when_the_service_stops_is_answered(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with serving(tmp_path, injected=str(gate)) as service, closing(service.client()) as client:
        client.request("POST", MIGRATIONS, a_migration("with-cd"), JSON)
        until(lambda: service.metric("live_migration_webhook_requests_in_flight") == 1)

        service.terminate()
        until(lambda: any(line["event"] == "draining" for line in service.log))
        gate.touch()

        response = client.getresponse()
        assert (response.status, response.getheader("Connection")) == (200, "close")
        assert service.exit_code() == 0


def test_idle_connections_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as service, closing(service.client()) as kept:
        ask(kept)

        service.terminate()

        assert service.exit_code() == 0


def test_no_review_is_lost_while_the_service_stops(tmp_path: Path) -> None:
    statuses: list[int] = []
    with serving(tmp_path, drain_seconds="2") as service:
        stopping = threading.Event()

        def keep_asking() -> None:
            with closing(service.client()) as client:
                while not stopping.is_set():
                    statuses.append(ask(client).status)

        askers = [threading.Thread(target=keep_asking) for _ in range(4)]
        for asker in askers:
            asker.start()
        until(lambda: len(statuses) > 50)
        service.terminate()
        until(lambda: any(line["event"] == "draining" for line in service.log))
        before = len(statuses)
        until(lambda: len(statuses) > before + 50)
        stopping.set()
        for asker in askers:
            asker.join()
        assert service.exit_code() == 0
    assert set(statuses) == {200}


def test_the_last_lines_are_logged_before_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.ask(a_migration(uid="u-last"))
        service.terminate()
        service.exit_code()

        assert "u-last" in [line.get("uid") for line in service.log]


def test_an_interrupt_ends_the_service_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, drain_seconds="60") as service:
        service.process.send_signal(signal.SIGINT)

        assert service.exit_code() == 0


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        first = worker(service)
        os.kill(first, signal.SIGKILL)

        until(lambda: worker(service) != first)
        assert service.ask().status == 200


def worker(service: Serving) -> int:
    """Return the process number of the latest worker."""
    lines = [str(line["event"]) for line in service.log if str(line["event"]).startswith("Booting worker")]
    return int(lines[-1].rpartition(" ")[2])
