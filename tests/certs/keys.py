"""A random source with known keys, so that thousands of certificates can be made without making thousands of keys."""

import itertools
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec

from certs.authority import RandomSource


def known(first: int = 1) -> RandomSource:
    """Return a source whose keys and serial numbers count upwards from `first`."""
    numbers, serials = itertools.count(first), itertools.count(first)
    return RandomSource(key=lambda: _key(next(numbers)), serial=lambda: next(serials))


@cache
def _key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())
