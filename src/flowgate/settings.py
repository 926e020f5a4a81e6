"""`[tool.flowgate]` of pyproject.toml, or flowgate.toml with the same keys, as frozen values.

Read by hand rather than through a validation library: this stands on the way to every lint answer.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from flowgate.errors import FlowgateError

Seconds = float  # written as a number, or as "90s", "30m" or "2h"
CONTRACTS = ("order_independent", "single_worker", "nondeterministic")
REVIEWERS = ("command", "llm", "person", "none")
# Undefined and redefined names, late-bound loop variables, mutable defaults, comparisons and formats that cannot be
# meant, and the legacy random state of NumPy.
RUFF = ("F50", "F601", "F602", "F63", "F70", "F811", "F82", "PLE", "B006", "B020", "B023", "NPY002")
_LEAST = {"workers": 2, "schedules": 0, "jobs": 1, "packet_size": 20_000, "votes": 1, "retries": 0, "max_tokens": 0}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class LintSettings(NamedTuple):
    """`[tool.flowgate.lint]`: rules left out by id or slug, and the rules of ruff that run beside; empty for none."""

    ignore: tuple[str, ...] = ()
    ruff: tuple[str, ...] = RUFF


class ReviewSettings(NamedTuple):
    """`[tool.flowgate.review]`: who judges, how often, and whether a concern blocks.

    `packet_size` is in characters, `price` what a million tokens cost, in and out; `max_tokens` and `max_cost` bound one
    flow's review, retries included, and 0 is no bound.
    """

    reviewer: str = "none"
    command: tuple[str, ...] = ()
    model: str = ""
    votes: int = 1
    block_on: str = "finding"
    timeout: Seconds = 600.0
    retries: int = 1
    packet_size: int = 400_000
    max_tokens: int = 0
    max_cost: float = 0.0
    price: tuple[float, ...] = ()


class LedgerSettings(NamedTuple):
    """`[tool.flowgate.ledger]`: rules that no override excuses, and whether a second person has to approve each."""

    non_overridable: tuple[str, ...] = ()
    require_approver: bool = False


class ProveSettings(NamedTuple):
    """`[tool.flowgate.prove]`: how the arms run.

    `flow_options` stand before `run` on the command line and `run_options` behind it. `timeout` is in seconds, for each arm.
    `workers` is the larger worker count; `reads_runs` names flows whose runs the arms may read.
    `schedules` is the number of further, random orders; `jobs` that of arms side
    by side, 0 for what the machine's cores allow. `network` is whether sealed arms reach other machines, and `require_sealed`
    whether arms that cannot be sealed prove nothing. `inputs_exclude` are patterns of files that a proof does not depend on.
    """

    workers: int = 16
    launcher: tuple[str, ...] = ()
    flow_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    timeout: Seconds = 1800.0
    schedules: int = 0
    jobs: int = 0
    reads_runs: tuple[str, ...] = ()
    network: str = "on"
    require_sealed: bool = False
    inputs_exclude: tuple[str, ...] = ()


class FlowSettings(NamedTuple):
    """`[tool.flowgate.flow."path"]`: what a flow claims outside its own config, and how its arms run where that differs.

    A key that is None is as `[tool.flowgate.prove]` has it.
    """

    sources: tuple[str, ...] = ()
    determinism: str = ""
    determinism_reason: str = ""
    surface: tuple[str, ...] = ()
    workers: int | None = None
    launcher: tuple[str, ...] | None = None
    flow_options: tuple[str, ...] | None = None
    run_options: tuple[str, ...] | None = None
    overrides: tuple[str, ...] | None = None
    timeout: Seconds | None = None
    reads_runs: tuple[str, ...] | None = None
    network: str | None = None
    inputs_exclude: tuple[str, ...] | None = None


class Settings(NamedTuple):
    """All settings; `origin` is the file they came from, empty where there is none, and `usual` the one they would go to."""

    flows: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    lint: LintSettings = LintSettings()
    review: ReviewSettings = ReviewSettings()
    ledger: LedgerSettings = LedgerSettings()
    prove: ProveSettings = ProveSettings()
    flow: dict[str, FlowSettings] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)
    origin: str = ""
    usual: str = "pyproject.toml"

    def of(self, path: str) -> FlowSettings:
        """The settings of the flow at `path`, relative to the root."""
        return self.flow.get(path, FlowSettings())

    def proving(self, path: str) -> ProveSettings:
        """How the arms of the flow at `path` run: as its own table says, else as the common one does."""
        own = self.of(path)
        return self.prove._replace(**{key: getattr(own, key) for key in _OF_ONE_FLOW if getattr(own, key) is not None})


_OF_ONE_FLOW = [name for name in ProveSettings._fields if name in FlowSettings._fields]
SETTINGS_FILES = ("pyproject.toml", "flowgate.toml")
_CHOICES = {
    "determinism": CONTRACTS,
    "reviewer": REVIEWERS,
    "block_on": ("finding", "concern"),
    "network": ("on", "off"),
}


def settings_file(folder: str) -> str | None:
    """The file in `folder` that holds flowgate's settings.

    Raises:
        FlowgateError: there are two.
    """
    own, project = os.path.join(folder, "flowgate.toml"), os.path.join(folder, "pyproject.toml")
    in_project = _names_flowgate(project)
    if os.path.isfile(own):
        if in_project:
            raise FlowgateError(f"{folder} has flowgate.toml and [tool.flowgate] in pyproject.toml; keep one of them")
        return own
    return project if in_project else None


def _names_flowgate(path: str) -> bool:
    """Whether a pyproject.toml has the table `tool.flowgate`; one that cannot be parsed, but may, is said to."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    if b"flowgate" not in data:
        return False
    import tomllib

    try:
        tool = tomllib.loads(data.decode()).get("tool")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return re.search(rb"(?m)^\s*\[\s*tool\s*\.\s*flowgate\s*[.\]]", data) is not None
    return isinstance(tool, dict) and "flowgate" in tool


def load(root: str) -> Settings:
    """The settings of the repository at `root`.

    Raises:
        FlowgateError: the file is not TOML, or holds an unknown key, a value of the wrong type, or a flow that is no file.
    """
    path = settings_file(root)
    if path is None:
        return Settings()
    import tomllib

    name = os.path.basename(path)
    shown = os.path.relpath(path)
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FlowgateError(f"{shown} is not valid TOML: {error}") from None
    except OSError as error:
        raise FlowgateError(f"{shown} cannot be read: {error.strerror}") from None
    own = name == "flowgate.toml"
    if own and isinstance(document.get("tool"), dict) and "flowgate" in document["tool"]:
        raise FlowgateError(
            f"{shown}: a table of flowgate.toml has no prefix; write [prove] for [tool.flowgate.prove], and so on"
        )
    table = document if own else document["tool"]["flowgate"]
    settings = _settings(_table(table, table_of(name, "", shown)), name, shown)
    for flow in settings.flow:
        if not os.path.isfile(os.path.join(root, flow)):
            raise FlowgateError(f"{table_of(name, _of_flow(flow), shown)}: there is no such file in {root}")
        nearer = _nearer_settings(root, flow)
        if nearer:
            raise FlowgateError(
                f"{table_of(name, _of_flow(flow), shown)}: {os.path.relpath(nearer)} is nearer to that flow and applies to it; "
                "write the table there"
            )
    return settings._replace(origin=name)


def _nearer_settings(root: str, flow: str) -> str:
    """The settings of a folder between the root and a flow, which apply to the flow instead; empty where there are none."""
    folder = os.path.dirname(flow)
    while folder and not folder.startswith(".."):
        found = settings_file(os.path.join(root, folder))
        if found is not None:
            return found
        folder = os.path.dirname(folder)
    return ""


def table_of(origin: str, table: str, shown: str = "") -> str:
    """A table of the settings as the user writes it, with the file that it is or would be in.

    Args:
        origin: the name of the settings file.
        table: `prove`, or `flow."flow/noise_flow.py"`; empty for the top.
        shown: the file as the user is told it, where that is not its name.
    """
    if origin == "flowgate.toml":
        return f"[{table}] of {shown or origin}" if table else shown or origin
    return f"[tool.flowgate{'.' * bool(table)}{table}] of {shown or origin}"


def place_in(root: str, table: str) -> str:
    """A table of the settings of a folder as a message names it, where only the folder is known."""
    name = os.path.basename(settings_file(root) or usual_file(root))
    return table_of(name, table, os.path.relpath(os.path.join(root, name)))


def usual_file(folder: str) -> str:
    """The file that settings go to in a folder that has none: the project's own, where it has one."""
    return "pyproject.toml" if os.path.isfile(os.path.join(folder, "pyproject.toml")) else "flowgate.toml"


def _of_flow(path: str) -> str:
    return f'flow."{path}"'


def _settings(table: dict[str, Any], origin: str, shown: str) -> Settings:
    tables = {"lint": LintSettings, "review": ReviewSettings, "ledger": LedgerSettings, "prove": ProveSettings}
    made: dict[str, Any] = {}
    for key, value in table.items():
        where = table_of(origin, "", shown)
        if key in tables:
            made[key] = _record(tables[key], value, table_of(origin, key, shown))
        elif key == "flow":
            flows = _table(value, table_of(origin, "flow", shown))
            made[key] = {
                os.path.normpath(path): _record(FlowSettings, entry, table_of(origin, _of_flow(path), shown))
                for path, entry in flows.items()
            }
        else:
            _known(key, [field for field in Settings._fields if field not in ("origin", "usual")], where)
            made[key] = _typed("tuple[str, ...]", value, f"{where}: {key}")
    _check_rules(made.get("ledger", LedgerSettings()), f"{table_of(origin, 'ledger', shown)}: non_overridable")
    return Settings(**made)


def _check_rules(ledger: LedgerSettings, where: str) -> None:
    odd = next((rule for rule in ledger.non_overridable if not re.fullmatch(r"[A-Z]{1,7}\d{3,4}", rule)), None)
    if odd is not None:
        raise FlowgateError(f"{where}: {odd!r} is no rule's id, such as FP101")


def _record(kind: Any, value: object, where: str) -> Any:
    """One table of settings, each key known and of its field's type."""
    made = {}
    for key, entry in _table(value, where).items():
        _known(key, kind._fields, where)
        made[key] = _typed(kind.__annotations__[key], entry, f"{where}: {key}")
        choices = _CHOICES.get(key)
        if choices and made[key] not in choices:
            raise FlowgateError(f"{where}: {key} is {made[key]!r}; it must be one of {', '.join(choices)}")
    return kind(**made)


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FlowgateError(f"{where} must be a table, not {type(value).__name__}")
    return value


def _known(key: str, names: Any, where: str) -> None:
    if key in names:
        return
    from difflib import get_close_matches

    near = get_close_matches(key, names, 1, 0)
    raise FlowgateError(f"{where}: unknown key {key!r}; did you mean {near[0]!r}?" if near else f"{where}: {key!r}?")


def _typed(kind: Any, value: Any, where: str) -> Any:
    """`value` as the field's type; a duration such as "30m" becomes seconds."""
    name = kind if isinstance(kind, str) else getattr(kind, "__forward_arg__", str(kind))
    name = name.removesuffix(" | None")
    if name == "tuple[str, ...]":
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise FlowgateError(f"{where} must be a list of strings")
    if name == "Seconds":
        return seconds(value, where)
    if name == "bool":
        if isinstance(value, bool):
            return value
        raise FlowgateError(f"{where} must be true or false")
    if name == "float":
        return _amount(value, where)
    if name == "tuple[float, ...]":
        if isinstance(value, list) and len(value) == 2:
            return tuple(_amount(item, where) for item in value)
        raise FlowgateError(f"{where} must be a list of two numbers")
    if name == "int":
        least = _LEAST[where.rpartition(" ")[2]]
        if type(value) is int and value >= least:
            return value
        raise FlowgateError(f"{where} must be a whole number of at least {least}")
    if isinstance(value, str):
        return value
    raise FlowgateError(f"{where} must be a string, not {type(value).__name__}")


def _amount(value: object, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise FlowgateError(f"{where} must be a number of at least 0")


def seconds(value: object, where: str) -> float:
    """A duration: a number of seconds, or text such as "90s", "30m" or "2h"."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", value) if isinstance(value, str) else None
    if match is None or float(match[1]) <= 0:
        raise FlowgateError(f'{where} must be a duration such as "90s", "30m" or "2h", not {value!r}')
    return float(match[1]) * _SECONDS[match[2] or "s"]
