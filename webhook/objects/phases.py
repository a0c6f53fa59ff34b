"""The phases of pods, VMIs and migrations."""

from typing import Final

FINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})
"""Nothing follows them."""
