"""What the commands load before they do anything: a person waits for it each time, and a pod at its start."""

import subprocess
import sys

import pytest

LOADED = """
import sys
from webhook.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""
HEAVY = {"cryptography", "flask", "gunicorn", "prometheus_client", "rich", "structlog", "urllib3"}
"""Packages by which a command serves, asks a cluster, makes certificates or paints: together half a second."""


@pytest.mark.parametrize("arguments", ["--help", "version", "serve --help", "review --help"])
def test_what_only_tells_about_commands_loads_nothing_that_they_work_with(arguments: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments.split()], capture_output=True, text=True, check=True
    )

    assert told.stdout
    assert HEAVY & set(told.stderr.split()) == set()
