"""`flowgate results`: the conclusions of one flow."""

from __future__ import annotations

from flowgate.errors import FlowgateError
from flowgate.project import Project, project_of
from flowgate.prove.ground import asked_of
from flowgate.prove.results import Results, results
from flowgate.target import all_readable


def results_of(project: Project, path: str, overrides: tuple[str, ...], unproven: bool) -> Results:
    """The proven conclusions of the flow at `path`; with `unproven`, those of its latest run.

    Raises:
        FlowgateError: there is no such flow, or there are several in the file, or it never ran.
        Inconclusive: it is not proven as it is now.
    """
    targets = all_readable(project_of(project, [path]), [path])
    if len(targets) > 1:
        raise FlowgateError(f"{path} holds {len(targets)} flows; results are those of one")
    return results(targets[0], asked_of(targets[0], overrides), unproven)
