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
_NEWEST = 15  # the minor version of the newest Python whose syntax is asked for
UNREADABLE = "FG001"
_AT_ONCE = 4000  # paths: a command line has an end


class Running(NamedTuple):
    """ruff at work on some files: each process with those that it was given."""

    processes: list[tuple[subprocess.Popen[bytes], list[str]]]
    project: Project


def start(project: Project, sources: Iterable[Source]) -> Running | None:
    """Start ruff on the files; None where the settings leave it out, or there is no file that can be read.

    Raises:
        FlowgateError: ruff is not installed.
    """

    selected = project.settings.lint.ruff
    paths = [os.path.abspath(source.path) for source in sources if source.fault is None]
    if not selected or not paths:
        return None
    batches = [paths[first : first + _AT_ONCE] for first in range(0, len(paths), _AT_ONCE)]
    return Running([(_launch(selected, batch), batch) for batch in batches], project)


def _launch(selected: Iterable[str], paths: list[str], version: str = "") -> subprocess.Popen[bytes]:
    import subprocess

    command = [program(), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--no-fix"]
    command += [f"--target-version={version}"] if version else []
    command += ["--output-format=json", f"--select={','.join(selected)}", "--"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    try:
        return subprocess.Popen(
            [*command, *paths],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise FlowgateError(
            f"ruff cannot be started: {error.strerror}; `pip install ruff`, or set `ruff = []`"
        ) from None


def newer_python(path: str) -> str:
    """The Python whose syntax a file has that this one cannot parse, such as `3.14`; empty where ruff knows none."""
    import json

    for minor in range(sys.version_info[1] + 1, _NEWEST + 1):
        try:
            out, _ = _launch(("PLE",), [os.path.abspath(path)], f"py3{minor}").communicate(timeout=_SECONDS)
            records = json.loads(out)
        except (FlowgateError, OSError, ValueError):
            return ""
        if not any(record["code"] in (None, "invalid-syntax") for record in records):
            return f"3.{minor}"
    return ""


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
    selected = running.project.settings.lint.ruff
    records = [record for process, paths in running.processes for record in _answers(process, selected, paths)]
    lines: dict[str, list[str]] = {}
    found = [_finding(running.project, one, lines) for one in records if one["code"] not in (None, "invalid-syntax")]
    return [one for one in found if not _is_import_twice(one)]


def _is_import_twice(found: Finding) -> bool:
    """A module imported twice is untidy; a step or a seam defined twice is another one than was read."""
    return found.rule == "F811" and "| import " in found.code.replace("| from ", "| import ")


def _answers(process: subprocess.Popen[bytes], selected: tuple[str, ...], paths: list[str]) -> list[dict[str, Any]]:
    """What ruff printed of some files; of one that it cannot end on, that alone, and of the others what it has to say.

    Raises:
        Inconclusive: it cannot end on any of them.
    """
    try:
        return _answer(process)
    except Inconclusive:
        found, failed = _one_by_one(selected, paths)
        if len(failed) == len(paths):
            raise
        return found + [_of_crash(path, why) for path, why in failed.items()]


def _one_by_one(selected: tuple[str, ...], paths: list[str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The answers on halves of the files, and halves of these, down to each file that there is none on."""
    if len(paths) == 1:
        try:
            return _answer(_launch(selected, paths)), {}
        except Inconclusive as error:
            return [], {paths[0]: str(error)}
    found: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    middle = len(paths) // 2
    for half in (paths[:middle], paths[middle:]):
        try:
            found += _answer(_launch(selected, half))
        except Inconclusive:
            more, others = _one_by_one(selected, half)
            found, failed = found + more, failed | others
    return found, failed


def _of_crash(path: str, why: str) -> dict[str, Any]:
    return {"filename": path, "code": UNREADABLE, "location": {"row": 1}, "message": why, "fix": None}


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
    if code == UNREADABLE:
        from flowgate.lint.rules.unreadable import unreadable

        return unreadable(project, file, file, f"cannot be judged by ruff: {record['message']}")
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
