"""Kubernetes quantities."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.objects.quantity import LARGEST, read_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8Gi", 8 * 1024**3),
        ("64M", 64_000_000),
        ("500m", Decimal("0.5")),
        ("1e3", 1000),
        ("12E2", 1200),
        ("1E", 10**18),
        (".5", Decimal("0.5")),
        ("5.", 5),
        ("-1", -1),
        ("1e30", LARGEST),
        ("999999999999Ei", LARGEST),
    ],
)
def test_a_quantity_is_read_in_its_base_unit(text: str, value: int | Decimal) -> None:
    assert read_quantity(text) == value


@pytest.mark.parametrize("text", ["", "8Gii", "Gi", "1 Gi", "\u0661Gi", "0x10", "1e", "--1", "1e9999", "NaN"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert read_quantity(text) is None


@given(text=st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    read_quantity(text)
