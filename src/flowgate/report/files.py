"""The files that the gate writes beside what it prints, each from the same verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.project import Project
from flowgate.verdict import Verdict


class Wanted(NamedTuple):
    """Where each report goes; None where it is not wanted."""

    verdict: str | None = None
    sarif: str | None = None
    summary: str | None = None
    page: str | None = None
    statement: str | None = None


def contents(verdict: Verdict, project: Project, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    """The path, the text and the mode (`w`, or `a` to append) of each file that is wanted."""
    if wanted.verdict:
        yield wanted.verdict, json.dumps(verdict.as_record(), indent=1) + "\n", "w"
    if wanted.sarif:
        from flowgate.report.sarif import as_sarif

        yield wanted.sarif, as_sarif(verdict.findings, project), "w"
    if wanted.summary:
        from flowgate.report.summary import summary

        yield wanted.summary, summary(verdict), "a"
    if wanted.page:
        from flowgate.report.page import page

        yield wanted.page, page(verdict, project), "w"
    if wanted.statement:
        from flowgate.report.statement import statement

        told = statement(verdict, project)
        if told is not None:
            yield wanted.statement, told, "w"
