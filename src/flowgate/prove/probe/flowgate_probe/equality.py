"""Exact, typed equality, defined once: a value is a header and its parts, and two values are equal when both agree.

A digest and a first difference are both read off `describe`, so they cannot disagree. Numbers are compared bit for
bit (all NaNs are one NaN; 0.0 and -0.0 differ), dicts and sets by content, arrays by value whatever their memory
order, torch modules by class and state, other objects by class and pickled state. Sharing does not matter; cycles may.
"""

from __future__ import annotations

import collections
import copyreg
import hashlib
import reprlib
import struct
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

_DEEPEST = 20000
_CHUNK = 1 << 24


class Incomparable(Exception):
    """A value about which nothing can be decided."""


class Described(NamedTuple):
    """A value as equality sees it.

    `header` holds type, dtype and shape, and the bits of a value without parts. `parts` are (label, part); where
    `keyed`, they are matched by label and their order says nothing.
    """

    header: tuple[bytes, ...]
    parts: list[tuple[Any, Any]]
    keyed: bool = False
    blob: Any = None


class Difference(NamedTuple):
    """The first place where two values differ: a path such as `[3]['auc']`, and what stands there."""

    path: str
    left: str
    right: str
    left_type: str
    right_type: str
    ulp: int | None


def digest(value: Any) -> str:
    """`sha256:` and the digest of a value; equal exactly where two values are.

    Raises:
        Incomparable: the value, or a part of it, cannot be described.
    """
    return "sha256:" + _Walk().digest(value).hex()


def difference(left: Any, right: Any) -> Difference | None:
    """The first difference between two values; None where they are equal.

    Raises:
        Incomparable: one of them, or a part, cannot be described.
    """
    return _Walk().difference(left, right, "")


class _Walk:
    """One pass over values, with the digests of the containers it has met."""

    def __init__(self) -> None:
        self.known = {}  # type: dict[int, Tuple[Any, bytes]]
        self.open = {}  # type: dict[int, int]

    def digest(self, value: Any) -> bytes:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _DEEPEST))
        try:
            return self._digest(value)[0]
        except RecursionError:
            raise Incomparable("it is nested too deeply") from None
        finally:
            sys.setrecursionlimit(limit)

    def _digest(self, value: Any) -> tuple[bytes, int]:
        """The digest, and the depth of the outermost container that a cycle inside leads back to."""
        held = self.known.get(id(value))
        if held is not None:
            return held[1], sys.maxsize
        depth = len(self.open)
        if id(value) in self.open:
            back = self.open[id(value)]
            return hashlib.sha256(b"cycle %d" % (depth - back)).digest(), back
        described = describe(value)
        state = hashlib.sha256()
        for field in described.header:
            state.update(b"%d:" % len(field))
            state.update(field)
        if described.blob is not None:
            for chunk in described.blob():
                state.update(chunk)
        if not described.parts and not described.keyed:
            return state.digest(), sys.maxsize
        self.open[id(value)] = depth
        outermost = self._digest_parts(described, state)
        del self.open[id(value)]
        made = state.digest()
        if outermost >= depth:
            self.known[id(value)] = (value, made)
            return made, sys.maxsize
        return made, outermost

    def _digest_parts(self, described: Described, state: Any) -> int:
        outermost = sys.maxsize
        made = []
        for label, part in described.parts:
            found, back = self._digest(part)
            outermost = min(outermost, back)
            if described.keyed:
                key, back = self._digest(label)
                outermost = min(outermost, back)
                found = key + found
            made.append(found)
        state.update(b"|%d|" % len(made))
        for found in sorted(made) if described.keyed else made:
            state.update(found)
        return outermost

    def difference(self, left: Any, right: Any, path: str, depth: int = 0) -> Difference | None:
        if depth > 500:
            return self._here(left, right, path)
        one, two = describe(left), describe(right)
        if one.header != two.header or one.keyed != two.keyed:
            return self._here(left, right, path)
        if one.blob is not None:
            return _inside_array(left, right, path)
        if _is_wrapped_array(one) and _is_wrapped_array(two):
            return self.difference(one.parts[0][1], two.parts[0][1], path, depth + 1)
        if self.digest(left) == self.digest(right):
            return None
        if one.keyed:
            return self._keyed(one, two, left, right, path, depth)
        for (label, part), (_, other) in zip(one.parts, two.parts):
            found = self.difference(part, other, path + _accessor(label), depth + 1)
            if found is not None:
                return found
        count = (len(one.parts), len(two.parts))
        return self._here(left, right, path, "length %d" % count[0], "length %d" % count[1])

    def _keyed(self, one: Described, two: Described, left: Any, right: Any, path: str, depth: int) -> Difference | None:
        mine = {self.digest(label): (label, part) for label, part in one.parts}
        theirs = {self.digest(label): (label, part) for label, part in two.parts}
        for key in [key for key in mine if key not in theirs]:
            return self._here(left, right, path, "has " + shown(mine[key][0]), "has it not")
        for key in [key for key in theirs if key not in mine]:
            return self._here(left, right, path, "has it not", "has " + shown(theirs[key][0]))
        for key, (label, part) in mine.items():
            found = self.difference(part, theirs[key][1], path + _accessor(label), depth + 1)
            if found is not None:
                return found
        return self._here(left, right, path)

    def _here(self, left: Any, right: Any, path: str, one: str | None = None, two: str | None = None) -> Difference:
        return Difference(
            path, one or shown(left), two or shown(right), type_of(left), type_of(right), _ulp(left, right)
        )


_CONTAINERS = (list, tuple, dict, set, frozenset, str, bytes)
_REPR = reprlib.Repr()
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = _REPR.maxfrozenset = 8
_REPR.maxstring = _REPR.maxother = 120


class Attribute(str):
    """A label that is an attribute's name: its path is `.name`, not `['name']`."""


def _accessor(label: Any) -> str:
    if isinstance(label, Attribute):
        return "." + str(label) if label else ""
    return "[%s]" % shown(label)


def shown(value: Any, limit: int = 120) -> str:
    """A short repr, exact for floats."""
    try:
        text = _REPR.repr(value) if isinstance(value, _CONTAINERS) else repr(value)
    except Exception as error:
        text = "<%s that cannot be shown: %s>" % (type(value).__name__, error)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def type_of(value: Any) -> str:
    """The type, with dtype and shape where it has them."""
    name = _name(type(value))
    if name.startswith("builtins."):
        name = name[len("builtins.") :]
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is not None and isinstance(shape, tuple):
        return "%s %s %s" % (name, dtype, tuple(shape))
    return name


def _ulp(left: Any, right: Any) -> int | None:
    """How many floats of their own width lie between two finite ones."""
    width = getattr(getattr(left, "dtype", None), "itemsize", 8)
    floats = isinstance(left, float) or "float" in str(getattr(left, "dtype", ""))
    if not floats or width not in _FLOATS:
        return None
    try:
        one, two = float(left), float(right)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    if one != one or two != two or abs(one) == float("inf") or abs(two) == float("inf"):
        return None
    return abs(_ordinal(one, width) - _ordinal(two, width))


_FLOATS = {2: (">e", ">h"), 4: (">f", ">i"), 8: (">d", ">q")}


def _ordinal(value: float, width: int) -> int:
    """The place of a float among all floats of its width, counted from zero."""
    real, whole = _FLOATS[width]
    (bits,) = struct.unpack(whole, struct.pack(real, value))
    return bits if bits >= 0 else -(bits & ((1 << (8 * width - 1)) - 1))


def describe(value: Any) -> Described:
    """The header and parts of a value.

    Raises:
        Incomparable: it cannot be described.
    """
    kind = type(value)
    maker = _EXACT.get(kind)
    if maker is not None:
        return maker(value)
    for recognise in (_numpy, _torch, _pandas):
        found = recognise(value)
        if found is not None:
            return found
    if isinstance(value, type) or kind in _GLOBALS:
        return Described((b"global", _global(value)), [])
    return _object(value)


def _name(kind: Any) -> str:
    return "%s.%s" % (getattr(kind, "__module__", "?"), getattr(kind, "__qualname__", repr(kind)))


def _global(value: Any) -> bytes:
    return (
        (getattr(value, "__module__", None) or "").encode()
        + b":"
        + getattr(value, "__qualname__", repr(value)).encode()
    )


def _bits(tag: bytes, data: bytes) -> Described:
    return Described((tag, data), [])


def float_bits(value: float) -> bytes:
    """The eight bytes of a float; every NaN has the same."""
    return struct.pack(">d", value) if value == value else b"nan"


def _sequence(tag: bytes, items: Iterable[Any]) -> Described:
    return Described((tag,), list(enumerate(items)))


def _set(tag: bytes, items: Iterable[Any]) -> Described:
    return Described((tag,), [(item, None) for item in items], keyed=True)


_EXACT = {
    type(None): lambda v: _bits(b"none", b""),
    bool: lambda v: _bits(b"bool", b"1" if v else b"0"),
    int: lambda v: _bits(b"int", hex(v).encode()),
    float: lambda v: _bits(b"float", float_bits(v)),
    complex: lambda v: Described((b"complex", float_bits(v.real), float_bits(v.imag)), []),
    str: lambda v: _bits(b"str", v.encode("utf-8", "surrogatepass")),
    bytes: lambda v: _bits(b"bytes", v),
    bytearray: lambda v: _bits(b"bytearray", bytes(v)),
    list: lambda v: _sequence(b"list", v),
    tuple: lambda v: _sequence(b"tuple", v),
    dict: lambda v: Described((b"dict",), list(v.items()), keyed=True),
    set: lambda v: _set(b"set", v),
    frozenset: lambda v: _set(b"frozenset", v),
    type(Ellipsis): lambda v: _bits(b"ellipsis", b""),
    range: lambda v: _sequence(b"range", (v.start, v.stop, v.step)),
    slice: lambda v: _sequence(b"slice", (v.start, v.stop, v.step)),
}
_GLOBALS = (type(describe), type(len), type(sys))


def _object(value: Any) -> Described:
    """Any other object, by its class and what pickle would store of it."""
    reducer = copyreg.dispatch_table.get(type(value))
    try:
        reduced = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except RecursionError:
        raise
    except Exception as error:
        raise Incomparable("a %s cannot be pickled: %s" % (_name(type(value)), error)) from None
    if isinstance(reduced, str):
        return Described((b"global", reduced.encode(), _name(type(value)).encode()), [])
    made = list(reduced) + [None] * (5 - len(reduced))
    function, arguments, state, items, pairs = made[:5]
    parts = [(Attribute(""), function), (Attribute("__reduce__"), arguments)]  # type: List[Tuple[Any, Any]]
    if state is not None:
        parts += _state(state)
    if items is not None:
        parts += list(enumerate(items))
    if pairs is not None:
        pairs = list(pairs)
        ordered = isinstance(value, collections.OrderedDict)
        parts.append((Attribute(""), pairs if ordered else dict(pairs)))
    return Described((b"object", _name(type(value)).encode()), parts)


def _state(state: Any) -> list[tuple[Any, Any]]:
    """The attributes of an object, by name; whatever else it calls its state, whole."""
    tables = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if all(table is None or type(table) is dict for table in tables):
        names = {name: item for table in tables if table for name, item in table.items()}
        if all(isinstance(name, str) for name in names):
            return [(Attribute(name), names[name]) for name in sorted(names)] + [(Attribute(""), sorted(names))]
    return [(Attribute("__state__"), state)]


def _numpy(value: Any) -> Described | None:
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, (numpy.ndarray, numpy.generic, numpy.dtype)):
        return None
    if isinstance(value, numpy.dtype):
        return Described((b"dtype", repr(value).encode()), [])
    header = (b"numpy", _name(type(value)).encode(), repr(value.dtype).encode(), repr(value.shape).encode())
    if isinstance(value, numpy.ma.MaskedArray):
        mask = numpy.ma.getmaskarray(value)
        return Described(header, [(Attribute("mask"), mask), (Attribute("data"), value.filled(0))])
    own = getattr(value, "__dict__", None)
    if own and type(value) is not numpy.ndarray:
        return Described(header, [(Attribute(""), numpy.asarray(value)), *_state(dict(own))])
    if value.dtype.hasobject and value.dtype.names is None:
        return Described(header, [(_index(at), value[at]) for at in numpy.ndindex(value.shape)])
    if value.dtype.names is not None:
        return Described(header, [(name, numpy.asarray(value[name])) for name in value.dtype.names])
    return Described(header, [], blob=lambda: _array_bytes(numpy, numpy.asarray(value)))


def _index(at: tuple[int, ...]) -> Any:
    return at[0] if len(at) == 1 else at


def _array_bytes(numpy: Any, array: Any) -> Iterable[Any]:
    """The array's bytes in C order, by chunks, every NaN the same; no copy of a large array is made."""
    for chunk in _chunks(array):
        yield _canonical(numpy, chunk)


def _chunks(array: Any) -> Iterable[Any]:
    flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel(order="C")
    step = max(1, _CHUNK // max(1, flat.itemsize))
    for start in range(0, flat.size, step):
        yield flat[start : start + step]


def _canonical(numpy: Any, chunk: Any) -> Any:
    """A chunk's bytes, the same wherever its elements are equal."""
    if chunk.dtype.kind in "fc":
        chunk = _one_nan(numpy, chunk)
    return memoryview(numpy.ascontiguousarray(chunk)).cast("B") if chunk.dtype.kind not in "mM" else chunk.tobytes()


def _one_nan(numpy: Any, chunk: Any) -> Any:
    if chunk.dtype.kind == "c":
        chunk = chunk.view(chunk.real.dtype)
    unset = numpy.isnan(chunk)
    if unset.any():
        chunk = chunk.copy()
        chunk[unset] = numpy.nan
    if chunk.dtype.itemsize > 8:  # long doubles carry padding
        return chunk.astype("S64") if not unset.any() else numpy.array([repr(item) for item in chunk], "S64")
    return chunk


def _torch(value: Any) -> Described | None:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):
        return None
    if isinstance(value, torch.Tensor):
        header = (b"torch", _name(type(value)).encode(), str(value.dtype).encode(), repr(tuple(value.shape)).encode())
        header += (str(value.layout).encode(), b"grad" if value.requires_grad else b"")
        return Described(header, [(Attribute(""), _tensor_array(torch, value))])
    if isinstance(value, torch.nn.Module):
        held = value.__reduce_ex__(4)[2] or {}  # what pickle would store: a module may leave caches out
        state = {name: item for name, item in held.items() if not name.endswith("_hooks")}
        return Described((b"module", _name(type(value)).encode()), _state(state))
    if isinstance(value, (torch.dtype, torch.device, torch.Size)):
        return Described((b"torch", _name(type(value)).encode(), repr(value).encode()), [])
    if isinstance(value, torch.Generator):
        return Described((b"generator",), [(Attribute("state"), value.get_state())])
    return None


def _tensor_array(torch: Any, value: Any) -> Any:
    """A tensor's numbers as something that can be described: a numpy array, or bytes for dtypes numpy lacks."""
    plain = value.detach()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    plain = plain.cpu().contiguous().resolve_conj().resolve_neg()
    try:
        return plain.numpy()
    except (TypeError, RuntimeError):
        return bytes(plain.reshape(-1).view(torch.uint8).tolist()) if plain.numel() else b""


def _pandas(value: Any) -> Described | None:
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    name = _name(type(value)).encode()
    if isinstance(value, pandas.DataFrame):
        parts = [(Attribute("columns"), value.columns), (Attribute("index"), value.index)]  # type: List[Tuple[Any, Any]]
        parts += [(value.columns[i], value.iloc[:, i].array) for i in range(value.shape[1])]
        return Described(
            (b"pandas", name, repr(value.shape).encode()), [*parts, (Attribute("attrs"), dict(value.attrs))]
        )
    if isinstance(value, pandas.Series):
        parts = [(Attribute("name"), value.name), (Attribute("index"), value.index), (Attribute(""), value.array)]
        return Described((b"pandas", name), [*parts, (Attribute("attrs"), dict(value.attrs))])
    if isinstance(value, pandas.MultiIndex):
        levels = [value.get_level_values(i).array for i in range(value.nlevels)]
        return Described((b"pandas", name), [(Attribute("names"), list(value.names)), (Attribute("levels"), levels)])
    if isinstance(value, pandas.Index):
        return Described((b"pandas", name), [(Attribute("names"), list(value.names)), (Attribute(""), value.array)])
    if isinstance(value, pandas.Categorical):
        parts = [(Attribute("categories"), value.categories), (Attribute("codes"), value.codes)]
        return Described((b"pandas", name, repr(value.ordered).encode()), parts)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        if type(value).__name__ in ("NumpyExtensionArray", "PandasArray"):
            return Described((b"pandas", name, str(value.dtype).encode()), [(Attribute(""), value.to_numpy())])
        unset = value.isna()
        filled = [None if gap else item for item, gap in zip(value, unset)] if unset.any() else None
        plain = value.to_numpy() if filled is None else filled
        return Described((b"pandas", name, str(value.dtype).encode()), [(Attribute(""), plain)])
    return None


def _is_wrapped_array(described: Described) -> bool:
    """A value whose one part is an array, such as a tensor: it is compared as the array is, without a digest."""
    return len(described.parts) == 1 and not described.keyed and describe(described.parts[0][1]).blob is not None


def _inside_array(left: Any, right: Any, path: str) -> Difference | None:
    """The first element in which two arrays of one dtype and shape differ; None where none does."""
    numpy = sys.modules["numpy"]
    one, two = numpy.asarray(left), numpy.asarray(right)
    at = 0
    for mine, theirs in zip(_chunks(one), _chunks(two)):
        apart = _first_apart(numpy, mine, theirs)
        if apart is not None:
            where = numpy.unravel_index(at + apart, one.shape) if one.shape else ()
            place = path + ("[%s]" % ",".join(str(int(i)) for i in where) if where else "")
            here, there = one[where], two[where]
            kinds = (str(one.dtype), str(two.dtype))
            return Difference(place, shown(here.item()), shown(there.item()), kinds[0], kinds[1], _ulp(here, there))
        at += mine.size
    return None


def _first_apart(numpy: Any, mine: Any, theirs: Any) -> int | None:
    """The index of the first element in which two chunks differ: by their bits, then by what these stand for."""
    if _same_bits(numpy, mine, theirs):
        return None
    one, two = (numpy.frombuffer(_canonical(numpy, chunk), "u1") for chunk in (mine, theirs))
    apart = one != two
    return int(apart.argmax()) // (one.size // mine.size) if apart.any() else None


def _same_bits(numpy: Any, mine: Any, theirs: Any) -> bool:
    one, two = (numpy.ascontiguousarray(chunk).view("u1") for chunk in (mine, theirs))
    whole = one.size // 8 * 8
    return bool((one[:whole].view("u8") == two[:whole].view("u8")).all() and (one[whole:] == two[whole:]).all())
