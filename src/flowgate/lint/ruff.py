"""ruff beside the rules: what ruff already knows of a flow's files, under ruff's own codes.

It is started before the first file is parsed and asked for its answer after the last rule. It reads no configuration but
this: which of its rules matter to an experiment is decided here or in flowgate's settings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from flowgate.errors import FlowgateError, Inconclusive
from flowgate.finding import ERROR, WARNING, Finding
from flowgate.project import Project

if TYPE_CHECKING:
    import subprocess

    from flowgate.flow.source import Source

# What stops the run; the others are warnings.
_CRASHES = ("F70", "F82", "PLE")
_SECONDS = 120
_AT_ONCE = 4000  # paths: a command line has an end


class Running(NamedTuple):
    """ruff at work on some files."""

    processes: list[subprocess.Popen[bytes]]
    project: Project


def start(project: Project, sources: Iterable[Source]) -> Running | None:
    """Start ruff on the files; None where the settings leave it out, or there is no file that can be read.

    Raises:
        FlowgateError: ruff is not installed.
    """
    import subprocess

    selected = project.settings.lint.ruff
    paths = [os.path.abspath(source.path) for source in sources if source.fault is None]
    if not selected or not paths:
        return None
    command = [program(), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--no-fix"]
    command += ["--output-format=json", f"--select={','.join(selected)}", "--"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    try:
        processes = [
            subprocess.Popen(
                [*command, *paths[first : first + _AT_ONCE]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
            for first in range(0, len(paths), _AT_ONCE)
        ]
    except OSError as error:
        raise FlowgateError(
            f"ruff cannot be started: {error.strerror}; `pip install ruff`, or set `ruff = []`"
        ) from None
    return Running(processes, project)


def _installed() -> str | None:
    """The ruff installed beside flowgate, else the one on the path."""
    beside = os.path.join(os.path.dirname(sys.executable), "ruff")
    if os.path.isfile(beside):
        return beside
    import shutil
    import sysconfig

    scripts = os.path.join(sysconfig.get_path("scripts"), "ruff")
    return scripts if os.path.isfile(scripts) else shutil.which("ruff")


def program() -> str:
    """The ruff to run.

    Raises:
        FlowgateError: there is none.
    """
    found = _installed()
    if found is None:
        raise FlowgateError(
            "ruff is not installed, and lint runs it beside its own rules: `pip install ruff`, or leave it out with "
            "`ruff = []` in the table `lint` of the settings"
        )
    return found


def collect(running: Running) -> list[Finding]:
    """What ruff found, once it has ended.

    Raises:
        Inconclusive: it ended with an error, or said something that is no answer.
    """
    records = [record for process in running.processes for record in _answer(process)]
    lines: dict[str, list[str]] = {}
    found = [_finding(running.project, one, lines) for one in records if one["code"] not in (None, "invalid-syntax")]
    return [one for one in found if not _is_import_twice(one)]


def _is_import_twice(found: Finding) -> bool:
    """A module imported twice is untidy; a step or a seam defined twice is another one than was read."""
    return found.rule == "F811" and "| import " in found.code.replace("| from ", "| import ")


def _answer(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    import subprocess

    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Inconclusive(f"ruff did not end within {_SECONDS} s") from None
    if process.returncode != 0:
        raise Inconclusive(f"ruff ended with code {process.returncode}: {err.decode(errors='replace').strip()}")
    if out.strip() == b"[]":
        return []
    import json

    try:
        records: list[dict[str, Any]] = json.loads(out)
    except ValueError as error:
        raise Inconclusive(f"ruff printed something else than its findings: {error}") from None
    return records


def _finding(project: Project, record: dict[str, Any], lines: dict[str, list[str]]) -> Finding:
    from flowgate.flow.source import Source

    file, code, number = record["filename"], record["code"], record["location"]["row"]
    if file not in lines:
        lines[file] = Source(file).text.splitlines()
    path = project.relative(file)
    text = lines[file][number - 1].strip() if number <= len(lines[file]) else ""
    return Finding(
        rule=code,
        layer="lint",
        severity=ERROR if code.startswith(_CRASHES) else WARNING,
        flow=path,
        name=path,
        path=path,
        line=number,
        step=None,
        code=f"{record['message']} | {text}",
        message=record["message"],
        mend=(record.get("fix") or {}).get("message") or f"see `ruff rule {code}`",
    )
