"""A rule in words, for a terminal or a page; and a finding, with what it rests on."""

from __future__ import annotations

import shutil
import textwrap
from itertools import zip_longest

from flowgate.explain import Explanation
from flowgate.flow.shell import shell
from flowgate.flow.source import Source
from flowgate.lint.rule import Example
from flowgate.project import Project
from flowgate.report.style import from_here, paint, printable
from flowgate.review.answers import Quote, line_of
from flowgate.usecases.findings import LookedUp

_NARROW = 90  # columns; on fewer, quotes stand one below the other


def in_a_line(said: Explanation) -> str:
    """`FG501  unseeded-rng  error  what it catches`."""
    return f"{said.id}  {said.slug:<26}{said.severity:<9}{said.title}\n"


def page(said: Explanation) -> str:
    """What a rule catches, why, what to write instead, and its examples, as Markdown."""
    head = f"# {said.id} {said.slug}\n\n{said.title}.\n\n{said.why}\n\n"
    parts = [head + f"**Severity** {said.severity}, on {said.concerns}.\n\n**Instead:** {said.mend}."]
    if said.bad:
        parts += ["## It fires on", *map(_example, said.bad)]
    if said.good:
        parts += ["## It lets pass", *map(_example, said.good)]
    return "\n\n".join(parts) + "\n"


def in_terminal(said: Explanation, color: bool) -> str:
    """What `page` holds, laid out for a terminal: no marks of Markdown, code indented, good and bad in their colours."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)

    def paragraph(text: str) -> str:
        blocks = (block.splitlines() for block in text.split("\n\n"))
        listed = (
            lines if any(line.lstrip().startswith("- ") for line in lines) else [" ".join(lines)] for lines in blocks
        )
        return "\n\n".join("\n".join(textwrap.fill(line, width) for line in lines) for lines in listed) + "\n"

    parts = [
        f"{paint(f'{said.id} {said.slug}', said.severity, color)}  {said.severity}, on {said.concerns}\n",
        paragraph(f"{said.title}."),
        paragraph(said.why),
        paragraph(f"Instead: {said.mend}."),
    ]
    for examples, title, mood in ((said.bad, "It fires on", "blocked"), (said.good, "It lets pass", "pass")):
        parts += [f"{paint(f'{title}: {example.title}', mood, color)}\n\n{_code(example)}" for example in examples]
    return "\n".join(parts)


def _code(example: Example) -> str:
    """The files of an example, each under its name, its code indented."""
    several = len([text for text in example.files.values() if text.strip()]) > 1
    return "".join(
        (f"  {path}:\n" if several or not path.endswith(".py") else "")
        + "".join(f"    {line}".rstrip() + "\n" for line in _without_shell(text).strip().splitlines())
        for path, text in example.files.items()
        if text.strip()
    )


def _without_shell(text: str) -> str:
    """A file of an example, with a word in the place of the shell as it is stamped, which is the same in all of them."""
    piece = shell()
    return text.replace(piece.stamped(), f"{piece.begin}\n# ... as `flowgate promote` stamps it\n{piece.end}\n")


def _example(example: Example) -> str:
    blocks = [
        f"`{path}`\n\n```{'python' if path.endswith('.py') else path.rpartition('.')[2]}\n{_without_shell(text).strip()}\n```"
        for path, text in example.files.items()
        if text.strip()
    ]
    return "\n\n".join([f"### {example.title}", *blocks])


def of_finding(looked_up: LookedUp, project: Project, rule: Explanation) -> str:
    """A finding: its state, what is held against the flow, and the code or the quotes that it rests on."""
    found = looked_up.finding
    where = f"{printable(from_here(project, found.path))}:{found.line}" + (f", step {found.step}" if found.step else "")
    lines = [f"{found.id}  {rule.slug}  {found.severity}, {found.state}", where, "", printable(found.message), ""]
    if looked_up.of_flow or looked_up.of_sources:
        lines += _side_by_side(looked_up, project)
    else:
        lines += [f"    {printable(line)}" for line in found.code.splitlines()]
    lines += ["", f"Instead: {printable(found.mend or rule.mend)}"]
    lines += [f"Note: {printable(found.note)}"] if found.note else []
    lines.append(f"`flowgate explain {found.rule}` says what the rule is about")
    return "\n".join(lines) + "\n"


def _side_by_side(looked_up: LookedUp, project: Project) -> list[str]:
    """The quotes of the flow and those of its sources in two columns, or below each other where there is no room."""
    flow = [_quoted(quote, project) for quote in looked_up.of_flow]
    sources = [_quoted(quote, project) for quote in looked_up.of_sources]
    room = shutil.get_terminal_size((110, 24)).columns
    if room < _NARROW:
        return [line for block in (*flow, *sources) for line in (*block, "")][:-1]
    width = (room - 7) // 2
    left, right = ([line for block in side for line in (*_folded(block, width), "")][:-1] for side in (flow, sources))
    return [f"  {one:<{width}} | {other}".rstrip() for one, other in zip_longest(left, right, fillvalue="")]


def _quoted(quote: Quote, project: Project) -> list[str]:
    path = quote.path.partition("#")[0]
    number = line_of(quote, Source(project.absolute(path)).text)
    return [
        f"{printable(from_here(project, path))}:{number}",
        *(printable(line) for line in quote.text.rstrip().splitlines()),
    ]


def _folded(lines: list[str], width: int) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="    ") or [""]]
