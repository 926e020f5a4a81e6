"""Conclusions as rows of cells."""

from __future__ import annotations

import json
from collections import namedtuple
from typing import Any

import numpy
import pandas
import pytest
from flowgate_probe.show import rows
from hypothesis import given
from hypothesis import strategies as st

Fit = namedtuple("Fit", "method auc")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, [{"value": 0.1}]),
        ([1, "a"], [{"index": 0, "value": 1}, {"index": 1, "value": "a"}]),
        ({"auc": 0.5}, [{"key": "auc", "value": 0.5}]),
        ([{"m": "x", "auc": 1}, {"m": "y"}], [{"m": "x", "auc": 1}, {"m": "y"}]),
        ({"x": {"auc": 1}}, [{"key": "x", "auc": 1}]),
        ([Fit("x", 0.5)], [{"method": "x", "auc": 0.5}]),
        (numpy.float64(0.5), [{"value": 0.5}]),
        (float("nan"), [{"value": "nan"}]),
        (pandas.DataFrame({"m": ["x"], "auc": [0.5]}), [{"m": "x", "auc": 0.5}]),
        ([], []),
        (None, [{"value": None}]),
    ],
)
def test_values_as_rows(value: Any, expected: list[dict[str, Any]]) -> None:
    assert rows(value) == expected


@given(
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(), lambda e: st.lists(e) | st.dictionaries(st.text(), e)
    )
)
def test_every_value_can_be_written(value: Any) -> None:
    json.dumps(rows(value), allow_nan=False)
