"""Exact, typed equality: reflexive through pickle, symmetric, and sensitive to every single-bit change."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime
import decimal
import math
import pickle
import re
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from flowgate_probe.equality import Incomparable, difference, digest
from hypothesis import assume, given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
HASHABLE = st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(HASHABLE, inner)
        | st.sets(HASHABLE)
        | st.frozensets(HASHABLE)
    ),
    max_leaves=20,
)


@dataclasses.dataclass
class Point:
    """A class of the user's own."""

    x: float
    tags: set[str]


class Net(torch.nn.Module):  # type: ignore[misc]
    """A module of the user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)


class Slotted:
    """State in slots."""

    __slots__ = ("a",)

    def __init__(self, a: int) -> None:
        self.a = a


@given(VALUES)
def test_a_value_equals_itself_through_a_pickle(value: Any) -> None:
    assert digest(value) == digest(pickle.loads(pickle.dumps(value)))
    assert difference(value, copy.deepcopy(value)) is None


@given(VALUES, VALUES)
def test_digest_and_difference_agree_and_are_symmetric(left: Any, right: Any) -> None:
    one, two = difference(left, right), difference(right, left)
    assert (one is None) == (two is None) == (digest(left) == digest(right))


@given(VALUES, VALUES)
def test_what_python_tells_apart_is_told_apart(left: Any, right: Any) -> None:
    assume(left != right and not _holds_nan(left) and not _holds_nan(right))
    assert digest(left) != digest(right)


@given(st.floats(allow_nan=False), st.integers(0, 63))
def test_every_bit_of_a_float_counts(value: float, bit: int) -> None:
    (bits,) = struct.unpack(">Q", struct.pack(">d", value))
    (other,) = struct.unpack(">d", struct.pack(">Q", bits ^ (1 << bit)))
    assert digest([value]) != digest([other])


@given(st.sampled_from(["f4", "f8", "i2", "i8", "u1", "c16", "b1"]), st.integers(0, 23), st.integers(0, 7))
def test_every_bit_of_an_array_counts(dtype: str, element: int, bit: int) -> None:
    left = np.arange(24).astype(dtype).reshape(2, 3, 4)
    right = left.copy()
    raw = right.reshape(-1)[element : element + 1].view("u1")
    raw[0] ^= 1 if dtype == "b1" else 1 << bit
    assume(not np.isnan(right.astype("c16")).any())
    found = difference({"w": left}, {"w": right})
    assert found is not None
    assert found.path == "['w'][{},{},{}]".format(*np.unravel_index(element, left.shape))


RNN = torch.nn.LSTM(2, 2)
ALIKE = {
    "sets by content": ({3, 1, 2}, {2, 1, 3}),
    "dicts by content": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "one NaN": (float("nan"), -math.nan),
    "NaN payloads": (np.array([struct.unpack(">d", b"\x7f\xf8" + b"\0" * 5 + b"\1")[0]]), np.array([np.nan])),
    "memory order": (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
    "strides": (np.arange(12)[::2], np.arange(0, 12, 2).copy()),
    "object arrays": (np.array([1, "x", None], object), np.array([1, "x", None], object)),
    "masked arrays": (np.ma.array([1, 2], mask=[False, True]), np.ma.array([1, 9], mask=[False, True])),
    "tensors": (torch.arange(4.0), torch.arange(4.0).clone()),
    "strided tensors": (torch.arange(6).reshape(2, 3).T, torch.arange(6).reshape(2, 3).T.contiguous()),
    "bfloat16": (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
    "frames": (pd.DataFrame({"a": [1, 2], "b": ["x", None]}), pd.DataFrame({"a": [1, 2], "b": ["x", None]})),
    "datetimes": (pd.to_datetime(pd.Series(["2020-01-01", None])), pd.to_datetime(pd.Series(["2020-01-01", None]))),
    "objects": (Point(1.0, {"a", "b"}), Point(1.0, {"b", "a"})),
    "slots": (Slotted(1), Slotted(1)),
    "collections": (collections.Counter("aab"), collections.Counter("baa")),
    "decimals": (decimal.Decimal("1.10"), decimal.Decimal("1.10")),
    "patterns": (re.compile("a+", re.IGNORECASE), re.compile("a+", re.IGNORECASE)),
    "object series": (pd.Series([1, None], dtype=object), pd.Series([1, None], dtype=object)),
    "a bfloat16 scalar": (torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(1.0, dtype=torch.bfloat16)),
    "recurrent modules": (copy.deepcopy(RNN), pickle.loads(pickle.dumps(RNN))),
    "generators of numbers": (np.random.default_rng(3), np.random.default_rng(3)),
}
APART = {
    "negative zero": (0.0, -0.0),
    "int and bool": (1, True),
    "int and float": (1, 1.0),
    "list and tuple": ([1], (1,)),
    "str and bytes": ("a", b"a"),
    "dtype": (np.zeros(2, "f4"), np.zeros(2, "f8")),
    "shape": (np.zeros((2, 1)), np.zeros((1, 2))),
    "scalar and array": (np.float64(1.0), np.array(1.0)),
    "numpy and python": (np.float64(1.0), 1.0),
    "key types": ({1: "a"}, {True: "a"}),
    "ordered dicts": (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    "class": (Point(1.0, set()), Slotted(1)),
    "tensor dtype": (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
    "frame column names": (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    "frame index": (pd.DataFrame({"a": [1]}, index=[0]), pd.DataFrame({"a": [1]}, index=[1])),
    "series name": (pd.Series([1], name="a"), pd.Series([1], name="b")),
    "categories": (pd.Series(["a"], dtype="category"), pd.Series(["a"])),
    "time zones": (
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(0), "X")),
    ),
    "missing values": (pd.Series([1, None], dtype=object), pd.Series([1, float("nan")], dtype=object)),
    "decimal exponents": (decimal.Decimal("1.1"), decimal.Decimal("1.10")),
}


@pytest.mark.parametrize("name", ALIKE)
def test_alike(name: str) -> None:
    left, right = ALIKE[name]
    assert digest(left) == digest(right) and difference(left, right) is None


@pytest.mark.parametrize("name", APART)
def test_apart(name: str) -> None:
    left, right = APART[name]
    assert digest(left) != digest(right) and difference(left, right) is not None


def test_modules_by_class_and_state() -> None:
    torch.manual_seed(0)
    net = Net()
    twin = pickle.loads(pickle.dumps(net))
    assert pickle.dumps(net) != pickle.dumps(twin) and digest(net) == digest(twin)
    with torch.no_grad():
        twin.layer.weight[1, 2] += 1e-3
    found = difference({"model": net}, {"model": twin})
    assert found is not None and found.path.endswith("['weight'][1,2]") and found.left_type == "float32"
    twin = copy.deepcopy(net)
    assert difference(net, twin.eval()) is not None


def test_cycles_are_walked_once() -> None:
    def ring(last: int) -> list[Any]:
        made: list[Any] = [1, {"k": [last]}]
        made[1]["back"] = made
        return made

    assert digest(ring(2)) == digest(ring(2)) and difference(ring(2), ring(2)) is None
    found = difference(ring(2), ring(3))
    assert found is not None and found.path == "[1]['k'][0]"


def test_sharing_does_not_matter_and_costs_nothing() -> None:
    shared: list[Any] = [0.5]
    assert digest([shared, shared]) == digest([[0.5], [0.5]])
    for _ in range(80):
        shared = [shared, shared]
    assert digest(shared) == digest(copy.deepcopy(shared))


@pytest.mark.parametrize(
    ("left", "right", "path", "ulp"),
    [
        ({"results": [{"auc": 0.1 + 0.2}]}, {"results": [{"auc": 0.3}]}, "['results'][0]['auc']", 1),
        (Point(1.0, set()), Point(1.5, set()), ".x", 1 << 51),
        (np.array([1, 2], "f4"), np.nextafter(np.array([1, 2], "f4"), np.float32(9)), "[0]", 1),
        ([1, 2, 3], [1, 2], "", None),
        ({1: "a"}, {2: "a"}, "", None),
        (pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 2.5]}), "['a'][1]", 1 << 50),
    ],
)
def test_the_first_difference_is_placed(left: Any, right: Any, path: str, ulp: int | None) -> None:
    found = difference(left, right)
    assert found is not None and (found.path, found.ulp) == (path, ulp)


@pytest.mark.parametrize("value", [lambda: 0, (x for x in [1]), open(__file__), [object().__repr__, iter([])][1:]])  # noqa: SIM115
def test_what_cannot_be_pickled_is_incomparable_or_a_global(value: Any) -> None:
    if callable(value) or isinstance(value, list):
        assert digest(value)
    else:
        with pytest.raises(Incomparable):
            digest(value)


def _holds_nan(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nan(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(_holds_nan(part) for part in value)
    return isinstance(value, float | complex) and value != value


def test_the_probe_needs_nothing_but_the_standard_library_and_metaflow() -> None:
    import ast

    folder = Path(__file__).resolve().parents[2] / "src" / "flowgate" / "prove" / "probe" / "flowgate_probe"
    allowed = sys.stdlib_module_names | {"metaflow", "flowgate_probe"}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 8))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path
