"""Kubernetes quantities: `8Gi`, `500m`, `1e3`, `64Mi`.

Source: `k8s.io/apimachinery/pkg/api/resource`.
"""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

from webhook.objects.fields import Fields

LARGEST: Final = 2**63 - 1
"""What Kubernetes cuts larger quantities to."""

_SUFFIXES: Final = {
    **{name + "i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", start=1)},
    **{
        name: Decimal(1000) ** power for power, name in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
    },
}
_QUANTITY: Final = re.compile(
    r"(?P<number>[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?\d{1,3}))?",
    re.ASCII,
)


def read_quantity(text: str) -> Decimal | None:
    """Return a quantity in its base unit (bytes, cores), None for what is none."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    exponent = Decimal(10) ** int(match["exponent"] or 0)
    value = Decimal(match["number"]) * _SUFFIXES[match["suffix"] or ""] * exponent
    return max(min(value, Decimal(LARGEST)), Decimal(-LARGEST))


def read_whole(fields: Fields, key: str, scale: int = 1) -> int | None:
    """Return a quantity of an object in units of `1 / scale`, rounded up.

    None when it is absent; what is no quantity, or is negative, is noted and taken as absent.
    """
    text = fields.scalar(key)
    value = read_quantity(text)
    if value is not None and value >= 0:
        return int((value * scale).to_integral_value(ROUND_CEILING))
    if text:
        fields.note(key, "is no quantity")
    return None
