"""The verdict as an in-toto statement: a test-result predicate, unsigned (in-toto/attestation, predicate v0.1)."""

from __future__ import annotations

import json
import os

from flowgate import __version__
from flowgate.finding import ERROR, OVERRIDDEN, RESOLVED, Finding
from flowgate.flow.subject import digests
from flowgate.installation import DISTRIBUTION
from flowgate.outcome import BLOCKED, INCONCLUSIVE, SKIPPED, STALE
from flowgate.project import Project, git_output
from flowgate.verdict import Verdict

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


def statement(verdict: Verdict, project: Project) -> str | None:
    """The statement about the commit and its flows; None where nothing was decided, for which it has no word.

    A flow's layer is a test: `flow/x.py FlowX lint`. Overridden findings are warnings.
    """
    if verdict.result == INCONCLUSIVE:
        return None
    passed, failed = _tests(verdict)
    warned = sorted(_test(found) for found in verdict.findings if found.state == OVERRIDDEN or _is_warning(found))
    result = "FAILED" if verdict.result == BLOCKED else "WARNED" if warned else "PASSED"
    predicate = {
        "result": result,
        "configuration": _configuration(project),
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed + sorted(_test(found) for found in verdict.findings if found.blocks),
    }
    told = {"_type": _STATEMENT, "subject": _subjects(verdict, project), "predicateType": _PREDICATE}
    return json.dumps(told | {"predicate": predicate}, indent=1) + "\n"


def _tests(verdict: Verdict) -> tuple[list[str], list[str]]:
    """The layers that passed, and those that did not; a layer that was not asked is neither."""
    results = [
        (f"{flow.path} {flow.name} {layer}", getattr(flow, layer).result)
        for flow in verdict.flows
        for layer in ("lint", "review", "prove")
    ]
    if verdict.compared is not None:
        results.append(("base comparison", verdict.compared.result))
    failing = (BLOCKED, STALE, INCONCLUSIVE)
    return (
        [name for name, result in results if result not in (*failing, SKIPPED)],
        [name for name, result in results if result in failing],
    )


def _is_warning(found: Finding) -> bool:
    return found.severity != ERROR and found.state != RESOLVED


def _test(found: Finding) -> str:
    return f"{found.id} {found.path}"


def _subjects(verdict: Verdict, project: Project) -> list[dict[str, object]]:
    """The commit, where the tree is one, and each flow with the digest of what was judged."""
    commit = git_output(project, "rev-parse", "--verify", "HEAD")
    clean = commit and git_output(project, "status", "--porcelain", "--untracked-files=no") == ""
    named: list[dict[str, object]] = [{"name": "commit", "digest": {"gitCommit": commit}}] if clean else []
    return named + [
        {"name": f"{flow.path}#{flow.name}", "digest": {"sha256": flow.subject.removeprefix("sha256:")}}
        for flow in verdict.flows
        if flow.subject
    ]


def _configuration(project: Project) -> list[dict[str, object]]:
    """flowgate itself and the files that say what it asks."""
    names = [name for name in (project.settings.origin, ".flowgate/ledger.yaml") if name]
    paths = [project.absolute(name) for name in names if os.path.isfile(project.absolute(name))]
    own: dict[str, object] = {"uri": f"pkg:generic/{DISTRIBUTION}@{__version__}"}
    files: list[dict[str, object]] = [
        {"name": name, "digest": {"sha256": held}} for name, held in digests(project, paths).items()
    ]
    return [own, *files]
