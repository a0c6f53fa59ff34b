"""`kubectl livemigration start` and `abort` on the real control plane."""

import re
import subprocess

import pexpect

from testbed.api import KUBEVIRT, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import BRIDGE, a_running_vm, apply, cpu_labels
from testbed.service import Service
from tests.e2e.plugin import PATIENCE, ended, environment, said, terminal
from tools.examples import PROGRAM


def migrations(plane: ControlPlane, namespace: str) -> list[Object]:
    """Return the migrations of a namespace."""
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"
    found: list[Object] = plane.api().get(path)["items"]
    return found


def other(node: str) -> str:
    """Return the other one of the two nodes."""
    return {"node-a": "node-b", "node-b": "node-a"}[node]


def created(child: "pexpect.spawn[str]") -> str:
    """Wait until the migration is created; return its name."""
    child.expect(r"migration (\S+) created")
    assert isinstance(child.match, re.Match)
    return str(child.match[1])


def test_a_move_is_followed_to_its_end(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--wait")
    child.expect(rf"VM {namespace}/web leaves {web}: ")
    name = created(child)
    hypervisor.prepare_target(namespace, name)
    child.expect("TargetReady|PreparingTarget")
    hypervisor.start_transfer(namespace, name)
    child.expect("Running")
    child.expect(r"of \d+ s at most")
    hypervisor.finish_transfer(namespace, name)
    child.expect(rf"VM {namespace}/web runs on {other(web)}")
    assert ended(child) == 0


def test_a_failure_is_told_in_kubevirts_words(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--to", other(web), "--wait")
    name = created(child)
    hypervisor.prepare_target(namespace, name)
    hypervisor.start_transfer(namespace, name)
    hypervisor.fail_transfer(namespace, name, reason="qemu ran out of patience")
    child.expect("did not move. qemu ran out of patience")
    assert ended(child) == 1


def test_ctrl_c_leaves_the_move_running_and_abort_ends_it(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    child = terminal(control_plane, "start", "web", "-n", namespace, "--wait")
    name = created(child)
    hypervisor.wait_for_target(namespace, name)
    child.expect("Scheduling")
    child.sendintr()
    child.expect(rf"web keeps moving; kubectl livemigration abort web -n {namespace} aborts it")
    assert ended(child) == 130
    assert [each["metadata"]["name"] for each in migrations(control_plane, namespace)] == [name]

    child = terminal(control_plane, "abort", "web", "-n", namespace)
    child.expect(rf"VM {namespace}/web: migration {name} aborted in phase Schedul")
    assert ended(child) == 0
    control_plane.api().wait(
        f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations", lambda found: not found["items"]
    )
    assert web


def test_without_a_terminal_each_phase_is_a_line(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, web: str
) -> None:
    process = subprocess.Popen(
        [PROGRAM, "start", "web", "-n", namespace, "--wait"],
        env=environment(control_plane, "alice"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    match = re.search(r"migration (\S+) created", process.stdout.readline())
    assert match
    hypervisor.migrate(namespace, match[1])
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, f"VM {namespace}/web runs on {other(web)}\n")
    assert err.splitlines()[-1].startswith("Succeeded")
    assert "\x1b" not in err


def test_our_refusal_is_shown_as_it_is(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, service: Service
) -> None:
    assert service.is_ready()
    hypervisor.add_node("node-a", labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("bridged", interface=BRIDGE))
    hypervisor.launch(namespace, "bridged")
    result = said(control_plane, "start", "bridged", "-n", namespace, user="alice")
    assert (result.returncode, result.stdout) == (1, "")
    assert 'interface "default" is a bridge on the management network' in result.stderr
    assert migrations(control_plane, namespace) == []


def test_a_dry_run_asks_and_changes_nothing(control_plane: ControlPlane, namespace: str, web: str) -> None:
    result = said(control_plane, "start", "web", "-n", namespace, "--dry-run=server", user="alice")
    assert (result.returncode, result.stdout) == (0, f"VM {namespace}/web may move: nothing refuses it (dry run)\n")
    refused = said(control_plane, "start", "web", "-n", namespace, "--to", "node-z", "--dry-run=server", user="alice")
    assert (refused.returncode, "target-node" in refused.stderr) == (1, True)
    assert (migrations(control_plane, namespace), web in {"node-a", "node-b"}) == ([], True)


def test_there_must_be_something_to_move_or_abort(control_plane: ControlPlane, namespace: str, web: str) -> None:
    result = said(control_plane, "abort", "web", "-n", namespace, user="alice")
    assert (result.returncode, result.stderr) == (
        1,
        f"error: VM {namespace}/web is not moving: there is nothing to abort\n",
    )
    result = said(control_plane, "start", "wbe", "-n", namespace, user="alice")
    assert (result.returncode, result.stderr) == (
        2,
        f'error: there is no VM "wbe" in namespace {namespace}; is it "web"?\n',
    )
    assert web
