"""Exact, typed equality, defined once: a value is a header and its parts, and two values are equal when both agree.

A digest and a first difference are both read off `describe`, so they cannot disagree. Numbers are compared bit for
bit (all NaNs are one NaN; 0.0 and -0.0 differ), dicts and sets by content, arrays by value whatever their memory
order, torch modules by class and state, other objects by class and pickled state. Sharing does not matter; cycles may.
"""

from __future__ import annotations

import hashlib
import reprlib
import struct
import sys
import threading
from typing import Any, NamedTuple

from flowgate_probe.describe import Attribute, Described, Incomparable, describe, name_of
from flowgate_probe.libraries import canonical, chunks

_DEEPEST = 1_000_000
_STACK = 1 << 29  # bytes of address space; only what is used is taken


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
        """The digest of a value, however deeply it is nested."""
        try:
            return self._digest(value)[0]
        except RecursionError:
            self.open.clear()
            return _with_room(lambda: self._digest(value)[0])

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
            try:
                found, back = self._digest(part)
            except Incomparable as error:
                raise error.inside(_accessor(label)) from None
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
            return self._here(left, right, path, "the key " + shown(mine[key][0]), "no such key")
        for key in [key for key in theirs if key not in mine]:
            return self._here(left, right, path, "no such key", "the key " + shown(theirs[key][0]))
        for key, (label, part) in mine.items():
            found = self.difference(part, theirs[key][1], path + _accessor(label), depth + 1)
            if found is not None:
                return found
        return self._here(left, right, path)

    def _here(self, left: Any, right: Any, path: str, one: str | None = None, two: str | None = None) -> Difference:
        return Difference(
            path, one or shown(left), two or shown(right), type_of(left), type_of(right), _ulp(left, right)
        )


def _with_room(work: Any) -> Any:
    """The result of a function that calls itself deeply, run in a thread with a large stack."""
    results = []  # type: List[Any]

    def run() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEPEST)
        try:
            results.append((work(), None))
        except RecursionError:
            results.append((None, Incomparable("it is nested too deeply; store it as a flat list, or as text")))
        except Exception as error:
            results.append((None, error))
        finally:
            sys.setrecursionlimit(limit)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    made, error = results[0]
    if error is not None:
        raise error
    return made


_CONTAINERS = (list, tuple, dict, set, frozenset, str, bytes)
_REPR = reprlib.Repr()
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = _REPR.maxfrozenset = 8
_REPR.maxstring = _REPR.maxother = 120


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
    name = name_of(type(value))
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


def _is_wrapped_array(described: Described) -> bool:
    """A value whose one part is an array, such as a tensor: it is compared as the array is, without a digest."""
    return len(described.parts) == 1 and not described.keyed and describe(described.parts[0][1]).blob is not None


def _inside_array(left: Any, right: Any, path: str) -> Difference | None:
    """The first element in which two arrays of one dtype and shape differ; None where none does."""
    numpy = sys.modules["numpy"]
    one, two = numpy.asarray(left), numpy.asarray(right)
    at = 0
    for mine, theirs in zip(chunks(one), chunks(two)):
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
    one, two = (numpy.frombuffer(canonical(numpy, chunk), "u1") for chunk in (mine, theirs))
    apart = one != two
    return int(apart.argmax()) // (one.size // mine.size) if apart.any() else None


def _same_bits(numpy: Any, mine: Any, theirs: Any) -> bool:
    one, two = (numpy.ascontiguousarray(chunk).view("u1") for chunk in (mine, theirs))
    whole = one.size // 8 * 8
    return bool((one[:whole].view("u8") == two[:whole].view("u8")).all() and (one[whole:] == two[whole:]).all())
