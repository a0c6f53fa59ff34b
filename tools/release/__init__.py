"""Makes the artefacts of a release: `make release` writes them to dist/, twice the same bytes from the same commit."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
NAME: Final = "live-migration-webhook"
