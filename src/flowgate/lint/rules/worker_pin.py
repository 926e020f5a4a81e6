"""FG405."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from flowgate.discover import text_files
from flowgate.finding import Finding
from flowgate.flow.source import Source
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_LARGEST = 10_000_000
_LONGEST_PATH = 4096  # PATH_MAX of Linux
_WORKERS = re.compile(r"--max-workers(?:\s+|=)[\"']?(\d+)|METAFLOW_RUN_MAX_WORKERS=[\"']?(\d+)")
_RUNNER = re.compile(r"max_workers\s*=\s*(\d+)")
_VARIABLE = re.compile(r"--max-workers(?:\s+|=)[\"']?\$[{(]{0,2}\s*(?:env\.)?(\w+)(?::?-(\d+))?")
# What follows the flow's name when a run is started; what may stand before the command are options with their values.
_STARTS = r"[\"']?(?:[ ,]+[\"']?(?:--?[\w-]+(?:[= ][^\s]+)?)[\"']?)*[ ,]+[\"']?(?:run|resume)\b"


class WorkerPin(Rule):
    """A flow that claims to agree with itself at one worker is started with more.

    `single_worker` says nothing about two workers. Metaflow starts up to sixteen tasks at once where nobody says
    otherwise, so a script, a workflow or a document that runs the flow without the pin makes numbers that nothing vouches
    for.
    """

    id = "FG405"
    slug = "worker-pin"
    mend = "start it with `--max-workers 1`, or with `flowgate run`, which pins it"

    def check(self, target: Target) -> Iterator[Finding]:
        if target.contract is None or target.contract.kind != "single_worker":
            return
        name = os.path.basename(target.flow.path)
        fans_out = any(t.kind != "linear" for step in target.flow.steps.values() for t in step.transitions)
        for path in text_files(target.project.root):
            source = Source(target.project.absolute(path))
            if name.encode() in source.data and len(source.data) <= _LARGEST:
                yield from self._of(target, path, source.text, name, fans_out)

    def _of(self, target: Target, path: str, text: str, name: str, fans_out: bool) -> Iterator[Finding]:
        starts = _in_python(text, name) if path.endswith(".py") else _in_shell(text, name)
        for line, command, workers in starts:
            if not _is_meant(command, target.path):
                continue
            if workers == 1 or "flowgate run" in command or (workers is None and not fans_out):
                continue
            how = f"with {workers} workers" if workers is not None else "without a pin, so with up to 16 workers"
            message = f"this starts {target.flow.name} {how}, but it declares `single_worker`: what comes out is vouched for by nothing"
            found = self.found(target, None, None, message, code=f"{path}: {' '.join(command.split())}")
            yield found._replace(path=path, line=line)


def _is_meant(command: str, path: str) -> bool:
    """Whether the script that a command names can be the flow at `path`, and not another of that name."""
    name = os.path.basename(path)
    for match in re.finditer(re.escape(name), command):
        # From the name backwards: a pattern that began with any path would try every place of a long line.
        before = re.search(r"[\w./-]*\Z", command[max(0, match.start() - _LONGEST_PATH) : match.start()])
        named = os.path.normpath((before[0] if before is not None else "") + name)
        if path == named or f"/{path}".endswith(f"/{named}") or f"/{named}".endswith(f"/{path}"):
            return True
    return False


def _in_shell(text: str, name: str) -> Iterator[tuple[int, str, int | None]]:
    """Each command line that runs the flow: its line, its text and the workers it asks for."""
    pattern = re.compile(re.escape(name) + _STARTS)
    exported = re.search(r"(?m)METAFLOW_RUN_MAX_WORKERS\s*[:=]\s*[\"']?1\b", text) is not None
    number = 0
    variables = _variables(text)
    lines = iter(text.splitlines())
    for line in lines:
        number += 1
        command, first = line, number
        while command.rstrip().endswith("\\"):
            command = command.rstrip()[:-1] + " " + next(lines, "")
            number += 1
        command = _expanded(command, variables)
        if pattern.search(command) is None or re.match(r"\s*#[^`]*$", command):
            continue
        asked, variable = _WORKERS.search(command), _VARIABLE.search(command)
        if asked is not None:
            yield first, command, int(asked[1] or asked[2])
        elif variable is not None:
            held = variable[2] or _set_to(text, variable[1])
            if held is not None:
                yield first, command, int(held)
        elif not exported:
            yield first, command, None


def _variables(text: str) -> dict[str, str]:
    """What a script or a Makefile gives its variables, where that is one word; a default counts."""
    found = re.findall(
        r"(?m)^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+)?(\w+)[ \t]*[?:]{0,2}=[ \t]*[\"']?(?:\$\{\w+:?-)?([\w./-]+)\}?[\"']?[ \t]*(?:#.*)?$",
        text,
    )
    names = [name for name, _ in found]
    return {name: value for name, value in found if names.count(name) == 1}


def _expanded(command: str, variables: dict[str, str]) -> str:
    """A command line with the variables that are known in their places."""
    return re.sub(
        r"[\"']?\$(?:\{(\w+)\}|\((\w+)\)|(\w+))[\"']?",
        lambda hit: variables.get(hit[1] or hit[2] or hit[3], hit[0]),
        command,
    )


def _set_to(text: str, name: str) -> str | None:
    """The number that a Makefile, a script or a workflow gives a variable; None where it is given none, or several."""
    found = set(
        re.findall(
            rf"(?m)^\s*(?:export\s+|local\s+|readonly\s+|-?\s*)?{re.escape(name)}\s*(?:[?:]{{0,2}}=|:)\s*[\"']?(\d+)\b",
            text,
        )
    )
    return found.pop() if len(found) == 1 else None


def _in_python(text: str, name: str) -> Iterator[tuple[int, str, int | None]]:
    """A `Runner(...)` or a command list that runs the flow; what a program leaves out is not guessed at."""
    for match in re.finditer(rf"(?<![\w-]){re.escape(name)}", text):
        around = text[match.start() : match.start() + 400]
        start = re.search(r"\brun\b|\bresume\b", around)
        asked = _RUNNER.search(around) or re.search(r"--max-workers[\"'=,\s]+[\"']?(\d+)", around)
        before = text[max(0, match.start() - 120) : match.start()]
        if start is not None and asked is not None and ("Runner(" in before or "[" in before or "run(" in before):
            yield text.count("\n", 0, match.start()) + 1, around.splitlines()[0], int(asked[1])


def _flow(files: dict[str, str], contract: str = "single_worker") -> dict[str, str]:
    reason = '\ndeterminism_reason = "the library draws from a shared pool"' if contract != "order_independent" else ""
    return {
        "flow.py": """
from metaflow import FlowSpec, step


class PoolFlow(FlowSpec):
    @step
    def start(self):
        self.seeds = [0, 1]
        self.next(self.fit, foreach="seeds")

    @step
    def fit(self):
        self.score = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [i.score for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
""",
        "flowgate.toml": f'[flow."flow.py"]\ndeterminism = "{contract}"{reason}\n',
        **files,
    }


WorkerPin.bad = (
    Example("a script with four workers", _flow({"run.sh": "python flow.py run --max-workers 4\n"})),
    Example("a document that forgets the pin", _flow({"README.md": "Run it:\n\n    python flow.py run\n"})),
    Example(
        "a workflow, over two lines",
        _flow(
            {
                ".github/workflows/nightly.yml": "jobs:\n  a:\n    steps:\n      - run: |\n          python flow.py run \\\n            --max-workers=8\n"
            }
        ),
    ),
)
WorkerPin.good = (
    Example("pinned", _flow({"run.sh": "python flow.py run --max-workers 1\n"})),
    Example("started by flowgate", _flow({"README.md": "    flowgate run flow.py\n"})),
    Example("a flow that claims more", _flow({"run.sh": "python flow.py run --max-workers 4\n"}, "order_independent")),
    Example("another command", _flow({"README.md": "    python flow.py show\n    python flow.py check\n"})),
)
