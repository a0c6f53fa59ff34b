"""The plain port: three pages, and nobody who can keep it busy."""

import socket
from collections.abc import Iterator

import pytest
import urllib3

from certs.configurations import ConfigurationName
from certs.health import Health
from certs.metrics import Metrics
from certs.probes import Probes

METRICS = Metrics((ConfigurationName(phase="validating", name="a"),))


@pytest.fixture
def health() -> Health:
    """Return the health of a keeper that just started, with a minute's patience."""
    return Health(60)


@pytest.fixture(params=["127.0.0.1", "::1"])
def probes(request: pytest.FixtureRequest, health: Health) -> Iterator[Probes]:
    """Serve on a free port, of IPv4 and of IPv6."""
    probes = Probes(request.param, 0, health, METRICS.registry)
    probes.start()
    yield probes
    probes.stop()


def get(probes: Probes, path: str) -> tuple[int, str]:
    host = probes.host
    answer = urllib3.request("GET", f"http://{f'[{host}]' if ':' in host else host}:{probes.port}{path}", timeout=5)
    return answer.status, answer.data.decode()


def test_before_the_first_look_it_is_alive_and_not_ready(probes: Probes) -> None:
    assert get(probes, "/livez") == (200, "ok\n")
    assert get(probes, "/readyz") == (503, "nothing has been read from the API server yet\n")


def test_after_a_look_it_is_ready_and_stays_so_for_a_failure_or_two(probes: Probes, health: Health) -> None:
    health.succeeded()
    health.failed(ValueError("a reason"))
    assert get(probes, "/readyz") == (200, "ok\n")


def test_a_failure_is_told(probes: Probes, health: Health) -> None:
    health.failed(ValueError("a reason"))
    assert get(probes, "/readyz") == (503, "a reason\n")


def test_a_keeper_that_looks_no_more_is_neither_alive_nor_ready() -> None:
    health = Health(0)
    health.succeeded()
    assert health.broken() == health.missing() == ["the keeper looks no more"]


def test_metrics_are_there_before_anything_happened(probes: Probes) -> None:
    status, text = get(probes, "/metrics")
    assert status == 200
    lines = text.splitlines()
    assert 'live_migration_webhook_ca_bundle_in_sync{configuration="validating/a"} 0.0' in lines
    assert 'live_migration_webhook_certificate_keeper_steps_total{step="switch"} 0.0' in lines


def test_another_page_is_not_found(probes: Probes) -> None:
    assert get(probes, "/") == (404, "there are /livez, /readyz and /metrics\n")


def test_a_client_that_says_nothing_does_not_keep_others_waiting(probes: Probes) -> None:
    with socket.create_connection((probes.host, probes.port)):
        assert get(probes, "/livez") == (200, "ok\n")
