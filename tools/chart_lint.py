"""Lints the chart with the real helm, with its defaults and with all that needs no further API."""

import sys

from testbed.chart import CHART, KUBE_VERSION, ChartError, Values, helm
from testbed.chart_values import BUILT_IN


def lint(values: Values) -> str:
    """Return helm's report; raise ChartError when it finds anything wrong."""
    return helm("lint", str(CHART), "--strict", "--quiet", "--kube-version", KUBE_VERSION, values=values)


def main() -> None:
    """Lint; exit with helm's report when something is wrong."""
    try:
        for values in ({}, BUILT_IN):
            lint(values)
    except ChartError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
