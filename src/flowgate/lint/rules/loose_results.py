"""FG602."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator

from flowgate.discover import tracked_files
from flowgate.finding import Finding
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_NAMES = tuple(
    f"{name}{end}"
    for name in (
        "stats_*",
        "*_stats",
        "results_*",
        "*_results",
        "result_*",
        "metrics_*",
        "*_metrics",
        "scores_*",
        "summary_*",
    )
    for end in (".json", ".jsonl", ".csv", ".tsv", ".pkl", ".npz", ".parquet")
) + ("results.json", "results.jsonl", "results.csv", "metrics.json", "stats.json")
_FOLDERS = ("results", "outputs", "output")


class LooseResults(Rule):
    """Result files lie beside a promoted flow, in git.

    Whoever finds `stats_final2.json` cannot tell which code made it, from which config, or whether it is the answer. The
    answer is the surface of the proven run: `flowgate results` prints it.
    """

    id = "FG602"
    slug = "loose-results"
    severity = "warning"
    mend = "delete it from git; `flowgate results` prints the proven conclusions"

    def check(self, target: Target) -> Iterator[Finding]:
        folder = os.path.dirname(os.path.realpath(target.flow.path))
        above = os.path.dirname(folder)
        place = above if above.startswith(target.project.root) else folder
        for name in tracked_files(place):
            inside = os.path.relpath(os.path.join(place, name), folder).split(os.sep)[:-1]
            beside = not inside or inside == [".."] or inside[-1] in _FOLDERS
            if beside and any(fnmatch.fnmatchcase(os.path.basename(name), pattern) for pattern in _NAMES):
                where = target.project.relative(os.path.join(place, name))
                message = f"`{where}` is kept beside the flow: nothing says which code and config made it"
                yield self.found(target, None, None, message, code=where)._replace(path=where)


LooseResults.bad = (
    Example("statistics beside the flow", promoted({"stats_final.json": "{}\n"})),
    Example("lines of results in a folder", promoted({"results/results_v2.jsonl": "{}\n"})),
    Example("a table", promoted({"noise_results.csv": "a,b\n"})),
)
LooseResults.good = (
    Example("data", promoted({"data/rows.csv": "a,b\n"})),
    Example("a config", promoted({"conf/data/gauss.yaml": "rows: 10\n"})),
)
