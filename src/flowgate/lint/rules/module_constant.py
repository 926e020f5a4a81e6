"""FG301."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.syntax import nodes
from flowgate.flow.trace import Global, Use
from flowgate.flow.values import Call, Class, Instance, Mapping, Value, constant, number, options
from flowgate.lint.rule import Example, Rule
from flowgate.meaning.words import is_parameter, words
from flowgate.target import Target

_DECISIVE = ("torch.nn.", "torch.optim.", "sklearn.", "xgboost.", "lightgbm.", "catboost.", "keras.")
# What a constant may be without being a parameter of the experiment: tolerances, units, mathematics, infrastructure,
# layout and presentation. One such word in its name is enough.
_EXEMPT = frozenset(
    """
    eps epsilon tol tolerance atol rtol pi tau e inf infinity nan sqrt2 golden ln2 ln10 log2 log10 int8 int16 int32 int64
    uint8 float32 float64 maxint percent pct cents gravity planck boltzmann avogadro light zero kelvin celsius fahrenheit
    phred decibel db dalton daltons kda amu molar joule joules kcal kev mev earth km mile miles kg lb lbs mm cm meter meters metre metres feet inch mph
    seconds second sec secs minutes minute hours hour days day ms millis weekend weekday weekdays quarter quarters
    per bytes byte kb mb gb kib mib gib unit units scale
    timeout timeouts retry retries retryable attempt attempts shard shards partition partitions port version schema python iso epsg crs srid imagenet wgs84
    workers worker parallel parallelism concurrency threads processes procs jobs chunk chunks chunksize block blocks
    part parts page paging upload download buffer card refresh cuda device prefetch multipart
    dpi figsize font color colors colour colours palette verbose log debug memory mem cpu cpus gpu gpus disk
    ttl sleep interval poll delay backoff precision digits decimals ndigits status http code codes exit
    col cols column columns colspec colspecs header footer idx index field fields offset position positions
    date year month id ids pad unk sentinel missing null nodata none preview display print shown report plot chart figure fig style theme canvas
    rate requests quota price prices pricing cost costs fee fees node nodes replica replicas gpus cpus cores memory
    """.split()
)
_CODES = frozenset(
    "label labels class classes category categories map mapping lookup token tokens rank ranks ordinal vocab vocabulary".split()
)
_TOLERANCE = 1e-6
# Constants of nature and of measures, by their value: CODATA 2018, SI and the conventional values.
_OF_NATURE = frozenset(
    """
    9.80665 9.81 299792458 6.62607015e-34 1.380649e-23 6.02214076e23 8.314462618 8.314 1.602176634e-19 6.6743e-11 273.15
    101325 96485.33212 5.670374419e-08 4.184 1.60934 2.54 0.45359237 3.14159 3.141592653589793 2.718281828459045 6371 6371.0
    6378.137 1.61803398875 0.5772156649 1.4826
    """.split()
)
_NATURE = frozenset(map(float, _OF_NATURE))
_LAYOUT = (
    *("logging.", "logger.", "pandas.read_", "numpy.loadtxt", "numpy.genfromtxt", "csv.", "struct."),
    *("matplotlib.", "seaborn.", "plotly.", "altair.", "metaflow.cards."),
)
_INFRASTRUCTURE = frozenset(
    """
    num_parallel timeout max_workers n_jobs num_workers processes chunksize chunk_size retries max_retries dpi
    figsize verbose ndigits decimals precision port memory cpu gpu sleep delay workers threads nthread num_threads
    logging_steps save_steps eval_steps log_every log_interval print_every save_every indent atol rtol tol abs_tol rel_tol places maxsplit prefetch_factor pin_memory fontsize linewidth
    """.split()
)
_HARMLESS = frozenset(
    """
    time.sleep asyncio.sleep builtins.print builtins.round builtins.format format [] builtins.exit sys.exit
    logging.basicConfig math.isclose numpy.isclose numpy.allclose get pop setdefault builtins.getattr os.environ.get
    os.getenv read
    """.split()
)


class ModuleConstant(Rule):
    """A module-level constant that acts as a parameter of the experiment.

    Config is authoritative: two people who read the same config must see the same experiment. A number that a step
    reads from the module, `_EP = 15`, is changed by an edit instead of an override, is not recorded with the run, and
    silently wins over the config that seems to govern it.
    """

    id = "FG301"
    slug = "module-constant"
    mend = "move it to a config group and pass it in; a parameter's default may stay as a fallback"

    def check(self, target: Target) -> Iterator[Finding]:
        flow = target.flow
        places = [(f"step `{step.name}`", step.trace) for step in flow.steps.values()]
        places += [(f"seam `{name}`", trace) for name, trace in flow.seams.items()]
        uses: dict[tuple[str, str], list[tuple[str, Global]]] = {}
        for where, trace in places:
            for event in trace.events:
                if isinstance(event, Global) and _is_literal_parameter(event) and _is_fixed(event):
                    uses.setdefault((event.owner.path, event.name), []).append((where, event))
        for (_, name), found in uses.items():
            events = [event for _, event in found]
            if not _is_exempt(name, events) and not all(_is_harmless(event.use) for event in events):
                yield self._finding(target, name, *found[0])

    def _finding(self, target: Target, name: str, place: str, event: Global) -> Finding:
        node = event.value.node
        shown = ast.unparse(node) if node is not None else "..."
        if len(shown) > 40:
            shown = shown[:37] + "..."
        key = name.strip("_").lower()
        where = event.node
        file = "" if event.home is target.flow.module else f" of {target.project.relative(event.home.path)}"
        return self.found(
            target,
            node or where,
            event.value.home or event.owner,
            f"`{name} = {shown}` is read in {place} (line {getattr(where, 'lineno', '?')}{file}), so the experiment "
            f"depends on a number that no config shows, no override reaches and no run records",
            mend=f"put `{key}: {shown}` in a config group and read it from the flow's Config, or pass it as a parameter",
            code=f"{name} = {ast.unparse(node) if node is not None else ''}",
        )


def _is_literal_parameter(event: Global) -> bool:
    """A number, a container of numbers, or a container in which a number is named like a training parameter."""
    return all(_is_amount(option, event) for option in options(event.value))


def _is_amount(value: Value, event: Global) -> bool:
    if isinstance(value, Mapping) and _is_chart(value):
        return False
    if isinstance(value, Mapping):
        return any(number(item) and is_parameter(str(constant(key))) for key, item in value.items) or (
            number(value) and not _is_codebook(value, event)
        )
    if isinstance(value, Instance):
        return any(number(item) and is_parameter(name) for name, item in value.attributes.items())
    if isinstance(value, Call) and not number(value):
        given = {name: item for name, item in value.keywords.items() if _is_written_in(item, value)}
        return bool(given) and (
            any(number(item) and is_parameter(name) for name, item in given.items())
            or all(number(item) for item in given.values())
        )
    return number(value)


def _is_chart(value: Mapping) -> bool:
    """A drawing's specification: Vega's, or a table in which nothing but a size is named like a parameter."""
    keys = {text for key, _ in value.items if isinstance(text := constant(key), str)}
    if "$schema" in keys:
        return True
    sizes = {key for key in keys if is_parameter(key)}
    return (
        bool(sizes)
        and all(words(key)[-1] in ("width", "height", "depth") for key in sizes)
        and any(words(key)[-1] == "height" for key in keys)
    )


def _is_written_in(item: Value, call: Call) -> bool:
    """Whether a number stands in the call itself; one that a name brings in is held against that name."""
    return call.node is not None and any(part is item.node for part in nodes(call.node))


def _is_codebook(value: Mapping, event: Global) -> bool:
    """`{"cat": 0, "dog": 1}`: codes for names, not amounts of anything.

    Codes are counted from 0 or 1, or are called codes; and nothing that they are handed to takes them for amounts.
    """
    codes = [constant(item) for _, item in value.items]
    if not all(isinstance(code, int) for code in codes) or len(set(codes)) != len(codes) or len(codes) < 2:
        return False
    if _is_decisive(event.use) or event.use.keyword == "**":
        return False
    counted = sorted(code for code in codes if isinstance(code, int))
    return (counted[0] in (0, 1) and counted[-1] - counted[0] == len(counted) - 1) or bool(
        set(words(event.name)) & _CODES
    )


def _is_fixed(event: Global) -> bool:
    """Whether the name keeps its value: no member of an Enum, and no counter that a function assigns with `global`."""
    if event.name in event.owner.rebound:
        return False
    for cls in event.owner.env.values():
        if isinstance(cls, Class) and event.value in cls.body.values():
            return not any(base.startswith("enum.") for base in cls.foreign_bases())
    return True


def _is_exempt(name: str, events: list[Global]) -> bool:
    """By its name it is no parameter, and nothing that it is handed to says otherwise."""
    if re.fullmatch(r"__\w+__", name) or any(_is_position(event) for event in events):
        return True
    if is_parameter(name) or any(_is_decisive(event.use) for event in events):
        return False
    if all(_is_tiny(option) or _is_of_nature(option) for event in events for option in options(event.value)):
        return True
    found = words(name)
    return any(word in _EXEMPT for word in found) or "to" in found[1:-1]


def _is_position(event: Global) -> bool:
    """Whether the name stands for a place in an order: `_HOUR, _DAY, _AMOUNT = 0, 1, 2`, or `= range(3)`."""
    tree = event.owner.source.parse()
    for node in tree.body if tree is not None else ():
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Tuple) or len(target.elts) < 3:
            continue
        if event.name in (getattr(one, "id", "") for one in target.elts):
            held = [getattr(one, "value", None) for one in getattr(node.value, "elts", ())]
            counted = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "range"
            return counted or held == list(range(len(target.elts)))
    return False


def _is_tiny(value: Value) -> bool:
    """A number that can only keep another from being zero."""
    held = constant(value)
    return isinstance(held, float) and 0 < abs(held) <= _TOLERANCE


def _is_of_nature(value: Value) -> bool:
    held = constant(value)
    return isinstance(held, int | float) and not isinstance(held, bool) and float(held) in _NATURE


def _is_decisive(use: Use) -> bool:
    """Whether the constant is handed to a model, an optimiser, or a parameter named like one of theirs."""
    if use.keyword in _INFRASTRUCTURE:
        return False
    return use.callee.startswith(_DECISIVE) or is_parameter(use.keyword)


def _is_harmless(use: Use) -> bool:
    """Whether the constant only sizes the machinery or the presentation, or is a fallback for what a config may say."""
    return use.callee in _HARMLESS or use.keyword in _INFRASTRUCTURE or use.callee.startswith(_LAYOUT)


_FLOW = """
from metaflow import FlowSpec, step

{before}


def train(xs, epochs=10):
    return sum(xs) * epochs


class TrainFlow(FlowSpec):
    {attribute}

    @step
    def start(self):
        self.loss = {use}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""


def _example(title: str, before: str, use: str, attribute: str = '"""A flow."""') -> Example:
    return Example(title, {"flow.py": _FLOW.format(before=before, use=use, attribute=attribute)})


ModuleConstant.bad = (
    _example("the textbook case", "_EP = 15", "train([1, 2], epochs=_EP)"),
    _example(
        "as a model's width, whatever its name",
        "import sklearn.cluster\nEPS = 0.5",
        "str(sklearn.cluster.DBSCAN(eps=EPS))",
    ),
    _example("through a helper", "HIDDEN = 64\n\ndef width():\n    return HIDDEN", "train([width()])"),
    _example("a dict of them", 'TRAINING = {"lr": 0.1, "optimizer": "adam"}', 'train([TRAINING["lr"]])'),
    _example("a class attribute", "", "train([1], self.EPOCHS)", "EPOCHS = 20"),
    _example("computed from literals", "N_TRAIN = 4 * 256", "train(list(range(N_TRAIN)))"),
)
ModuleConstant.good = (
    _example(
        "a parameter's default", "_EP = 15\n\ndef fit(xs, epochs=_EP):\n    return sum(xs) * epochs", "fit([1, 2])"
    ),
    _example("a tolerance", "EPS = 1e-9", "train([1]) + EPS"),
    _example("names and paths", 'COLUMNS = ["a", "b"]\nDATA = "data.csv"', "train([len(COLUMNS)])"),
    _example("infrastructure", "import time\nPAUSE_SECONDS = 0", "[time.sleep(PAUSE_SECONDS)] and 1"),
    _example("read by nothing that runs", "_EP = 15", "train([1, 2])"),
)
