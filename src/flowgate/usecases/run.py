"""`flowgate run`: execute a flow, only if lint and review let it, at the worker count its contract allows."""

from __future__ import annotations

import signal
import subprocess
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.project import Project
from flowgate.prove.environment import find
from flowgate.prove.proof import contract_of
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

    Raises:
        FlowgateError: the arguments ask a `single_worker` flow for more workers.
        Inconclusive: no interpreter has Metaflow.
    """
    target = all_readable(project, [path])[0]
    scripted = target.flow.module.source.script_block() is not None
    environment = find(project, target.flow.path, scripted)
    return _stream([*environment.launcher, path, *_command_line(target, arguments)])


def _command_line(target: Target, arguments: tuple[str, ...]) -> list[str]:
    """The flow's arguments, with its `run` command and, for `single_worker`, the worker pin."""
    given = list(arguments[1:] if arguments[:1] == ("--",) else arguments)
    if not any(word in _COMMANDS for word in given):
        given = ["run", *given]
    contract = contract_of(target, _overrides(given))
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


def _overrides(arguments: list[str]) -> tuple[str, ...]:
    """The Hydra overrides among a flow's arguments: `--config-value cfg "hydra_overrides: [...]"`."""
    import yaml

    found: list[str] = []
    for word in arguments:
        if "hydra_overrides" in word:
            try:
                given = yaml.safe_load(word)
            except yaml.YAMLError:
                continue
            listed = given.get("hydra_overrides") if isinstance(given, dict) else None
            found += [str(one) for one in listed] if isinstance(listed, list) else []
    return tuple(found)


def _stream(command: list[str]) -> int:
    """Run a command on this terminal; an interrupt is its own to handle, and is waited for."""
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        raise FlowgateError(f"{command[0]} cannot be started: {error.strerror}") from None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
