"""The whole lint: what is remembered, what the rules say of the rest, and ruff beside them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowgate import witness
from flowgate.discover import forget
from flowgate.finding import Finding
from flowgate.lint.examined import Examined, together
from flowgate.memory import Memory
from flowgate.project import Project

if TYPE_CHECKING:
    from flowgate.lint.rules import Entry

_NEWS = 50  # files between two words on how far it is
_TURN = 64  # files after which what they left is swept up
_WORTH_SHARING = 48  # files: fewer are judged before another process has started


Tell = Callable[[int, int], None]


def _definitions(path: str) -> str:
    from flowgate.lint.rules.seam_copy import digest_of_definitions

    return digest_of_definitions(path)


witness.CONTENTS[witness.DEFINITIONS] = _definitions


class Linted(NamedTuple):
    """The findings in reading order, the number of files that hold a flow, and the files that each was made of, where that
    was asked for."""

    findings: list[Finding]
    files: int
    made_of: dict[str, list[str]] = {}  # noqa: RUF012  (a NamedTuple's default is never mutated)


class Answer(NamedTuple):
    """What was said of one file, and every look that led to it."""

    path: str
    examined: Examined
    looks: dict[witness.Key, str]


def lint_paths(
    project: Project,
    paths: Iterable[str],
    named: Iterable[str] = (),
    pedantic: bool = False,
    fresh: bool = False,
    tell: Tell | None = None,
    want_files: bool = False,
) -> Linted:
    """Lint those of some Python files that may hold a flow.

    Args:
        paths: absolute.
        named: those of them that are judged whatever they look like.
        pedantic: doubts too, as warnings.
        fresh: judge anew what is remembered.
        tell: given the number of files judged, and of all that are, now and then.
        want_files: tell what each file was made of, which takes answers that are remembered.

    Raises:
        FlowgateError: the settings name an unknown rule, or ruff is not installed.
        Inconclusive: ruff gave no usable answer.
    """
    forget()
    memory, asked = memory_of(project, fresh), set(named)
    known: list[Examined] = []
    unknown: list[str] = []
    for path in paths:
        if path not in asked and memory.is_plain(path):
            continue
        answer = Examined.of_said(memory.answer(path))
        if answer is None:
            unknown.append(path)
        else:
            known.append(answer)
    if unknown:
        known += _judge(project, unknown, asked, memory, tell)
    memory.save()
    made_of = {path: memory.files(path) for path in paths} if want_files else {}
    judged = sum(bool(answer.flows or answer.findings) for answer in known)
    return Linted(together(known, pedantic), judged, made_of)


def memory_of(project: Project, fresh: bool = False) -> Memory:
    """What lint said before."""
    from flowgate.flow.conf import releases
    from flowgate.lint.ruff import program

    ruff = witness.state_of_file(program()) if project.settings.lint.ruff else ""
    return Memory(project, "lint.json", ("flow", "lint", "lint/rules"), (ruff, *releases()), fresh)


def _judge(project: Project, paths: list[str], asked: set[str], memory: Memory, tell: Tell | None) -> list[Examined]:
    """Judge files anew, and remember what was said of them."""
    from flowgate.flow.source import Source
    from flowgate.lint import ruff
    from flowgate.lint.engine import rules_of

    rules = rules_of(project)
    sources = []
    for path in paths:
        source = Source(path)
        if path in asked or source.may_hold_a_flow():
            sources.append(source)
        else:
            memory.add_plain(path)
    running = ruff.start(project, sources)
    candidates = [source.path for source in sources]
    del sources
    answers = []
    for answer in _examined(project, candidates, rules):
        answers.append(answer)
        if tell is not None and len(answers) % _NEWS == 0:
            tell(len(answers), len(candidates))
    beside: dict[str, list[Finding]] = {}
    for found in ruff.collect(running) if running is not None else []:
        beside.setdefault(found.path, []).append(found)
    judged = []
    for path, examined, looks in answers:
        if examined.flows:
            more = beside.get(project.relative(path), [])
            examined = examined._replace(findings=[*examined.findings, *more])
        memory.add(path, examined.as_said(), looks)
        judged.append(examined)
    return judged


def _examined(project: Project, paths: list[str], rules: list[Entry]) -> Iterator[Answer]:
    """Examine files one after the other, or in as many processes as there are cores where that pays."""
    workers = min(_cores(), len(paths) // (_WORTH_SHARING // 2))
    if workers < 2 or sys.platform != "linux":
        yield from (_examine(project, path, rules) for path in paths)
        return
    from multiprocessing import get_context

    _shared.append((project, rules))
    try:
        with get_context("fork").Pool(workers) as pool:
            yield from pool.imap(_examine_shared, paths, chunksize=8)
    finally:
        _shared.pop()


_shared: list[tuple[Project, list[Entry]]] = []  # what a forked process finds in its memory


_judged = [0]  # files since the process began


def _examine_shared(path: str) -> Answer:
    project, rules = _shared[-1]
    return _examine(project, path, rules)


def _examine(project: Project, path: str, rules: list[Entry]) -> Answer:
    from flowgate.flow.source import Source
    from flowgate.lint.engine import examine

    if not _judged[0]:  # a syntax tree is thousands of objects that live and die together
        gc.disable()
        gc.freeze()
    witness.watch()
    examined = examine(project, Source(path), rules)
    looks = witness.seen()
    _judged[0] += 1
    if _judged[0] % _TURN == 0:
        gc.collect()
    return Answer(path, examined, looks)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
