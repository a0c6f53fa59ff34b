"""Nothing outlives its owner: not after an interrupt, a failed test or a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testbed import build, folder
from testbed.processes import LOOPBACK, Process, StartFailedError, free_ports, listens
from testbed.waiting import until

ROOT = Path(__file__).parents[2]

STARTED_BY_OWNER = """
import pathlib, signal, sys
from testbed.processes import Process
folder = pathlib.Path(sys.argv[1])
program = Process(name="program", command=sys.argv[2:], folder=folder)
program.start()
print("started", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def programs(request: pytest.FixtureRequest) -> dict[str, Path]:
    """Build etcd and leash, which need nothing else to run."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        return build.build(build.KUBERNETES)


@pytest.fixture
def owners() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start owners: Python processes that start programs, in process groups of their own."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        owner = subprocess.Popen(
            [sys.executable, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0
        )
        started.append(owner)
        return owner

    yield start
    for owner in started:
        os.killpg(owner.pid, signal.SIGKILL)
        owner.communicate()


def first_line(owner: subprocess.Popen[str]) -> str:
    """Wait for what the owner says first."""
    assert owner.stdout is not None
    return owner.stdout.readline()


def descendants(pid: int) -> set[int]:
    """Return the processes that the process started, and those that they started."""
    children = [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return {found for child in map(int, children) for found in ({child} | descendants(child))}


def wait_until_ended(pids: set[int]) -> None:
    """Return when none of the processes runs; a dead one that nobody collected has ended."""
    until(lambda: not any(map(is_running, pids)))


def is_running(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


ENDS = [
    pytest.param(signal.SIGKILL, id="killed"),
    pytest.param(signal.SIGTERM, id="terminated"),
    pytest.param(signal.SIGINT, id="interrupted"),
]


@pytest.mark.parametrize("end", ENDS)
def test_a_program_of_ours_ends_with_its_owner(
    programs: dict[str, Path], owners: Callable[..., subprocess.Popen[str]], tmp_path: Path, end: signal.Signals
) -> None:
    client, peer = (f"http://{LOOPBACK}:{port}" for port in free_ports(2))
    flags = [f"--listen-client-urls={client}", f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}"]
    owner = owners("-c", STARTED_BY_OWNER, tmp_path, programs["etcd"], f"--data-dir={tmp_path / 'data'}", *flags)
    assert first_line(owner) == "started\n"
    etcd = descendants(owner.pid)
    assert len(etcd) == 1
    owner.send_signal(end)
    wait_until_ended(etcd)


@pytest.mark.parametrize("end", ENDS)
def test_a_leashed_program_ends_with_its_owner_and_takes_its_children_along(
    programs: dict[str, Path], owners: Callable[..., subprocess.Popen[str]], tmp_path: Path, end: signal.Signals
) -> None:
    shell = "sleep 1000 & sleep 1000 & echo ready; wait"
    owner = owners("-c", STARTED_BY_OWNER, tmp_path, programs["leash"], "--", "sh", "-c", shell)
    assert first_line(owner) == "started\n"
    wait_for_text(tmp_path / "program.log", "ready")
    pids = descendants(owner.pid)
    assert len(pids) == 4
    owner.send_signal(end)
    wait_until_ended(pids)


def test_a_forked_child_of_the_owner_keeps_no_program_alive(
    programs: dict[str, Path], owners: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    forking = STARTED_BY_OWNER.replace("signal.pause()", "import os; os.fork(); signal.pause()")
    owner = owners("-c", forking, tmp_path, programs["leash"], "--", "sleep", "1000")
    assert first_line(owner) == "started\n"
    until(lambda: len(descendants(owner.pid)) == 3)
    forked = next(pid for pid in descendants(owner.pid) if os.getpgid(pid) == owner.pid)
    started = descendants(owner.pid) - {forked}
    owner.kill()
    wait_until_ended(started)
    assert is_running(forked)


def test_a_leashed_program_that_does_not_listen_is_killed(
    programs: dict[str, Path], owners: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    deaf = "trap '' TERM; echo ready; while true; do sleep 1; done"
    owner = owners("-c", STARTED_BY_OWNER, tmp_path, programs["leash"], "--", "sh", "-c", deaf)
    wait_for_text(tmp_path / "program.log", "ready")
    pids = descendants(owner.pid)
    owner.kill()
    wait_until_ended(pids)


def test_a_leashed_program_does_not_survive_its_killed_leash(programs: dict[str, Path], tmp_path: Path) -> None:
    program = Process(name="program", command=[programs["leash"], "--", "sleep", "1000"], folder=tmp_path)
    program.start()
    leash = program.pid
    assert leash is not None
    program.wait_until(lambda: bool(descendants(leash)))
    sleeping = descendants(leash)
    program.kill()
    wait_until_ended(sleeping)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param("exit 0", 0, id="success"),
        pytest.param("exit 7", 7, id="failure"),
        pytest.param("kill -9 $$", 137, id="killed"),
    ],
)
def test_a_leash_passes_the_exit_code_on(programs: dict[str, Path], command: str, code: int) -> None:
    assert subprocess.run([programs["leash"], "--", "sh", "-c", command], check=False).returncode == code


def test_a_leash_lets_its_program_end_in_its_own_way_when_it_is_told_to_end(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    polite = "trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.1; done"
    program = Process(name="program", command=[programs["leash"], "--", "sh", "-c", polite], folder=tmp_path)
    program.start()
    wait_for_text(program.log, "ready")
    program.stop()
    assert program.last_lines(1) == "bye"


def test_a_leash_says_when_there_is_no_such_program(programs: dict[str, Path]) -> None:
    result = subprocess.run([programs["leash"], "--", "no-such-program"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (
        127,
        'leash: exec: "no-such-program": executable file not found in $PATH\n',
    )


@pytest.mark.parametrize("end", ENDS)
def test_a_control_plane_ends_with_its_owner_and_leaves_no_folder(
    programs: dict[str, Path], owners: Callable[..., subprocess.Popen[str]], end: signal.Signals
) -> None:
    assert programs
    owner = owners("-m", "testbed", "--without-kubevirt")
    kubeconfig = Path(first_line(owner).removeprefix("export KUBECONFIG=").strip())
    pids = descendants(owner.pid)
    assert len(pids) == 3
    owner.send_signal(end)
    wait_until_ended(pids | {owner.pid})
    folder.remove_abandoned()
    assert not kubeconfig.parent.exists()


FAILING_TEST = """
import pathlib

def test_failing(control_plane):
    pids = [str(process.pid) for process in control_plane.processes.values()]
    pathlib.Path("{file}").write_text(" ".join(pids))
    assert False, "as intended"
"""


def test_a_control_plane_ends_after_a_failed_test(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    failing = tmp_path / "test_failing.py"
    failing.write_text(FAILING_TEST.format(file=file))
    command = [sys.executable, "-m", "pytest", "-p", "testbed.fixtures", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run([*command, failing], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "AssertionError: as intended" in result.stdout
    pids = {int(pid) for pid in file.read_text().split()}
    assert len(pids) == 5
    assert not [pid for pid in pids if is_running(pid)]


def test_the_folder_of_a_living_control_plane_is_not_abandoned() -> None:
    owned = folder.OwnedFolder()
    folder.remove_abandoned()
    assert owned.path.exists()
    owned.remove()
    assert not owned.path.exists()


def test_a_program_that_ends_instead_of_listening_shows_its_log(tmp_path: Path) -> None:
    program = Process(name="program", command=["sh", "-c", "echo 'no such flag'; exit 1"], folder=tmp_path)
    program.start()
    with pytest.raises(StartFailedError) as failure:
        program.wait_until(lambda: False)
    assert str(failure.value) == "program ended instead of getting ready:\nno such flag"


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert not any(listens(port) for port in ports)


def wait_for_text(file: Path, text: str) -> None:
    """Return when the file has the text."""
    until(lambda: file.exists() and text in file.read_text())
