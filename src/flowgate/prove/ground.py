"""What a proof stands on: the flow's contract, the environment its arms run in, and every part a receipt is bound to."""

from __future__ import annotations

import ast
import os
import re
from typing import NamedTuple

from flowgate import __version__
from flowgate.discover import python_files
from flowgate.errors import FlowgateError
from flowgate.flow.contract import Contract, declared
from flowgate.flow.subject import digests, files_of, names_file
from flowgate.flow.values import constant
from flowgate.prove.arms import Start
from flowgate.prove.environment import Environment, find
from flowgate.settings import CONTRACTS
from flowgate.target import Target

REMOTE = ("kubernetes", "batch")


class Asked(NamedTuple):
    """What a proof was asked for: Hydra overrides, further random orders, arms at a time, and whether to start afresh."""

    overrides: tuple[str, ...]
    schedules: int
    jobs: int
    fresh: bool = False


class Ground(NamedTuple):
    """What a proof stands on. `parts` are all that is known before a run: files, claim, environment, settings."""

    contract: Contract
    environment: Environment
    parts: dict[str, str]


def asked_of(
    target: Target,
    overrides: tuple[str, ...] = (),
    schedules: int | None = None,
    jobs: int | None = None,
    fresh: bool = False,
) -> Asked:
    """What was asked on the command line, laid over the settings; their overrides reduce no flow that has no Config.

    Raises:
        FlowgateError: an override would change the claim itself.
    """
    settings = target.project.settings.prove
    reached = settings.overrides if any(one.kind == "Config" for one in target.flow.settings().values()) else ()
    overrides = tuple(dict.fromkeys([*reached, *overrides]))
    weakening = [one for one in overrides if re.match(r"[+~]*(experiment\.)?(determinism|surface)\b", one)]
    if weakening:
        raise FlowgateError(f"overrides of a proof may not change the claim itself: {weakening[0]}")
    at_once = jobs or settings.jobs or min(2, len(os.sched_getaffinity(0)))
    return Asked(overrides, settings.schedules if schedules is None else schedules, at_once, fresh)


def contract_of(target: Target, overrides: tuple[str, ...]) -> Contract | None:
    """The contract that the flow or its settings declare, under Hydra overrides.

    Raises:
        FlowgateError: the config cannot be composed, or what is declared is no contract.
    """
    contract = declared(target.flow, target.conf, target.settings, overrides)
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
    project, settings = target.project, target.project.settings.prove
    environment = environment_of(target)
    parts = digests(project, [*files_of(target.flow, target.conf), *_named(target)])
    parts |= {f"environment: {name}": version for name, version in environment.subject().items()}
    parts |= {
        "contract": contract.kind,
        "surface": " ".join(contract.surface),
        "workers": str(settings.workers),
        "overrides": " ".join(overrides),
        "run options": " ".join(settings.run_options),
        "launcher": " ".join(settings.launcher),
        "flowgate": __version__,
    }
    return Ground(contract, environment, parts)


def _named(target: Target) -> list[str]:
    """The Python files that the flow's code names without importing them: a task may start one as a program."""
    own = set(files_of(target.flow, target.conf))
    paths = (target.project.absolute(name) for name in python_files(target.project.root))
    return [path for path in paths if path not in own and names_file(target.flow, path)]


def environment_of(target: Target) -> Environment:
    """The project's own environment, as the flow is started in it."""
    scripted = target.flow.module.source.script_block() is not None
    return find(target.project, target.flow.path, scripted)


def start_of(target: Target, ground: Ground, folder: str, overrides: tuple[str, ...]) -> Start:
    """How every arm of the proof is started."""
    settings = target.project.settings.prove
    return Start(
        environment=ground.environment,
        flow_path=target.flow.path,
        flow_name=target.flow.name,
        root=target.project.root,
        folder=folder,
        surface=ground.contract.surface,
        before_run=config_arguments(target, overrides),
        after_run=settings.run_options,
        timeout=settings.timeout,
        watched=not runs_elsewhere(target, settings.run_options),
        settings=target.project.settings.place("prove"),
    )


def runs_elsewhere(target: Target, arguments: tuple[str, ...]) -> str:
    """The backend to which the flow sends its tasks, where that is not this machine; empty where it is."""
    words = [word.partition(":")[0].removeprefix("--with=") for word in arguments]
    for step in target.flow.steps.values():
        for decorator in getattr(step.node, "decorator_list", []):
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            words.append(ast.unparse(named).rpartition(".")[2])
    return next((backend for backend in REMOTE if backend in words), "")


def config_arguments(target: Target, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments by which Hydra overrides reach a promoted flow's Config.

    Raises:
        FlowgateError: there are overrides, but the flow has no Config to give them to.
    """
    if not overrides:
        return ()
    for name, setting in target.flow.settings().items():
        if setting.kind == "Config":
            given = constant(setting.call.argument(0, "name"))
            option = given if isinstance(given, str) else name
            return ("--config-value", option, f"hydra_overrides: [{', '.join(overrides)}]")
    raise FlowgateError(f"{target.path} has no Config, so the overrides {', '.join(overrides)} cannot reach it")
