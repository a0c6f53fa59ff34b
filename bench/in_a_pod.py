"""Runs the service as in a pod: with a service account's files, though in a folder of the benchmark's.

`python in_a_pod.py FOLDER serve …`. With a kubeconfig it would load the kubernetes library, which no pod does.
"""

import sys
from functools import partial
from pathlib import Path

from webhook.cli import main
from webhook.kube import credentials

folder = Path(sys.argv.pop(1))
credentials.SERVICE_ACCOUNT = folder  # type: ignore[misc]
credentials.ServiceAccount = partial(credentials.ServiceAccount, folder)  # type: ignore[misc, assignment]
main()
