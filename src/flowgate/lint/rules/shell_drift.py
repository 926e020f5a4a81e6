"""FG104."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.shell import Piece, grid, region, shell
from flowgate.flow.values import Module
from flowgate.lint.edit import Edit
from flowgate.lint.examples import EXPERIMENT, GUARDED, promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class ShellDrift(Rule):
    """The shell of the flow, or the grid beside it, is no longer the one it was stamped from.

    Between its two marks stands what is easy to get wrong and was got right once: the import guard, the anchored paths,
    the way overrides reach Hydra, what is trained on which dataset. It is copied, not imported, so that nothing at run
    time hangs on flowgate; a change made in one copy is a change nobody reviews in the others.
    """

    id = "FG104"
    slug = "shell-drift"
    mend = "`flowgate lint --fix` puts it back; what is the flow's own belongs below its end mark"

    def check(self, target: Target) -> Iterator[Finding]:
        for found, _ in self._drifts(target):
            yield found

    def fixes(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        for found, edits in self._drifts(target):
            if edits:
                yield found, edits

    def _drifts(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        for module in target.flow.closure:
            for piece in (shell(), grid()):
                found = self._drift(target, module, piece) if piece.begin.encode() in module.source.data else None
                if found is not None:
                    yield found

    def _drift(self, target: Target, module: Module, piece: Piece) -> tuple[Finding, list[Edit]] | None:
        lines = module.source.text.splitlines()
        held = region(lines, piece)
        if held is None:
            return None
        first, last = held
        inside = [line.rstrip() for line in lines[first : last if last is not None else len(lines)]]
        if last is not None and inside in [copy.splitlines() for copy in (piece.text, *piece.past)]:
            return None
        copy = piece.nearest("\n".join(inside))
        expected = copy.splitlines()
        same = next(
            (at for at, (one, other) in enumerate(zip(inside, expected, strict=False)) if one != other),
            min(len(inside), len(expected)),
        )
        what = f"its end mark, `{piece.end}`, is gone" if last is None else "it differs from its copy from here on"
        message = f"the {piece.name} is copied verbatim and was changed: {what}"
        found = self.found(target, None, module, message, code="\n".join(inside) if last is not None else piece.end)
        edits = [Edit(module.path, (first + 1, 0), (last + 1, 0), copy)] if last is not None else []
        return found._replace(line=min(first + same + 1, len(lines))), edits


_SHELL, _GRID = shell(), grid()
SHELL = _SHELL.text


def _stamped(text: str) -> dict[str, str]:
    files = {
        "conf/experiment/noise.yaml": EXPERIMENT + "methods: [topk]\n",
        "conf/method/topk.yaml": "kind: topk\n",
    }
    return promoted(files, stamped=f"{_SHELL.begin}\n{text}{_SHELL.end}")


def _beside(text: str) -> dict[str, str]:
    return promoted({"grid.py": f"{_GRID.begin}\n{text}{_GRID.end}\n"}, metaflow="import grid")


ShellDrift.bad = (
    Example("a guard that was shortened", _stamped(SHELL.replace("    FlowSpec = object\n", "    FlowSpec = None\n"))),
    Example("a line of the flow's own inside", _stamped(SHELL + "SEEDS = None\n")),
    Example("without its end", promoted(stamped=f"{_SHELL.begin}\n{SHELL}")),
    Example("a grid that takes what comes", _beside(_GRID.text.replace('raise GridError(f"seeds', 'print(f"seeds', 1))),
)
ShellDrift.good = (
    Example("verbatim", _stamped(SHELL)),
    Example("as it was stamped by an older flowgate", _stamped(_SHELL.past[0])),
    Example("a flow without a shell", promoted(stamped=GUARDED)),
    Example("the grid, verbatim", _beside(_GRID.text)),
)
