"""Values of numpy, torch, pandas and Metaflow, recognised where the project has imported them, and never imported for this."""

from __future__ import annotations

import sys
from typing import Any, Iterable

from flowgate_probe import describe as d

_CHUNK = 1 << 24


def _numpy(value: Any) -> "d.Described | None":
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, (numpy.ndarray, numpy.generic, numpy.dtype)):
        return None
    if isinstance(value, numpy.dtype):
        return d.Described((b"dtype", repr(value).encode()), [])
    header = (b"numpy", d.name_of(type(value)).encode(), repr(value.dtype).encode(), repr(value.shape).encode())
    if isinstance(value, numpy.ma.MaskedArray):
        mask = numpy.ma.getmaskarray(value)
        return d.Described(header, [(d.Attribute("mask"), mask), (d.Attribute("data"), value.filled(0))])
    own = getattr(value, "__dict__", None)
    if own and type(value) is not numpy.ndarray:
        return d.Described(header, [(d.Attribute(""), numpy.asarray(value)), *d.state_parts(dict(own))])
    if value.dtype.hasobject and value.dtype.names is None:
        return d.Described(header, [(_index(at), value[at]) for at in numpy.ndindex(value.shape)])
    if value.dtype.names is not None:
        return d.Described(header, [(name, numpy.asarray(value[name])) for name in value.dtype.names])
    return d.Described(header, [], blob=lambda: _array_bytes(numpy, numpy.asarray(value)))


def _index(at: tuple[int, ...]) -> Any:
    return at[0] if len(at) == 1 else at


def _array_bytes(numpy: Any, array: Any) -> Iterable[Any]:
    """The array's bytes in C order, by chunks, every NaN the same; no copy of a large array is made."""
    for chunk in chunks(array):
        yield canonical(numpy, chunk)


def chunks(array: Any) -> Iterable[Any]:
    flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel(order="C")
    step = max(1, _CHUNK // max(1, flat.itemsize))
    for start in range(0, flat.size, step):
        yield flat[start : start + step]


def canonical(numpy: Any, chunk: Any) -> Any:
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


def _torch(value: Any) -> "d.Described | None":
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):
        return None
    if isinstance(value, torch.Tensor):
        header = (
            b"torch",
            d.name_of(type(value)).encode(),
            str(value.dtype).encode(),
            repr(tuple(value.shape)).encode(),
        )
        header += (str(value.layout).encode(), b"grad" if value.requires_grad else b"")
        return d.Described(header, [(d.Attribute(""), _tensor_array(torch, value))])
    if isinstance(value, torch.nn.Module):
        held = value.__reduce_ex__(4)[2] or {}  # what pickle would store: a module may leave caches out
        state = {name: item for name, item in held.items() if not name.endswith("_hooks")}
        return d.Described((b"module", d.name_of(type(value)).encode()), d.state_parts(state))
    if isinstance(value, (torch.dtype, torch.device, torch.Size)):
        return d.Described((b"torch", d.name_of(type(value)).encode(), repr(value).encode()), [])
    if isinstance(value, torch.Generator):
        return d.Described((b"generator",), [(d.Attribute("state"), value.get_state())])
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


def _pandas(value: Any) -> "d.Described | None":
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    name = d.name_of(type(value)).encode()
    if isinstance(value, pandas.DataFrame):
        parts = [(d.Attribute("columns"), value.columns), (d.Attribute("index"), value.index)]  # type: Any
        parts += [(value.columns[i], value.iloc[:, i].array) for i in range(value.shape[1])]
        return d.Described(
            (b"pandas", name, repr(value.shape).encode()), [*parts, (d.Attribute("attrs"), dict(value.attrs))]
        )
    if isinstance(value, pandas.Series):
        parts = [(d.Attribute("name"), value.name), (d.Attribute("index"), value.index), (d.Attribute(""), value.array)]
        return d.Described((b"pandas", name), [*parts, (d.Attribute("attrs"), dict(value.attrs))])
    if isinstance(value, pandas.MultiIndex):
        levels = [value.get_level_values(i).array for i in range(value.nlevels)]
        return d.Described(
            (b"pandas", name), [(d.Attribute("names"), list(value.names)), (d.Attribute("levels"), levels)]
        )
    if isinstance(value, pandas.Index):
        return d.Described(
            (b"pandas", name), [(d.Attribute("names"), list(value.names)), (d.Attribute(""), value.array)]
        )
    if isinstance(value, pandas.Categorical):
        parts = [(d.Attribute("categories"), value.categories), (d.Attribute("codes"), value.codes)]
        return d.Described((b"pandas", name, repr(value.ordered).encode()), parts)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        if type(value).__name__ in ("NumpyExtensionArray", "PandasArray"):
            return d.Described((b"pandas", name, str(value.dtype).encode()), [(d.Attribute(""), value.to_numpy())])
        unset = value.isna()
        filled = [None if gap else item for item, gap in zip(value, unset)] if unset.any() else None
        plain = value.to_numpy() if filled is None else filled
        return d.Described((b"pandas", name, str(value.dtype).encode()), [(d.Attribute(""), plain)])
    return None


def _included(value: Any) -> "d.Described | None":
    """What an `IncludeFile` includes: what is stored of it is where the run's own store has it."""
    if d.name_of(type(value)) != "metaflow.includefile.IncludedFile":
        return None
    return d.Described((b"included",), [(d.Attribute(""), value.decode("included"))])


RECOGNISERS = (_numpy, _torch, _pandas, _included)
