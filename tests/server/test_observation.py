"""What operators see: metrics with few labels, one line of log for each review, probes that say what is missing."""

from typing import Any

import orjson

from testbed.serving import Serving, a_migration
from testbed.waiting import until


def test_every_answer_is_counted_by_hook_code_verdict_operation_and_dry_run(service: Serving) -> None:
    def counted(code: str, verdict: str, operation: str, dry_run: str) -> float:
        hook = "migration.validate.live-migration-webhook"
        return service.metric(
            f'live_migration_webhook_requests_total{{code="{code}",dry_run="{dry_run}",hook="{hook}",'
            f'operation="{operation}",verdict="{verdict}"}}'
        )

    series = [
        ("200", "allowed", "CREATE", "false"),
        ("200", "denied", "CREATE", "true"),
        ("400", "none", "none", "false"),
    ]
    before = [counted(*labels) for labels in series]

    service.ask()
    service.ask(a_migration("with-cd", dryRun=True))
    service.ask(b"rubbish")

    assert [counted(*labels) for labels in series] == [count + 1 for count in before]


def test_a_review_is_logged_in_one_line_without_the_objects_content(service: Serving) -> None:
    body = orjson.dumps(orjson.loads(a_migration("with-cd", uid="u-logged", name="move")) | {"secret": "hunter2"})

    service.ask(body)

    line = logged(service, "u-logged")
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp")
    assert line == {
        "level": "info",
        "event": "review",
        "uid": "u-logged",
        "user": "alice",
        "hook": "migration.validate.live-migration-webhook",
        "resource": "virtualmachineinstancemigrations",
        "operation": "CREATE",
        "namespace": "default",
        "name": "move",
        "dry_run": False,
        "verdict": "denied",
        "causes": ["cd-rom"],
        "warnings": 0,
    }


def test_a_strangers_names_are_bounded_in_the_log(service: Serving) -> None:
    service.ask(a_migration(uid="u-long", name="n" * 100_000))

    assert len(logged(service, "u-long")["name"]) == 253


def test_what_matters_is_on_the_page_before_it_happens(service: Serving) -> None:
    page = service.probe("/metrics")[1].splitlines()

    assert 'live_migration_webhook_shed_total{reason="connections"} 0.0' in page
    assert 'live_migration_webhook_denials_total{restriction="pci-device"} 0.0' in page
    assert "live_migration_webhook_underivable_pod_selectors_total 0.0" in page
    assert 'live_migration_webhook_build_info{version="0.1.0"} 1.0' in page
    assert not [line for line in page if "_created" in line]


def test_a_service_that_lacks_nothing_is_live_and_ready(service: Serving) -> None:
    assert service.probe("/livez") == (200, "ok\n")
    assert service.probe("/readyz") == (200, "ok\n")


def test_the_process_manager_logs_in_the_same_form(service: Serving) -> None:
    assert [line["logger"] for line in service.log if line["event"].startswith("Listening at")] == ["gunicorn.error"]


def logged(service: Serving, uid: str) -> dict[str, Any]:
    """Return the line of log about a review; lines are written a moment later."""
    until(lambda: any(line.get("uid") == uid for line in service.log))
    return next(line for line in service.log if line.get("uid") == uid)


def test_what_only_warns_is_no_denial_in_the_metrics(service: Serving) -> None:
    page = service.probe("/metrics")[1]
    for exempted in ("false", "true"):
        assert f'live_migration_webhook_tolerated_total{{exempted="{exempted}",restriction="cd-rom"}}' in page
