"""Numbers are shown as people read them, and never as another number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgate.report.numbers import read_as


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9123456789012345, "0.9123"),
        (1e-12, "1e-12"),
        (20.0, "20"),
        (123456789.0, "123456789"),
        (0.1, "0.1"),
        (True, "True"),
        (7, "7"),
        (12345678901234567890, "12345678901234567890"),
        ("[0.8123456789, 0.95]", "[0.8123, 0.95]"),
        ("v1.23456", "v1.23456"),
        ("10.1.2.33333", "10.1.2.33333"),
        ("sha256:0.12345abc", "sha256:0.12345abc"),
        (float("nan"), "nan"),
        (None, "None"),
    ],
)
def test_as_it_is_read(value: object, shown: str) -> None:
    assert read_as(value) == shown


@given(st.floats(-1e300, 1e300))
def test_what_is_shown_is_the_number_to_four_digits(value: float) -> None:
    assert math.isclose(float(read_as(value)), value, rel_tol=5e-4)


@given(st.text())
def test_words_are_left_as_they_are(text: str) -> None:
    if not any(char.isdigit() for char in text):
        assert read_as(text) == text
