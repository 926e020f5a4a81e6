"""FG104."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.shell import BEGIN, END, SHELL, region
from flowgate.lint.edit import Edit
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class ShellDrift(Rule):
    """The shell of the flow is no longer the one it was stamped from.

    Between its two marks stands what is easy to get wrong and was got right once: the import guard, the anchored paths,
    the way overrides reach Hydra. It is copied, not imported, so that nothing at run time hangs on flowgate; a change made
    in one copy is a change nobody reviews in the others.
    """

    id = "FG104"
    slug = "shell-drift"
    mend = "`flowgate lint --fix` puts the shell back; what is the flow's own belongs below its end mark"

    def check(self, target: Target) -> Iterator[Finding]:
        found = self._drift(target)
        if found is not None:
            yield found[0]

    def fixes(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        found = self._drift(target)
        if found is not None and found[1]:
            yield found

    def _drift(self, target: Target) -> tuple[Finding, list[Edit]] | None:
        lines = target.flow.module.source.text.splitlines()
        held = region(lines)
        if held is None:
            return None
        first, last = held
        inside, expected = lines[first : last if last is not None else len(lines)], SHELL.splitlines()
        if last is not None and [line.rstrip() for line in inside] == expected:
            return None
        same = next(
            (at for at, (one, other) in enumerate(zip(inside, expected, strict=False)) if one.rstrip() != other),
            min(len(inside), len(expected)),
        )
        what = f"its end mark, `{END}`, is gone" if last is None else "it differs from its copy from here on"
        message = f"the shell is copied verbatim and was changed: {what}"
        found = self.found(
            target, None, target.flow.module, message, code="\n".join(inside) if last is not None else END
        )
        edits = [Edit(target.flow.path, (first + 1, 0), (last + 1, 0), SHELL)] if last is not None else []
        return found._replace(line=min(first + same + 1, len(lines))), edits


def _stamped(shell: str) -> dict[str, str]:
    return promoted(metaflow=f"{BEGIN}\n{shell}{END}")


ShellDrift.bad = (
    Example("a guard that was shortened", _stamped(SHELL.replace("    FlowSpec = object\n", "    FlowSpec = None\n"))),
    Example("a line of the flow's own inside", _stamped(SHELL + "SEEDS = None\n")),
    Example("without its end", promoted(metaflow=f"{BEGIN}\n{SHELL}")),
)
ShellDrift.good = (
    Example("verbatim", _stamped(SHELL)),
    Example("a flow without a shell", promoted()),
)
