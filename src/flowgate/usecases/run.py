"""`flowgate run`: execute a flow, only if lint and review let it, at the worker count its contract allows."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.composing import hydra_overrides
from flowgate.project import Project
from flowgate.prove import kept
from flowgate.prove.arms import tidy
from flowgate.prove.contracts import plan
from flowgate.prove.ground import (
    asked_of,
    contract_of,
    environment_of,
    ground_of,
    runs_elsewhere,
    start_of,
)
from flowgate.prove.launch import probe_variables
from flowgate.prove.model import Arm
from flowgate.prove.pipeline import alone
from flowgate.prove.store import user_store
from flowgate.target import Target, all_readable, chosen
from flowgate.usecases.lint import check
from flowgate.usecases.review import replay

_COMMANDS = ("run", "resume")


class Refusal(NamedTuple):
    """Why a flow is not run: open findings, and what is missing of its review."""

    findings: tuple[Finding, ...]
    review: str


def refusal(project: Project, path: str) -> Refusal | None:
    """What forbids the flow to run; None where lint and review let it.

    Raises:
        FlowgateError: `path` is no flow, or a source of truth or the ledger cannot be read.
    """
    chosen(project, [path])
    report = check(project, [path])
    findings = [found for found in report.findings if found.blocks]
    if any(found.rule == "FG001" for found in findings):
        return Refusal(tuple(findings), "")
    reviews = replay(project, [path])
    findings += [found for one in reviews for found in one.findings if found.blocks]
    review = next((one.note for one in reviews if one.verdict not in ("pass", "skipped")), "")
    return Refusal(tuple(findings), review) if findings or review else None


def execute(project: Project, path: str, arguments: tuple[str, ...]) -> int:
    """Start the flow in the project's own environment; its exit code.

    Where the run is one that a proof would make, it is watched, and left for the proof to use.

    Raises:
        FlowgateError: the arguments ask a `single_worker` flow for more workers.
        Inconclusive: no interpreter has Metaflow.
    """
    target = all_readable(project, [path])[0]
    given = _command_line(target, arguments)
    environment = environment_of(target)
    command = [*environment.launcher, path, *given]
    arm = _arm(target, given)
    if arm is None:
        return _stream(command, {})
    asked = asked_of(target)
    with alone(target, lambda *_: None):
        home = kept.prepare(target)
        contract = contract_of(target, asked.overrides)
        assert contract is not None
        ground = ground_of(target, contract, asked.overrides)
        start = start_of(target, ground, home, asked.overrides)
        counted = ground.inputs(target)
        seed = {"PYTHONHASHSEED": str(arm.hash_seed)}
        began = time.monotonic()
        code = _stream(command, probe_variables(start._replace(unsealed=kept.OWN_WORLD), arm, home) | seed)
        tidy(home)
        if code == 0:
            now = ground_of(target, contract, asked.overrides).parts
            seconds = round(time.monotonic() - began, 1)
            kept.keep(target, ground, counted, now, arm, seconds, user_store(os.getcwd()))
    return code


def _arm(target: Target, given: list[str]) -> Arm | None:
    """The arm that this run is: one worker, no other options than a proof's own, nothing sent elsewhere."""
    settings = target.proving
    typed = hydra_overrides(word for word in given if word not in settings.flow_options)
    contract = contract_of(target, typed)
    arms = plan(contract.kind, settings.workers) if contract is not None else []
    if not arms or "PYTHONHASHSEED" in os.environ or runs_elsewhere(target, tuple(given)) or typed:
        return None
    extra = [word for word in given if word not in (*settings.flow_options, *settings.run_options)]
    return arms[0] if extra in (["run", "--max-workers", "1"], ["run", "--max-workers=1"]) else None


def _command_line(target: Target, arguments: tuple[str, ...]) -> list[str]:
    """The flow's arguments, with its `run` command and, for `single_worker`, the worker pin."""
    given = list(arguments[1:] if arguments[:1] == ("--",) else arguments)
    if not any(word in _COMMANDS for word in given):
        given = ["run", *given]
    before = target.proving.flow_options
    if not all(option in given for option in before):
        given = [*before, *given]
    contract = contract_of(target, hydra_overrides(word for word in given if word not in before))
    if contract is None or contract.kind != "single_worker":
        return given
    asked = [given[at + 1 : at + 2] for at, word in enumerate(given) if word == "--max-workers"]
    asked += [[word.partition("=")[2]] for word in given if word.startswith("--max-workers=")]
    if any(workers != ["1"] for workers in asked):
        raise FlowgateError(f"{target.path} is declared single_worker; it runs with --max-workers 1 and no other")
    if asked:
        return given
    at = next(at for at, word in enumerate(given) if word in _COMMANDS)
    return [*given[: at + 1], "--max-workers", "1", *given[at + 1 :]]


def _stream(command: list[str], variables: dict[str, str]) -> int:
    """Run a command on this terminal; an interrupt is its own to handle, and is waited for."""
    try:
        process = subprocess.Popen(command, env=os.environ | variables)
    except OSError as error:
        raise FlowgateError(f"{command[0]} cannot be started: {error.strerror}") from None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
