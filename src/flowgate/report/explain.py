"""A rule in words, for a terminal or a page."""

from __future__ import annotations

from flowgate.explain import Explanation
from flowgate.lint.rule import Example


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


def _example(example: Example) -> str:
    blocks = [
        f"`{path}`\n\n```{'python' if path.endswith('.py') else path.rpartition('.')[2]}\n{text.strip()}\n```"
        for path, text in example.files.items()
        if text.strip()
    ]
    return "\n\n".join([f"### {example.title}", *blocks])
