"""`doctor`: what is wrong with the webhook is told, with what mends it."""

from testbed.control_plane import ControlPlane
from testbed.service import Service
from tests.e2e.plugin import said


def test_all_is_well_where_the_webhook_answers(control_plane: ControlPlane, service: Service, namespace: str) -> None:
    assert service.is_ready()
    result = said(control_plane, "doctor", "-n", namespace, "--wait")
    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        "ok       registered\nok       trusted\nok       answering\nok       your rights to read\n",
        "",
    )


def test_a_namespace_that_is_not_judged_gets_no_answer(
    control_plane: ControlPlane, service: Service, namespace: str
) -> None:
    assert service.is_ready()
    control_plane.kubectl("label", "namespace", namespace, "live-migration-webhook/ignore=true")
    result = said(control_plane, "doctor", "-n", namespace)
    assert result.returncode == 1
    assert f"wrong    answering: nothing was said about namespace {namespace}; " in result.stdout


def test_what_may_not_be_read_is_told_by_whom(control_plane: ControlPlane, service: Service, namespace: str) -> None:
    assert service.is_ready()
    result = said(control_plane, "doctor", "-n", namespace, user="alice")
    assert result.returncode == 1
    assert "wrong    your rights to read: no right to list nodes: a role needs" in result.stdout
