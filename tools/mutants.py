"""Changes rules in small ways, runs the quick tests on each, and lists the changes that no test has noticed.

mutmut makes the changes and runs only the tests that reach them. There are thousands, so one run tries a tenth: those
whose number ends with a digit. The same digit tries the same ones, as long as the code is the same.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.examples import ROOT

MUTMUT: Final = Path(sys.executable).parent / "mutmut"
STATISTICS: Final = ROOT / "mutants" / "mutmut-cicd-stats.json"
UNNOTICED: Final = ("survived", "no tests")
WANTED: Final = 0.96
"""Share of the changes that tests must notice."""


def main() -> int:
    """Try a tenth of all changes; return 1 when too few of them were noticed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--digit", default="1", choices=list("0123456789"), help="which tenth; default: %(default)s")
    _mutmut("run", f"*__mutmut_*{parser.parse_args().digit}")
    for name in _unnoticed(_mutmut("results", quiet=True)):
        print(_mutmut("show", name, quiet=True))
    _mutmut("export-cicd-stats", quiet=True)
    counts = json.loads(STATISTICS.read_text())
    noticed = counts["killed"] + counts["timeout"] + counts["segfault"]
    tried = noticed + counts["survived"] + counts["no_tests"] + counts["suspicious"]
    print(f"{tried} changes, {noticed / tried:.1%} noticed; wanted: {WANTED:.0%}")
    return 0 if noticed >= WANTED * tried else 1


def _unnoticed(results: str) -> list[str]:
    """Return the names of the changes that no test has noticed: each line is a name and what became of it."""
    outcomes = (line.strip().rpartition(": ") for line in results.splitlines())
    return [name for name, _, outcome in outcomes if outcome in UNNOTICED]


def _mutmut(*arguments: str, quiet: bool = False) -> str:
    run = subprocess.run(
        [MUTMUT, *arguments], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE if quiet else None
    )
    return run.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
