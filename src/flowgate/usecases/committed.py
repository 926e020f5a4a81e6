"""Judging what is committed, and nothing that lies beside it: for hooks, where the two may differ."""

from __future__ import annotations

import os

from flowgate.discover import is_test, loose_files
from flowgate.errors import Inconclusive
from flowgate.ledger.store import NAME as LEDGER
from flowgate.project import Project

_MADE_OF = (".py", ".yaml", ".yml", ".md", ".txt", ".rst", ".json")


def refuse_loose(project: Project, made_of: dict[str, list[str]]) -> None:
    """Stop where a flow is made of a file that no commit will hold.

    Args:
        made_of: the files that each flow's file is made of, absolute.

    Raises:
        Inconclusive: what would be judged is not what would be committed.
    """
    loose = loose_files(project.root)
    decisive = [project.absolute(name) for name in (project.settings.origin, LEDGER) if name]
    for path in sorted(loose.intersection(decisive)):
        shown = project.relative(path)
        raise Inconclusive(f"{shown} decides what is judged, and is not committed; run `git add {shown}`")
    for flow, files in sorted(made_of.items()):
        for path in sorted(loose.intersection(files)):
            if path.endswith(_MADE_OF) and not is_test(os.path.relpath(path, project.root)):
                shown, user = project.relative(path), project.relative(flow)
                raise Inconclusive(f"{user} is made of {shown}, which is not committed; run `git add {shown}`")
