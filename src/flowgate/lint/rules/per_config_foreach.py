"""FG201."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.finding import Finding
from flowgate.flow.evaluate import run_function
from flowgate.flow.model import FOREACH, Flow, Step, Transition
from flowgate.flow.paths import places
from flowgate.flow.values import (
    Attr,
    Call,
    Class,
    Const,
    Display,
    Element,
    Function,
    Input,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Self,
    Setting,
    Unknown,
    Value,
    callee,
    constant,
    dotted,
    method_of,
    options,
    strings,
    walk,
)
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.words import is_algorithm, is_data, is_number, is_parameter
from flowgate.target import Target

_THROUGH = frozenset(
    """
    list tuple sorted set frozenset reversed iter enumerate zip chain from_iterable zip_longest islice product
    permutations combinations sample sum map shuffle deepcopy copy array to_container dict items keys values tolist
    """.split()
)
_GRIDS = ("sklearn.model_selection.ParameterGrid", "sklearn.model_selection.ParameterSampler")
_SPREADS = frozenset(["range", "linspace", "logspace", "arange", "geomspace", "uniform", "loguniform", "choice"])
_ESTIMATORS = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "torch.nn.", "torch.optim.", "keras.")
_NAMEDTUPLES = ("collections.namedtuple", "typing.NamedTuple")
_CONFIG_FOLDERS = frozenset(
    "method methods model models experiment experiments training hparams hyperparams sweeps grids optimizer".split()
)
# Sections of a config whose every list is one of training values.
_SECTIONS = frozenset(
    "model models training train trainer optim optimizer optimiser hparams hyperparameters hyper net network".split()
)
# What an estimator is given that changes no method: seeds, and how the machine is used.
_NO_AXES = frozenset("random_state seed n_jobs verbose device threads nthread".split())
_DEEPEST = 16
_KEYS_DEEP = 4


class Factor(NamedTuple):
    """One list that the branches multiply in, and the names it is known by."""

    value: Value
    names: tuple[str, ...]


class PerConfigForeach(Rule):
    """A foreach with a branch for every method or training value.

    Each Metaflow task is a process of its own that imports torch again and goes through the datastore: some two to
    four seconds, which doubles the wall-clock of a short training, thousands of times over in a grid. It also makes
    the data anew for every config. Key the fan-out on data axes and seeds; train every method of a dataset in-process.
    """

    id = "FG201"
    slug = "per-config-foreach"
    mend = "fan out over data axes x seeds, and loop over the methods and training values inside the task"

    def check(self, target: Target) -> Iterator[Finding]:
        flow = target.flow
        for step in flow.steps.values():
            for transition in step.transitions:
                if transition.kind != FOREACH:
                    continue
                listed = flow.foreach_list(step.name, transition)
                reasons = _reasons(target, listed, transition)
                if reasons:
                    yield self._finding(target, step, transition, listed, reasons)

    def _finding(
        self, target: Target, step: Step, transition: Transition, listed: Value, reasons: list[str]
    ) -> Finding:
        at = _built(target.flow, step, transition, listed)
        task = transition.targets[0] if transition.targets else "?"
        return self.found(
            target,
            at.node,
            at.home,
            f"the foreach over `{transition.artifact}` starts a task of `{task}` for every value of "
            f"{' x '.join(reasons)}: each is a process that imports its libraries and makes the data again, seconds of "
            f"overhead for one config",
            step=step.name,
            mend=f"keep data axes and seeds in `{transition.artifact}`, and loop over {' and '.join(reasons)} "
            f"inside `{task}`",
        )


def _built(flow: Flow, step: Step, transition: Transition, listed: Value) -> Value:
    """Where the list is built: in a helper of its own, or in the step, by a call that hands a helper what is to vary."""
    made = [value for value in flow.resolve(listed) if value.node is not None]
    at: Value = made[0] if made else transition.call
    own = {id(node) for node in step.nodes}
    if id(at.node) not in own and isinstance(listed, Call) and id(listed.node) in own:
        given = [*listed.args, *listed.keywords.values()]
        if any(config_path(flow, one) is None and not isinstance(one, Self | Setting) for one in given):
            return listed
    return at


def _reasons(target: Target, listed: Value, transition: Transition) -> list[str]:
    """The names of the factors that are methods, training values or whole configs."""
    found: dict[str, None] = {}
    for value in target.flow.resolve(listed):
        for name in _varying_keys(target.flow, value):
            found[f"`{name}`"] = None
        if _makes_many_estimators(target.flow, value):
            found["estimators"] = None
    if _is_whole(target, listed):
        return list(found)
    for name in _unpacked_in_task(target.flow, listed, transition):
        found.setdefault(f"`{name}`", None)
    for name in _given_to_estimators(target.flow, transition):
        if not all(_is_single(option) for option in target.flow.resolve(listed)):
            found.setdefault(f"`{name}`", None)
    for factor in _factors(target.flow, listed, ()):
        reason = _reason(target, factor, transition)
        if reason and not _is_single(factor.value):
            found.setdefault(reason, None)
    return list(found)


def _is_whole(target: Target, listed: Value) -> bool:
    """Whether the list is read whole from a Parameter or Config: what is in it is known only when the flow is started.

    The experiment schema says of `methods` and of the axes what they are, whoever reads them.
    """
    held = target.flow.resolve(listed)
    paths = [config_path(target.flow, option) for option in held]
    parameters = [isinstance(option, Setting) for option in held]
    if held and all(is_set or path is not None for is_set, path in zip(parameters, paths, strict=True)):
        return not any({"axes", "methods", "training_axes"} & set(path or ()) for path in paths)
    return False


def _unpacked_in_task(flow: Flow, listed: Value, transition: Transition) -> Iterator[str]:
    """`seed, lr = self.input`: the training parameters that the parts of an item are taken for, where those parts vary."""
    names: dict[int, set[str]] = {}
    for name in transition.targets:
        step = flow.steps.get(name)
        for call in step.calls() if step is not None else ():
            for value in (*call.args, *call.keywords.values()):
                for part in options(value):
                    at = constant(part.key) if isinstance(part, Item) and isinstance(part.base, Input) else None
                    if isinstance(at, int):
                        names.setdefault(at, set()).update(part.names)
    for made in flow.resolve(listed):
        row = options(made.element)[0] if isinstance(made, Many) else None
        if not isinstance(row, Display):
            continue
        for at, known in names.items():
            if at >= len(row.elements):
                continue
            part = row.elements[at]
            if _varies(part) and not any(is_data(name) for name in part.names):
                numeric = not _is_no_number(flow, part)
                yield from sorted(name for name in known if is_parameter(name) and (numeric or not is_number(name)))


def _is_no_number(flow: Flow, value: Value) -> bool:
    """Whether a loop variable certainly holds texts or objects."""
    held = flow.resolve(value.collection) if isinstance(value, Element) else []
    return bool(held) and all(
        bool(strings(option)) or (isinstance(option, Many) and isinstance(options(option.element)[0], Instance))
        for option in held
    )


def _given_to_estimators(flow: Flow, transition: Transition) -> Iterator[str]:
    """The parameters of estimators that the task hands its item to: `Lasso(alpha=self.input)`."""
    for name in transition.targets:
        step = flow.steps.get(name)
        for call in step.calls() if step is not None else ():
            if _is_estimator(call):
                for keyword, value in call.keywords.items():
                    if keyword not in _NO_AXES and any(_is_of_item(option) for option in options(value)):
                        yield keyword


def _is_of_item(value: Value) -> bool:
    return isinstance(value, Input) or (isinstance(value, Item) and isinstance(options(value.base)[0], Input))


def _makes_many_estimators(flow: Flow, value: Value, depth: int = 0) -> bool:
    """A comprehension, or a generator function, that gives one estimator after the other."""
    if depth > _KEYS_DEEP:
        return False
    if isinstance(value, Many):
        return any(_is_estimator(option) for option in flow.resolve(value.element))
    if isinstance(value, Call) and callee(value).rpartition(".")[2] in _THROUGH:
        return any(_makes_many_estimators(flow, held, depth + 1) for part in value.args for held in flow.resolve(part))
    return False


def _is_single(value: Value) -> bool:
    """A list of one element multiplies nothing."""
    return isinstance(value, Display | Mapping) and len(value.parts()) < 2


def _varying_keys(flow: Flow, value: Value, depth: int = 0) -> list[str]:
    """The keys and fields, named like training parameters, that differ between the elements of a collection."""
    if isinstance(value, Many):
        loops = [held for loop in value.loops for held in flow.resolve(loop)]
        if depth < _KEYS_DEEP and isinstance(_unwrapped(value.element), Element):
            return [key for held in loops for key in _varying_keys(flow, held, depth + 1)]
        found = [key for option in flow.resolve(value.element) for key, held in _fields(option) if _varies(held)]
        return found + [key for held in loops for key in _computed_keys(flow, value, held)]
    if isinstance(value, Display):
        return _multiplied(flow, value)
    if isinstance(value, Item) and isinstance(value.key, Operation) and depth < _KEYS_DEEP:  # a slice
        return [key for held in flow.resolve(value.base) for key in _varying_keys(flow, held, depth + 1)]
    if isinstance(value, Call) and callee(value).rpartition(".")[2] in _THROUGH and depth < _KEYS_DEEP:
        parts = [held for part in value.args for held in flow.resolve(part)]
        return [key for held in parts for key in _varying_keys(flow, held, depth + 1)]
    return []


def _fields(element: Value) -> list[tuple[str, Value]]:
    """The keys of a dict, or the fields of a dataclass or namedtuple, that are named like training parameters."""
    found: list[tuple[str, Value]] = []
    if isinstance(element, Mapping):
        found = [(str(constant(key)), value) for key, value in element.items]
    elif isinstance(element, Instance):
        found = list(element.attributes.items())
    elif (
        isinstance(element, Call) and callee(element) in ("json.dumps", "yaml.dump", "yaml.safe_dump") and element.args
    ):
        return [field for option in options(element.args[0]) for field in _fields(option)]
    elif isinstance(element, Call) and isinstance(element.func, Call) and callee(element.func) in _NAMEDTUPLES:
        declared = element.func.args[1] if len(element.func.args) > 1 else None
        text = constant(declared)
        names = text.replace(",", " ").split() if isinstance(text, str) else strings(declared) or []
        found = [*zip(names, element.args, strict=False), *element.keywords.items()]
    return [(name, value) for name, value in found if is_parameter(name)]


def _computed_keys(flow: Flow, made: Many, loop: Value) -> list[str]:
    """`{**base, key: value}` for the items of a dict: its keys, where they are training parameters with several values."""
    if method_of(loop) != "items" or not isinstance(loop, Call) or not isinstance(loop.func, Attr):
        return []
    if not any(
        isinstance(option, Mapping) and constant(key) is ...
        for option in flow.resolve(made.element)
        for key, _ in getattr(option, "items", [])
    ):
        return []
    return [
        str(constant(key))
        for held in flow.resolve(loop.func.base)
        if isinstance(held, Mapping)
        for key, item in held.items
        if is_parameter(str(constant(key))) and not any(_is_single(option) for option in flow.resolve(item))
    ]


def _literal(value: Value) -> object:
    """A literal, or a list of them as it is written."""
    held = constant(value)
    return ast.unparse(value.node) if held is ... and isinstance(value, Display) and value.node is not None else held


def _unwrapped(value: Value) -> Value:
    """The dict in `json.dumps({...})`."""
    if isinstance(value, Call) and callee(value) in ("json.dumps", "yaml.dump", "yaml.safe_dump") and value.args:
        return options(value.args[0])[0]
    return value


def _varies(value: Value) -> bool:
    """Whether a value hangs on a loop's element, or is drawn anew each time."""
    return any(
        (isinstance(part, Element) and not any(_is_single(held) for held in [part.collection]))
        or method_of(part) in _SPREADS
        for part in walk(value)
    )


def _multiplied(flow: Flow, listed: Display) -> list[str]:
    """In dicts written out: the training parameters that differ while the data they are paired with do not."""
    rows = [_unwrapped(option) for element in listed.elements for option in flow.resolve(element)]
    tables = [{str(constant(k)): _literal(item) for k, item in row.items} for row in rows if isinstance(row, Mapping)]
    data = [tuple(repr(value) for key, value in table.items() if is_data(key)) for table in tables]
    if any(data) and len(set(data)) == len(data):
        return []
    keys = dict.fromkeys(key for table in tables for key in table if is_parameter(key))
    return [key for key in keys if len({repr(table.get(key)) for table in tables}) > 1]


def _factors(flow: Flow, value: Value, names: tuple[str, ...], depth: int = 0) -> Iterator[Factor]:
    """The lists that multiply in a collection, each with the names it went by on the way."""
    if depth > _DEEPEST:
        return
    for option in flow.resolve(value):
        inner = names + _carried(option, depth)
        if isinstance(option, Many) and any(_reads(part, "data_axes") for held in option.within for part in walk(held)):
            continue
        if isinstance(option, Many) and isinstance(option.element, Item) and _is_key(option.element.key):
            tables = [held for held in flow.resolve(option.element.base) if isinstance(held, Mapping)]
            if tables:  # `product(*(space[key] for key in keys))`
                for table in tables:
                    yield from _of_grid(flow, Call(Unknown(), [], {}, option.node, option.home), table, inner, depth)
                continue
        if isinstance(option, Many):
            above = inner if len(option.loops) == 1 else ()
            for loop in option.loops:
                for part in _columns(loop):
                    yield from _factors(flow, part, (*above, *_loop_names(option.element, part)), depth + 1)
            if not option.loops or isinstance(option.element, Element | Display | Mapping):
                yield from _grown(flow, option, inner, depth)
        elif isinstance(option, Call):
            yield from _of_call(flow, option, inner, depth)
        elif isinstance(option, Operation) and option.operator in ("Add", "Mult"):
            for operand in option.operands:
                yield from _factors(flow, operand, inner, depth + 1)
        elif isinstance(option, Element):
            yield from _inside(flow, option, inner, depth)
        else:
            yield Factor(option, inner)


def _is_key(value: Value) -> bool:
    return isinstance(value, Element)


def _carried(value: Value, depth: int) -> tuple[str, ...]:
    """The names of a value; the name of the foreach's own artifact says nothing of where its elements come from."""
    return value.names if depth or isinstance(value, Display | Mapping) else ()


def _grown(flow: Flow, made: Many, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """What grew outside any loop: its elements are as many as the appends."""
    if not made.loops:
        yield Factor(Display("list", [made.element], made.node, made.home), names)


def _inside(flow: Flow, element: Element, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """A list that is itself an element of a list: `for part in parts: rows += part`."""
    for option in flow.resolve(element.collection):
        if isinstance(option, Display):
            for item in option.elements:
                yield from _factors(flow, item, names, depth + 1)
        else:
            yield Factor(element, names)


def _columns(loop: Value) -> list[Value]:
    """The lists that a loop goes over together, each under names of its own."""
    together = isinstance(loop, Call) and callee(loop).rpartition(".")[2] in ("product", "zip")
    return list(loop.args) if together and isinstance(loop, Call) else [loop]


def _loop_names(element: Value, loop: Value) -> tuple[str, ...]:
    """The loop variables and keys under which the values of `loop` enter an element."""
    found: tuple[str, ...] = ()
    for part in walk(element):
        if (isinstance(part, Element) and _same_source(part.collection, loop)) or (
            isinstance(part, Item) and isinstance(part.base, Element) and part.base.collection is loop
        ):
            found += part.names
    return found


def _same_source(collection: Value, loop: Value) -> bool:
    return collection is loop or (isinstance(loop, Call) and any(collection is argument for argument in loop.args))


def _of_call(flow: Flow, call: Call, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    name = callee(call) or (call.func.name if isinstance(call.func, Attr) else "")
    last = name.rpartition(".")[2]
    if name in _GRIDS and call.args:
        yield from _of_grid(flow, call, call.args[0], names, depth)
        return
    if name == "functools.reduce" and len(call.args) > 1:
        for option in flow.resolve(call.args[1]):
            if method_of(option) == "items" and isinstance(option, Call) and isinstance(option.func, Attr):
                yield from _of_grid(flow, call, option.func.base, names, depth)
        return
    if last in _SPREADS:
        yield Factor(call, names)
        return
    if last not in _THROUGH:
        yield Factor(call, names)
        return
    parts = list(call.args)
    if isinstance(call.func, Attr) and not callee(call):
        parts = [call.func.base]
    for part in parts:
        yield from _factors(flow, part, names, depth + 1)


def _of_grid(flow: Flow, call: Call, grid: Value, names: tuple[str, ...], depth: int) -> Iterator[Factor]:
    """`ParameterGrid({...})`: a factor for each key; a grid that cannot be read is one of hyper-parameters."""
    for option in flow.resolve(grid):
        if isinstance(option, Mapping):
            for key, value in option.items:
                known = str(constant(key)).rpartition("__")  # `step__parameter` of a pipeline
                yield from _factors(flow, value, ("hyperparameter" if known[1] else known[2],), depth + 1)
        else:
            yield Factor(call, names)


def _reason(target: Target, factor: Factor, transition: Transition) -> str:
    """Why a factor is a config rather than data, as the name to show; empty where it is not, or cannot be told."""
    value = factor.value
    if callee(value) in _GRIDS:
        return "a parameter grid"
    listed = _listed_configs(value)
    if listed:
        return listed
    path = config_path(target.flow, value)
    if path is not None:
        return _by_config(target, path)
    if isinstance(value, Item | Attr) and not isinstance(value.base, Setting):
        key = constant(value.key) if isinstance(value, Item) else value.name
        return f"`{key}`" if isinstance(key, str) and is_parameter(key) and _is_read(value.base) else ""
    if not _is_spelled_out(value):
        return ""
    if isinstance(value, Display | Mapping):
        found = _by_contents(target.flow, value)
        if found == "estimators" or (found and not any(is_data(name) for name in factor.names)):
            return found
    if strings(value) and any(is_number(name) for name in factor.names):
        return ""  # texts are no learning rates
    return _by_names((*factor.names, *_consumers(target.flow, value, transition)))


def _listed_configs(value: Value) -> str:
    """The folder of a listing, where it holds a config for each method or experiment."""
    method = method_of(value)
    path: Value | None = None
    if method in ("iterdir", "glob", "rglob") and isinstance(value, Call) and isinstance(value.func, Attr):
        path = value.func.base
    elif callee(value) in ("os.listdir", "os.scandir", "glob.glob") and isinstance(value, Call) and value.args:
        path = value.args[0]
    for place in places(path) if path is not None else ():
        folder = next((part for part in reversed(place.path.split("/")) if part and "*" not in part), "")
        if folder.lower() in _CONFIG_FOLDERS:
            return f"the configs in `{folder}`"
    return ""


def _is_read(value: Value) -> bool:
    """Whether a table comes from a file that the flow reads."""
    return any(callee(part).rpartition(".")[2] in ("load", "loads", "safe_load") for part in walk(value))


def _is_spelled_out(value: Value) -> bool:
    if isinstance(value, Display | Mapping):
        return True
    return isinstance(value, Call) and callee(value).rpartition(".")[2] in _SPREADS


def _by_names(names: tuple[str, ...]) -> str:
    if any(is_data(name) for name in names):
        return ""
    return next((f"`{name}`" for name in names if is_parameter(name)), "")


def _by_contents(flow: Flow, value: Display | Mapping) -> str:
    """A list whose elements are estimators, or dicts and tuples of training values."""
    elements = value.elements if isinstance(value, Display) else [item for _, item in value.items]
    texts = [text for text in map(constant, elements) if isinstance(text, str)]
    if len(texts) > 1 and sum(is_algorithm(text) for text in texts) * 2 > len(texts):
        return "methods"
    for element in elements:
        for option in flow.resolve(element):
            if _is_estimator(option) or _makes_estimators(flow, option):
                return "estimators"
            if isinstance(option, Display) and any(_is_estimator(part) for part in option.elements):
                return "estimators"
    return ""


def _makes_estimators(flow: Flow, value: Value) -> bool:
    """Whether a function of a registry returns an estimator."""
    made = run_function(value, flow.modules)[1] if isinstance(value, Function) else None
    return made is not None and any(_is_estimator(option) for option in options(made))


def _is_estimator(value: Value) -> bool:
    name = callee(value) or dotted(value)
    last = name.rpartition(".")[2]
    if name.startswith(_ESTIMATORS) and last[:1].isupper() and not name.startswith("sklearn.datasets"):
        return True
    return isinstance(value, Class) and any(base.startswith(_ESTIMATORS) for base in value.foreign_bases())


def config_path(flow: Flow, value: Value) -> tuple[str, ...] | None:
    """The keys from a Config down to the value, `*` for one that varies; None where it is no part of a Config."""
    if isinstance(value, Setting):
        return () if value.kind == "Config" else None
    key: str | None = None
    base: Value | None = None
    if isinstance(value, Attr):
        base, key = value.base, value.name
    elif isinstance(value, Item):
        base, key = value.base, _key(value.key)
    elif isinstance(value, Element):
        base, key = value.collection, "*"
    elif isinstance(value, Call) and isinstance(value.func, Attr) and value.func.name == "get" and value.args:
        base, key = value.func.base, _key(value.args[0])
    elif isinstance(value, Call) and callee(value).rpartition(".")[2] in _THROUGH and value.args:
        return config_path(flow, value.args[0])
    if base is None or key is None:
        return None
    for option in flow.resolve(base):
        above = config_path(flow, option)
        if above is not None:
            return (*above, key)
    return None


def _key(value: Value) -> str:
    held = constant(value)
    if isinstance(held, str):
        return held
    return "data_axes" if any("data_axes" in part.names or _reads(part, "data_axes") for part in walk(value)) else "*"


def _reads(value: Value, key: str) -> bool:
    if isinstance(value, Attr):
        return value.name == key
    return isinstance(value, Item) and constant(value.key) == key


def _by_config(target: Target, path: tuple[str, ...]) -> str:
    """By the experiment schema where the config follows it, else by the last key of the path."""
    keys = [key for key in path if key != "*"]
    shown = ".".join(keys)
    if "axes" in keys:
        axis = keys[keys.index("axes") + 1 :]
        if not axis:
            return _whole_axes(target)
        if axis[0] == "data_axes" or axis[0] in _data_axes(target):
            return ""
        if not _data_axes(target):
            return f"`{shown}`" if is_parameter(axis[0]) else ""
        return f"the training axis `{axis[0]}`"
    if not keys or keys[-1] in ("data_axes", "seeds"):
        return ""
    if is_parameter(keys[-1]) or keys[-1] == "training_axes":
        return f"`{shown}`"
    return f"`{shown}`" if set(keys[:-1]) & _SECTIONS and not is_data(keys[-1]) else ""


def _whole_axes(target: Target) -> str:
    """All axes of the experiment at once: the training axes among them, where the config has any."""
    experiment = target.composed.tree.get("experiment") if target.composed else None
    axes = experiment.get("axes") if isinstance(experiment, dict) else None
    rest = [axis for axis in axes if axis not in _data_axes(target)] if isinstance(axes, dict) else []
    return f"the training axis `{rest[0]}`" if rest else ""


def _data_axes(target: Target) -> list[str]:
    experiment = target.composed.tree.get("experiment") if target.composed else None
    axes = experiment.get("data_axes") if isinstance(experiment, dict) else None
    return [str(axis) for axis in axes] if isinstance(axes, list) else []


def _consumers(flow: Flow, value: Value, transition: Transition) -> tuple[str, ...]:
    """What the target step calls the element it is given, where the list itself carries no name."""
    if not isinstance(value, Display) or not all(isinstance(e, Const | Display) for e in value.elements):
        return ()
    found: tuple[str, ...] = ()
    for target in transition.targets:
        step = flow.steps.get(target)
        for held in step.trace.attributes.values() if step is not None else ():
            if isinstance(held, Input) or (isinstance(held, Item) and isinstance(held.base, Input)):
                found += held.names
    return found


_FLOW = """
from itertools import product
from metaflow import FlowSpec, step


class GridFlow(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.train, foreach="{artifact}")

    @step
    def train(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [i.result for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GridFlow()
"""


def _example(title: str, *body: str, artifact: str = "todo") -> Example:
    return Example(title, {"flow.py": _FLOW.format(body="\n        ".join(body), artifact=artifact)})


PerConfigForeach.bad = (
    _example(
        "a product with a training axis", "lrs, seeds = [0.1, 0.01], [0, 1]", "self.todo = list(product(lrs, seeds))"
    ),
    _example(
        "a comprehension over methods",
        "methods = ['ce', 'topk']",
        "self.todo = [(m, s) for m in methods for s in range(3)]",
    ),
    _example(
        "grown in nested loops",
        "cs = []",
        "for epochs in (5, 20):",
        "    for s in range(3):",
        "        cs.append({'epochs': epochs, 'seed': s})",
        "self.todo = cs",
    ),
    _example("configs written out", "self.todo = [{'lr': 0.1, 'seed': 0}, {'lr': 0.01, 'seed': 0}]"),
)
PerConfigForeach.good = (
    _example("data axes x seeds", "self.todo = [(noise, s) for noise in (0.1, 0.5) for s in range(3)]"),
    _example("files, under a misleading name", "configs = ['a.csv', 'b.csv']", "self.todo = configs"),
    _example("seeds alone", "self.seeds = list(range(8))", artifact="seeds"),
    _example(
        "methods looped over inside each element's task",
        "methods = ['ce', 'topk']",
        "self.methods = methods",
        "self.todo = [0, 1, 2]",
    ),
)
