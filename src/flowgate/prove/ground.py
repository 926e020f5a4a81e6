"""What a proof stands on: the flow's contract, the environment its arms run in, and every part a receipt is bound to."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from flowgate import __version__
from flowgate.discover import python_files
from flowgate.errors import FlowgateError
from flowgate.finding import digest
from flowgate.flow.composing import hydra_overrides
from flowgate.flow.conf import Composed, ConfigBroken
from flowgate.flow.contract import Contract, declared
from flowgate.flow.subject import changes, code_digests, names_file
from flowgate.flow.values import Call, Function, constant, options
from flowgate.prove.environment import Environment, find, imported
from flowgate.prove.inputs import inputs_of
from flowgate.prove.model import Start
from flowgate.prove.sandbox import why_not
from flowgate.prove.store import user_config, user_store
from flowgate.settings import CONTRACTS
from flowgate.target import Target

REMOTE = ("kubernetes", "batch")
_LIBRARY = "environment: "


class Asked(NamedTuple):
    """What a proof was asked for: overrides, further random orders, arms at a time, and whether to start afresh.

    `fixed`: the user said how many arms run at a time.
    """

    overrides: tuple[str, ...]
    schedules: int
    jobs: int
    fresh: bool = False
    fixed: bool = False


ALL = "*"  # in the place of a module's name: every distribution


class Ground(NamedTuple):
    """What a proof stands on. `parts` are all that is known before a run: files, claim, environment, settings."""

    contract: Contract
    environment: Environment
    parts: dict[str, str]

    def inputs(self, target: Target) -> dict[str, str]:
        """The files of the project that the arms may read, beside those among the parts."""
        return inputs_of(target.project, target.proving.inputs_exclude, self.parts)

    def of_imports(self, root: str, names: frozenset[str]) -> tuple[dict[str, str], list[str]]:
        """The parts without the libraries that no arm imported, and the modules that one asked for in vain.

        Every library counts where it is not known what was imported.
        """
        if ALL in names:  # the project's code looked through the distributions
            return self.parts, [ALL]
        found = imported(self.environment, root, names) if names else None
        if found is None:
            return self.parts, []
        unused = {_LIBRARY + name for name in self.environment.distributions if name not in found.distributions}
        return {name: held for name, held in self.parts.items() if name not in unused}, list(found.absent)

    def since(self, held: dict[str, str], installed: str, absent: list[str], root: str) -> list[str]:
        """What changed since a proof that stood on the parts `held`, in words; libraries that it did not import aside."""
        libraries = {_LIBRARY + name for name in self.environment.distributions}
        now = {name: part for name, part in self.parts.items() if name in held or name not in libraries}
        changed = changes(held, now)
        if ALL in absent and installed != self.environment.installed:
            return [*changed, "the distributions that are installed changed"]
        if not changed and absent and installed != self.environment.installed:
            found = imported(self.environment, root, absent)
            there = sorted(set(absent) - set(found.absent if found is not None else ()))
            changed = [f"the module {name} can be imported now" for name in there]
        return changed


def asked_of(
    target: Target,
    overrides: tuple[str, ...] = (),
    schedules: int | None = None,
    jobs: int | None = None,
    fresh: bool = False,
) -> Asked:
    """What was asked on the command line, laid over the settings.

    The overrides that are common to all flows reduce those that have something to give them to: a Config, or a Parameter of
    that name.

    Raises:
        FlowgateError: an override would change the claim itself, or cannot reach the flow.
    """
    settings, kinds = target.proving, {setting.kind for setting in target.flow.settings().values()}
    common = target.settings.overrides is None
    reached = [one for one in settings.overrides if not common or "Config" in kinds or _parameter(target, one)]
    overrides = tuple(dict.fromkeys([*reached, *overrides]))
    weakening = [one for one in overrides if re.match(r"[+~]*(experiment\.)?(determinism|surface)\b", one)]
    if weakening:
        raise FlowgateError(f"overrides of a proof may not change the claim itself: {weakening[0]}")
    config_arguments(target, overrides)  # refuses those that could not reach the flow, before any receipt is looked for
    at_once = jobs or settings.jobs or min(2, len(os.sched_getaffinity(0)))
    drawn = settings.schedules if schedules is None else schedules
    return Asked(overrides, drawn, at_once, fresh, bool(jobs or settings.jobs))


def composed_under(target: Target, overrides: tuple[str, ...]) -> Composed | None:
    """The config that the flow runs with under overrides, and under those that its options bring; None where it has none.

    Raises:
        ConfigBroken: Hydra refuses the config.
        FlowgateError: it refuses only the overrides.
    """
    hydra = (*hydra_overrides(_variables().values()), *of_hydra(target, overrides))
    try:
        return target.compose(hydra)
    except ConfigBroken as refusal:
        if hydra and isinstance(target.default, Composed):
            raise FlowgateError(str(refusal)) from None
        raise


def _variables() -> dict[str, str]:
    """The variables by which Metaflow takes configs, parameters and an environment, as they are set here."""
    return {name: held for name, held in sorted(os.environ.items()) if name.startswith("METAFLOW_FLOW_CONFIG") and held}


# What reaches every arm as it is set here, and may move its numbers; what arms set for themselves is not among it.
_REACHING = re.compile(r"METAFLOW_.*|PYTHON.*|LD_(LIBRARY_PATH|PRELOAD)|\w+_NUM_THREADS|CUDA_\w+|CUBLAS_\w+|MKL_\w+")
_OF_ARMS = re.compile(
    r"METAFLOW_(HOME|PROFILE|USER|TOKEN_HOME|CLIENT_CACHE_PATH|DEFAULT_METADATA|DEFAULT_DATASTORE|DATASTORE_SYSROOT_\w+"
    r"|FLOW_CONFIG\w*)|PYTHON(HASHSEED|DONTWRITEBYTECODE|UNBUFFERED|STARTUP)"
)


def _reaching() -> dict[str, str]:
    """The variables of the environment, and of Metaflow's own config, that reach every arm and may move its numbers."""
    held = {**user_config(), **os.environ}
    return {name: held[name] for name in sorted(held) if _REACHING.fullmatch(name) and not _OF_ARMS.fullmatch(name)}


def contract_of(target: Target, overrides: tuple[str, ...]) -> Contract | None:
    """The contract that the flow or its settings declare, under Hydra overrides.

    Raises:
        FlowgateError: the config cannot be composed, or what is declared is no contract.
    """
    contract = declared(target.flow, composed_under(target, overrides), target.settings)
    if contract is not None and contract.kind not in CONTRACTS:
        raise FlowgateError(
            f"{target.path}: `determinism` is {contract.kind!r}; it must be one of {', '.join(CONTRACTS)}"
        )
    return contract


def ground_of(target: Target, contract: Contract, overrides: tuple[str, ...]) -> Ground:
    """Find the environment, and take the digest of every part.

    Raises:
        FlowgateError: a file of the flow cannot be read, or the launcher cannot be run.
        Inconclusive: no interpreter has Metaflow.
    """
    project, settings = target.project, target.proving
    environment = environment_of(target)
    parts = code_digests(project, [*target.files, *_named(target)])
    parts |= {_LIBRARY + name: version for name, version in environment.subject().items()}
    parts |= {
        "contract": contract.kind,
        "surface": " ".join(contract.surface),
        "workers": str(settings.workers),
        "overrides": " ".join(overrides),
        "flow options": json.dumps([*settings.flow_options, *_variables().items()]),
        "run options": " ".join(settings.run_options),
        "launcher": " ".join(settings.launcher),
        "network": settings.network,
        "variables": json.dumps(_reaching()),
        **_lent(target),
        "flowgate": __version__,
    }
    return Ground(contract, environment, parts)


def _lent(target: Target) -> dict[str, str]:
    """The runs of other flows that the arms may read: which there are.

    Raises:
        FlowgateError: a flow that `reads_runs` names has no runs in a local store.
    """
    place = target.project.place("prove")
    parts = {}
    for flow in target.proving.reads_runs:
        store = user_store(target.project.root)
        folder = os.path.join(store.root, flow)
        if store.kind != "local" or not os.path.isdir(folder):
            raise FlowgateError(f"{place}: `reads_runs` names {flow}, which has no run in {store.root}")
        runs = sorted(name for name in os.listdir(folder) if name not in ("data", "latest_run", "conda.manifest"))
        parts[f"runs of {flow}"] = digest(*runs)
    return parts


def _named(target: Target) -> list[str]:
    """The Python files that the flow's code names without importing them: a task may start one as a program."""
    own = set(target.files)
    paths = (target.project.absolute(name) for name in python_files(target.project.root))
    return [path for path in paths if path not in own and names_file(target.flow, path)]


def environment_of(target: Target) -> Environment:
    """The project's own environment, as the flow is started in it."""
    scripted = target.flow.module.source.script_block() is not None
    return find(target.project, target.flow.path, scripted, target.proving.launcher)


def start_of(target: Target, ground: Ground, folder: str, overrides: tuple[str, ...]) -> Start:
    """How every arm of the proof is started.

    Raises:
        FlowgateError: an option would take the arm out of the datastore of its own.
    """
    settings = target.proving
    taken = next((one for one in settings.flow_options if one.startswith(("--datastore", "--metadata"))), None)
    if taken is not None:
        place = target.project.place("prove")
        raise FlowgateError(
            f"{place}: `flow_options` holds {taken}, but every arm has a datastore of its own; leave it out"
        )
    return Start(
        environment=ground.environment,
        flow_path=target.flow.path,
        flow_name=target.flow.name,
        root=target.project.root,
        folder=folder,
        surface=ground.contract.surface,
        before_run=(*_other_options(settings.flow_options), *config_arguments(target, overrides)),
        after_run=(*settings.run_options, *parameter_arguments(target, overrides)),
        timeout=settings.timeout,
        watched=not runs_elsewhere(target, (*settings.flow_options, *settings.run_options)),
        settings=target.project.place("prove"),
        last_step=target.flow.end,
        reads_runs=settings.reads_runs,
        code=tuple(target.files),
        unsealed=why_not(target.project.root),
        network=settings.network == "on",
    )


def runs_elsewhere(target: Target, arguments: tuple[str, ...]) -> str:
    """The backend to which the flow sends its tasks, where that is not this machine; empty where it is."""
    words = [word.partition(":")[0].removeprefix("--with=") for word in arguments]
    for step in target.flow.steps.values():
        for decorator in getattr(step.node, "decorator_list", []):
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            words.append(ast.unparse(named).rpartition(".")[2])
    return next((backend for backend in REMOTE if backend in words), "")


def _parameter(target: Target, override: str) -> str:
    """The option of the Parameter that an override names, such as `--epochs` for `epochs=1`; empty where it names none."""
    key, equals, _ = override.partition("=")
    for name, setting in target.flow.settings().items():
        given = constant(setting.call.argument(0, "name"))
        option = given if isinstance(given, str) else name
        if setting.kind == "Parameter" and equals and key == option:
            return f"--{option}"
    return ""


def of_hydra(target: Target, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some overrides that are Hydra's: they name no Parameter of the flow."""
    return tuple(one for one in overrides if not _parameter(target, one))


def parameter_arguments(target: Target, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of `run` by which overrides reach the flow's Parameters: `--epochs=1`."""
    given = ((_parameter(target, one), one.partition("=")[2]) for one in overrides)
    return tuple(f"{option}={value}" for option, value in given if option)


def config_arguments(target: Target, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments by which Hydra overrides reach the shell's parser of a flow's Config.

    Raises:
        FlowgateError: there are some, but the flow has no Config, or one whose parser does not take them.
    """
    asked = of_hydra(target, overrides)
    hydra = (*hydra_overrides(target.proving.flow_options), *asked)
    if not hydra:
        return ()
    if asked:
        hydra = (*hydra_overrides(_variables().values()), *hydra)  # one option takes the place of the variable
    shown, place = ", ".join(hydra), target.project.place(f'flow."{target.path}"')
    whole = f"to prove this flow whole, write overrides = [] under {place}"
    for name, setting in target.flow.settings().items():
        if setting.kind == "Config":
            given = constant(setting.call.argument(0, "name"))
            option = given if isinstance(given, str) else name
            if not _takes_overrides(target, setting.call):
                raise FlowgateError(
                    f"the overrides {shown} cannot reach {target.path}: the parser of its Config `{option}` does not read "
                    f"`hydra_overrides`, as that of a stamped flow does, so the run would be the whole one under another "
                    f"name; {whole}"
                )
            return ("--config-value", option, f"hydra_overrides: {json.dumps(hydra)}")
    parameters = [setting.name for setting in target.flow.settings().values() if setting.kind == "Parameter"]
    known = f" (its Parameters: {', '.join(parameters)})" if parameters else ""
    raise FlowgateError(
        f"the overrides {shown} cannot reach {target.path}: it has no Config and no Parameter of that name{known}; {whole}"
    )


def _other_options(options: tuple[str, ...]) -> Iterator[str]:
    """The options that stand before `run`, but for a config value that holds Hydra overrides: there is one for all of them."""
    at = 0
    while at < len(options):
        if options[at] == "--config-value" and any("hydra_overrides" in word for word in options[at : at + 3]):
            at += 3
            continue
        yield options[at]
        at += 1


def _takes_overrides(target: Target, config: Call) -> bool:
    """True if the parser of a Config takes `hydra_overrides`: the code that it stands in says so."""
    parsers = options(config.keywords["parser"]) if "parser" in config.keywords else []
    homes = [parser.home for parser in parsers if isinstance(parser, Function) and parser.home is not None]
    return any(b"hydra_overrides" in home.source.data for home in (target.flow.module, *homes))
