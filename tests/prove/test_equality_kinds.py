"""One row for each kind of value: made twice it is one value, also through a pickle, and its partner is another one."""

# ruff: noqa: F401  (the rows of the tables name the modules)

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import ipaddress
import operator
import pathlib
import pickle
import random
import re
import string
import sys
import types
import typing
import uuid
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
import sklearn.decomposition
import sklearn.dummy
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.linear_model
import sklearn.neighbors
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree
import torch
from flowgate_probe.equality import Incomparable, difference, digest


class Color(enum.Enum):
    """An enumeration."""

    RED = 1
    BLUE = 2


class Flags(enum.IntFlag):
    """Flags."""

    A = 1
    B = 2


class Named(typing.NamedTuple):
    """A named tuple."""

    x: int
    y: str = "a"


@dataclasses.dataclass
class Data:
    """A dataclass."""

    x: Any
    y: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen dataclass with slots."""

    x: Any


class Slots:
    """Slots, of which some may be unset."""

    __slots__ = ("a", "b")


class SlotsAndDict(Slots):
    """Slots of a base, and a dict."""


class Unequal:
    """An object that cannot be compared by `==`."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison, please")

    def __hash__(self) -> int:
        return 1


class Words(list):  # type: ignore[type-arg]
    """A list with attributes."""


class Table(dict):  # type: ignore[type-arg]
    """A dict of a class of its own."""


class Meters(float):
    """A float of a class of its own."""


class Node:
    """A node of a graph, which may be cyclic."""

    def __init__(self, name: str, *after: Node) -> None:
        self.name, self.after = name, list(after)


class Reduced:
    """An object that says itself how it is made."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __reduce__(self) -> Any:
        return Reduced, (self.x,)


class State:
    """An object that stores a part of itself."""

    def __init__(self, x: Any, cache: Any) -> None:
        self.x, self.cache = x, cache

    def __getstate__(self) -> Any:
        return {"x": self.x}


def slots(cls: type, **held: Any) -> Any:
    """An object with some of its attributes set."""
    made = cls()
    for name, item in held.items():
        setattr(made, name, item)
    return made


def ring(*names: str) -> Node:
    """Nodes in a circle."""
    nodes = [Node(name) for name in names]
    for one, two in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        one.after.append(two)
    return nodes[0]


def nested(depth: int, leaf: Any) -> Any:
    """A list in a list, and so on."""
    made = leaf
    for _ in range(depth):
        made = [made]
    return made


def adder(n: Any) -> Any:
    """A local function that closes over a value."""

    def add(x: Any, by: Any = 1) -> Any:
        return x + n * by

    return add


def self_holding(leaf: Any) -> Any:
    """A list that holds itself."""
    made: list[Any] = [leaf]
    made.append(made)
    return made


X = np.random.default_rng(0).standard_normal((40, 3))
Y = (X[:, 0] > 0).astype(int)
TEXTS = ["a b c", "b c d", "the cat", "a dog the"]


def fit(model: Any, seed: int | None = 0) -> Any:
    """A fitted estimator."""
    if seed is not None:
        model.set_params(random_state=seed)
    return model.fit(X, Y)


BUILTIN = """
None | 0
True | False
0 | 1
10**40 | 10**40 + 1
-1 | 1
1.5 | np.nextafter(1.5, 2).item()
float('inf') | float('-inf')
float('nan') | 0.0
-0.0 | 0.0
1 + 2j | 1 + 3j
complex(0.0, -0.0) | complex(0.0, 0.0)
'' | ' '
'é' | 'e\\u0301'
'\\ud800' | '?'
b'' | b'\\0'
bytearray(b'a') | b'a'
[] | ()
[1, 2] | [2, 1]
(1,) | [1]
((), ()) | ((), [])
{} | set()
{'a': 1} | {'a': 2}
{1: 'a'} | {1.0: 'a'}
{'a': {'b': [1, {2}]}} | {'a': {'b': [1, {3}]}}
{(1, 2): 'x'} | {(2, 1): 'x'}
{None: 1} | {'None': 1}
{1, 2, 3} | {1, 2}
{1, 2} | frozenset({1, 2})
frozenset() | frozenset({0})
{'a', 'b', 'c'} | {'a', 'b', 'd'}
{frozenset({1}), frozenset({2})} | {frozenset({1})}
range(3) | range(4)
range(0, 4, 2) | [0, 2]
slice(1, 2) | slice(1, 2, 3)
... | None
NotImplemented | None
int | float
list[int] | list[str]
dict | collections.OrderedDict
len | print
np.mean | np.median
operator.itemgetter(1) | operator.itemgetter(2)
operator.attrgetter('a') | operator.attrgetter('b')
operator.methodcaller('f', 1) | operator.methodcaller('f', 2)
functools.partial(max, 1) | functools.partial(max, 2)
functools.partial(max, key=abs) | functools.partial(max)
lambda x: x + 1 | lambda x: x + 2
lambda x, y=1: x | lambda x, y=2: x
lambda *, k=1: k | lambda *, k=2: k
adder(1) | adder(2)
adder({'a': [1]}) | adder({'a': [2]})
[lambda x: [lambda y: x + y]] | [lambda x: [lambda y: x - y]]
nested(5000, 1) | nested(5000, 2)
nested(5000, {'a': 1}) | nested(5001, {'a': 1})
self_holding(1) | self_holding(2)
ring('a', 'b') | ring('a', 'c')
ring('a') | ring('a', 'a')
Node('a', Node('b')) | Node('a', Node('c'))
Data(1) | Data(2)
Data([1], {'a': {1}}) | Data([1], {'a': {2}})
Data(Data(Data(1))) | Data(Data(Data(2)))
Frozen(1) | Frozen(2)
Named(1) | Named(2)
Named(1) | (1, 'a')
Color.RED | Color.BLUE
Color.RED | 1
Flags.A | Flags.A | Flags.B
slots(Slots) | slots(Slots, a=None)
slots(Slots, a=1) | slots(Slots, b=1)
slots(Slots, a=1, b=2) | slots(Slots, a=1, b=3)
slots(SlotsAndDict, a=1, c=2) | slots(SlotsAndDict, a=1, c=3)
Unequal(1) | Unequal(2)
[Unequal(1), Unequal(2)] | [Unequal(2), Unequal(1)]
{'a': Unequal(1)} | {'a': Unequal(2)}
Words('ab') | Words('ac')
Words('ab') | ['a', 'b']
slots(Words, note=1) | slots(Words, note=2)
Table(a=1) | Table(a=2)
Table(a=1) | {'a': 1}
Meters(1.0) | Meters(2.0)
Meters(1.0) | 1.0
Reduced(1) | Reduced(2)
State(1, 2) | State(2, 2)
types.SimpleNamespace(a=1) | types.SimpleNamespace(a=2)
collections.OrderedDict(a=1, b=2) | collections.OrderedDict(b=2, a=1)
collections.Counter('aab') | collections.Counter('abb')
collections.defaultdict(list, a=[1]) | collections.defaultdict(set, a=[1])
collections.deque([1, 2]) | collections.deque([2, 1])
collections.deque([1], 3) | collections.deque([1], 4)
collections.ChainMap({'a': 1}) | collections.ChainMap({'a': 2})
collections.UserDict(a=1) | collections.UserDict(a=2)
collections.UserList([1]) | collections.UserList([2])
array.array('d', [1.0]) | array.array('d', [2.0])
array.array('i', [1]) | array.array('l', [1])
memoryview | bytes
dt.date(2020, 1, 1) | dt.date(2020, 1, 2)
dt.datetime(2020, 1, 1) | dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
dt.datetime(2020, 1, 1, fold=1) | dt.datetime(2020, 1, 1)
dt.time(1) | dt.time(2)
dt.timedelta(1) | dt.timedelta(2)
dt.timezone.utc | dt.timezone(dt.timedelta(hours=1))
zoneinfo.ZoneInfo('Europe/Berlin') | zoneinfo.ZoneInfo('UTC')
decimal.Decimal('1.10') | decimal.Decimal('1.1')
decimal.Decimal('NaN') | decimal.Decimal('0')
fractions.Fraction(1, 3) | fractions.Fraction(2, 3)
uuid.UUID(int=1) | uuid.UUID(int=2)
pathlib.PurePosixPath('a/b') | pathlib.PurePosixPath('a/c')
pathlib.PurePosixPath('a') | pathlib.PureWindowsPath('a')
re.compile('a') | re.compile('a', re.I)
ipaddress.ip_address('::1') | ipaddress.ip_address('::2')
random.Random(1) | random.Random(2)
string.Template('$a') | string.Template('$b')
ValueError('a') | ValueError('b')
ValueError('a') | KeyError('a')
sys.float_info.max | sys.float_info.min
"""
NUMPY = """
np.bool_(True) | np.bool_(False)
np.int8(1) | np.int16(1)
np.int64(1) | 1
np.uint8(255) | np.uint8(0)
np.float16(1) | np.float32(1)
np.float32(0.1) | np.nextafter(np.float32(0.1), np.float32(1))
np.float64(0.1) | 0.1
np.longdouble(1) | np.longdouble(1) + np.finfo(np.longdouble).eps
np.longdouble('nan') | np.longdouble(0)
np.complex64(1) | np.complex128(1)
np.str_('a') | np.str_('b')
np.bytes_(b'a') | np.bytes_(b'b')
np.datetime64('2020-01-01') | np.datetime64('2020-01-02')
np.datetime64('NaT') | np.datetime64('2020')
np.timedelta64(1, 's') | np.timedelta64(1, 'ms')
np.dtype('f8') | np.dtype('f4')
np.zeros(3) | np.zeros(4)
np.zeros(0) | np.zeros((0, 1))
np.array(1.0) | np.array([1.0])
np.arange(6).reshape(2, 3) | np.arange(6).reshape(3, 2)
np.asfortranarray(np.arange(6).reshape(2, 3)) | np.asfortranarray(np.arange(6).reshape(2, 3)) + 1
np.arange(10)[::2] | np.arange(10)[1::2]
np.array([np.nan, 1]) | np.array([1, np.nan])
np.array([0.0]) | np.array([-0.0])
np.array(['a', 'b']) | np.array(['a', 'c'])
np.array([b'a']) | np.array(['a'])
np.array([1, 'a', None], object) | np.array([1, 'b', None], object)
np.array([{1}, [2]], object) | np.array([{1}, [3]], object)
np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')]) | np.array([(1, 3.0)], dtype=[('a', 'i4'), ('b', 'f8')])
np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')]) | np.array([(1, 2.0)], dtype=[('a', 'i4'), ('c', 'f8')])
np.rec.array([(1, 'x')], names='a,b') | np.rec.array([(1, 'y')], names='a,b')
np.ma.array([1, 2], mask=[0, 1]) | np.ma.array([1, 2], mask=[1, 0])
np.array([1, 2], '>i4') | np.array([1, 2], '<i4')
np.array(['2020-01-01', 'NaT'], 'M8[D]') | np.array(['2020-01-01', '2020-01-02'], 'M8[D]')
np.random.default_rng(1) | np.random.default_rng(2)
np.random.RandomState(1) | np.random.RandomState(2)
np.random.SeedSequence(1) | np.random.SeedSequence(2)
np.random.PCG64(1) | np.random.PCG64(2)
np.poly1d([1, 2]) | np.poly1d([1, 3])
np.add | np.multiply
"""
PANDAS = """
pd.Series([1, 2]) | pd.Series([1, 3])
pd.Series([1, 2]) | pd.Series([1.0, 2.0])
pd.Series([1], name='a') | pd.Series([1], name='b')
pd.Series([1], index=['a']) | pd.Series([1], index=['b'])
pd.Series(['a', None]) | pd.Series(['a', 'b'])
pd.Series([1, None], dtype='Int64') | pd.Series([1, 2], dtype='Int64')
pd.Series([True, None], dtype='boolean') | pd.Series([True, False], dtype='boolean')
pd.Series(['a'], dtype='string') | pd.Series(['a'], dtype=object)
pd.Series(pd.Categorical(['a', 'b'])) | pd.Series(pd.Categorical(['a', 'b'], categories=['b', 'a']))
pd.Series(pd.to_datetime(['2020-01-01'])) | pd.Series(pd.to_datetime(['2020-01-02']))
pd.Series(pd.to_datetime(['2020-01-01'])).dt.tz_localize('UTC') | pd.Series(pd.to_datetime(['2020-01-01']))
pd.Series(pd.to_timedelta([1], 's')) | pd.Series(pd.to_timedelta([2], 's'))
pd.Series(pd.period_range('2020', periods=2, freq='D')) | pd.Series(pd.period_range('2021', periods=2, freq='D'))
pd.Series(pd.arrays.SparseArray([0, 1])) | pd.Series(pd.arrays.SparseArray([0, 2]))
pd.DataFrame({'a': [1], 'b': ['x']}) | pd.DataFrame({'b': ['x'], 'a': [1]})
pd.DataFrame({'a': [1]}) | pd.DataFrame({'a': [2]})
pd.DataFrame({'a': []}) | pd.DataFrame({'b': []})
pd.DataFrame({'a': [1, 2]}, index=[1, 0]) | pd.DataFrame({'a': [1, 2]}, index=[0, 1])
pd.DataFrame([[1, 2]], columns=['a', 'a']) | pd.DataFrame([[1, 3]], columns=['a', 'a'])
pd.DataFrame({'a': [1.0, np.nan]}) | pd.DataFrame({'a': [np.nan, 1.0]})
pd.MultiIndex.from_product([[1, 2], ['a']]) | pd.MultiIndex.from_product([[1, 2], ['b']])
pd.DataFrame({'a': [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (1, 3)])) | pd.DataFrame({'a': [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (1, 4)]))
pd.Index([1, 2], name='i') | pd.Index([1, 2], name='j')
pd.RangeIndex(3) | pd.RangeIndex(4)
pd.DatetimeIndex(['2020']) | pd.DatetimeIndex(['2021'])
pd.IntervalIndex.from_breaks([0, 1, 2]) | pd.IntervalIndex.from_breaks([0, 1, 3])
pd.Timestamp('2020') | pd.Timestamp('2021')
pd.Timestamp('2020', tz='UTC') | pd.Timestamp('2020')
pd.Timedelta(1) | pd.Timedelta(2)
pd.Period('2020', 'D') | pd.Period('2020', 'h')
pd.Interval(0, 1) | pd.Interval(0, 1, closed='both')
pd.NaT | pd.NA
pd.Categorical(['a'], ordered=True) | pd.Categorical(['a'])
"""
LEARNING = """
torch.zeros(3) | torch.zeros(4)
torch.zeros(3) | torch.zeros(3, dtype=torch.float64)
torch.tensor([0.0]) | torch.tensor([-0.0])
torch.tensor([float('nan')]) | torch.tensor([0.0])
torch.arange(6).reshape(2, 3).T | torch.arange(6).reshape(3, 2)
torch.ones(2, dtype=torch.bfloat16) | torch.ones(2, dtype=torch.float16)
torch.zeros(2, requires_grad=True) | torch.zeros(2)
torch.nn.Parameter(torch.zeros(2)) | torch.nn.Parameter(torch.ones(2))
torch.eye(2).to_sparse() | torch.eye(2)
torch.tensor(True) | torch.tensor(1)
torch.complex(torch.ones(1), torch.zeros(1)) | torch.complex(torch.ones(1), torch.ones(1))
torch.float32 | torch.float64
torch.device('cpu') | torch.device('meta')
torch.Size([1]) | torch.Size([2])
torch.Generator().manual_seed(1) | torch.Generator().manual_seed(2)
torch.nn.ReLU() | torch.nn.GELU()
torch.nn.Dropout(0.1) | torch.nn.Dropout(0.2)
torch.nn.BatchNorm1d(2) | torch.nn.BatchNorm1d(3)
torch.manual_seed(1) and torch.nn.Linear(2, 2) | torch.manual_seed(2) and torch.nn.Linear(2, 2)
torch.manual_seed(1) and torch.nn.Linear(2, 2).state_dict() | torch.manual_seed(2) and torch.nn.Linear(2, 2).state_dict()
torch.manual_seed(1) and torch.nn.Sequential(torch.nn.Linear(1, 1)) | torch.manual_seed(1) and torch.nn.Linear(1, 1)
torch.optim.SGD([torch.zeros(1)], lr=0.1).state_dict() | torch.optim.SGD([torch.zeros(1)], lr=0.2).state_dict()
fit(sklearn.linear_model.LogisticRegression()) | fit(sklearn.linear_model.LogisticRegression(C=2.0))
fit(sklearn.linear_model.Ridge()) | fit(sklearn.linear_model.Ridge(alpha=2.0))
fit(sklearn.tree.DecisionTreeClassifier()) | fit(sklearn.tree.DecisionTreeClassifier(max_depth=1))
fit(sklearn.ensemble.RandomForestClassifier(3)) | fit(sklearn.ensemble.RandomForestClassifier(3), 1)
fit(sklearn.ensemble.GradientBoostingClassifier(n_estimators=3)) | fit(sklearn.ensemble.GradientBoostingClassifier(n_estimators=4))
fit(sklearn.svm.SVC()) | fit(sklearn.svm.SVC(C=2.0))
fit(sklearn.neighbors.KNeighborsClassifier(), None) | fit(sklearn.neighbors.KNeighborsClassifier(3), None)
fit(sklearn.cluster.KMeans(2, n_init=1)) | fit(sklearn.cluster.KMeans(3, n_init=1))
fit(sklearn.decomposition.PCA(2)) | fit(sklearn.decomposition.PCA(1))
fit(sklearn.preprocessing.StandardScaler(), None) | fit(sklearn.preprocessing.MinMaxScaler(), None)
fit(sklearn.dummy.DummyClassifier()) | fit(sklearn.dummy.DummyClassifier(strategy='uniform'))
sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.svm.SVC()).fit(X, Y) | sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.svm.SVC(C=3)).fit(X, Y)
sklearn.feature_extraction.text.TfidfVectorizer(stop_words=['the']).fit(TEXTS) | sklearn.feature_extraction.text.TfidfVectorizer(stop_words=['a']).fit(TEXTS)
sklearn.feature_extraction.text.CountVectorizer(stop_words='english').fit(TEXTS) | sklearn.feature_extraction.text.CountVectorizer().fit(TEXTS)
"""
ROWS = [
    tuple(line.rsplit(" | ", 1)) for table in (BUILTIN, NUMPY, PANDAS, LEARNING) for line in table.strip().splitlines()
]
# Not stored by pickle, or not as it was: numpy turns the byte order to the machine's own.
UNPICKLED = ("lambda", "adder(", "nested(", "np.array([1, 2], '>i4')")


def value_of(text: str) -> Any:
    return eval(text, globals())


@pytest.mark.parametrize(("text", "other"), ROWS, ids=[f"{at}: {text[:50]}" for at, (text, _) in enumerate(ROWS)])
def test_a_kind_of_value(text: str, other: str) -> None:
    one, two, apart = value_of(text), value_of(text), value_of(other)
    assert digest(one) == digest(two) and difference(one, two) is None
    assert digest(one) != digest(apart)
    found, back = difference(one, apart), difference(apart, one)
    assert found is not None and back is not None and found.path == back.path
    if not text.startswith(UNPICKLED) and "lambda" not in text:
        assert digest(pickle.loads(pickle.dumps(one))) == digest(one)


def test_there_are_as_many_kinds_as_were_known_to_hold() -> None:
    assert len(ROWS) >= 176


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, open(__file__)]}, "['a'][1]"),  # noqa: SIM115
        (Data(list(range(3)), (n for n in range(3))), ".y"),
        ([{"deep": {"er": Data(n for n in "a")}}], "[0]['deep']['er'].x"),
    ],
)
def test_what_cannot_be_compared_is_named_with_its_place(value: Any, path: str) -> None:
    with pytest.raises(Incomparable) as caught:
        digest(value)
    assert str(caught.value).startswith(f"{path}: ") and "store" in str(caught.value)
