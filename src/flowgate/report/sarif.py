"""Findings as SARIF 2.1.0, the format of code scanning (OASIS standard, docs.oasis-open.org/sarif/sarif/v2.1.0)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flowgate import __version__
from flowgate.explain import Explanation, explanation
from flowgate.finding import ERROR, OVERRIDDEN, RESOLVED, Finding
from flowgate.flow.source import Source
from flowgate.installation import PUBLISHED_AT
from flowgate.project import Project, from_top, repository_of

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Of a run, code scanning takes 25,000 results and shows 5,000 (docs.github.com, SARIF support for code scanning).
_RESULTS = 5_000
_LONGEST = 1_000  # characters of a text or a source line


def as_sarif(findings: Iterable[Finding], project: Project) -> str:
    """One run of flowgate, with the help of each rule it speaks of; accepted findings are suppressed, not left out.

    Where there are more than code scanning shows, those that block come first, and a notification says how many are left
    out. Paths are from the top of the repository, as code scanning reads them.
    """
    found = [one for one in findings if one.state != RESOLVED]
    listed = found
    if len(found) > _RESULTS:
        listed = sorted(found, key=lambda one: (not one.blocks, one.severity != ERROR))[:_RESULTS]
    rules = sorted({one.rule for one in listed})
    top = repository_of(project.root) or project.root
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "flowgate",
                "version": __version__,
                "semanticVersion": __version__,
                **({"informationUri": PUBLISHED_AT} if PUBLISHED_AT else {}),
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": "file://" + quote(os.fsencode(top.rstrip(os.sep))) + "/"}},
        "results": [_result(one, rules.index(one.rule), project) for one in listed],
    }
    if len(listed) < len(found):
        said = f"{len(found) - len(listed)} more findings are left out; the verdict file has all of them"
        note = {"level": "warning", "message": {"text": said}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    said = explanation(rule)
    if said is None:
        return {"id": rule, "helpUri": f"https://docs.astral.sh/ruff/rules/{rule}"}
    return {
        "id": rule,
        "name": said.slug,
        "shortDescription": {"text": said.title},
        "fullDescription": {"text": said.why or said.title},
        "help": {"text": _help(said), "markdown": _help(said)},
        **({"helpUri": f"{PUBLISHED_AT}/blob/main/docs/rules/{rule}.md"} if PUBLISHED_AT else {}),
        "defaultConfiguration": {"level": _level(said.severity)},
        "properties": {"tags": [said.layer, "reproducibility"]},
    }


def _help(said: Explanation) -> str:
    return f"{said.title}.\n\n{said.why}\n\nInstead: {said.mend}."


def _level(severity: str) -> str:
    return "error" if severity == ERROR else "warning"


def _result(found: Finding, index: int, project: Project) -> dict[str, Any]:
    source = Source(project.absolute(found.path))
    region: dict[str, Any] = {"startLine": found.line}
    line = source.line(found.line) if source.fault is None else ""
    if line:
        region["snippet"] = {"text": line[:_LONGEST]}
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": _level(found.severity),
        "message": {"text": _short(f"{found.message}. {found.mend}" if found.mend else found.message)},
        "locations": [{"physicalLocation": {"artifactLocation": _place(found.path, project), "region": region}}],
        "partialFingerprints": {"flowgateFinding/v1": found.id},
        "properties": {"flow": found.flow, "step": found.step, "state": found.state},
    }
    if found.state == OVERRIDDEN:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": found.note}]
    return result


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"


def _place(path: str, project: Project) -> dict[str, str]:
    if os.path.isabs(path):
        return {"uri": "file://" + quote(os.fsencode(path))}
    return {"uri": quote(os.fsencode(from_top(project, path))), "uriBaseId": "SRCROOT"}
