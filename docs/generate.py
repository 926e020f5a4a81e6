"""Write what the code says into the docs: rule pages, command pages, schemas. `--check` writes nothing, and fails on a
difference."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from flowgate.cli.group import COMMANDS, cli
from flowgate.explain import listed
from flowgate.ledger.store import Ledger
from flowgate.prove.receipt import Receipt
from flowgate.report.explain import page
from flowgate.review.answers import Review
from flowgate.review.record import Record

LISTED = listed()

ROOT = Path(__file__).resolve().parents[1]
HEAD = "<!-- Written by docs/generate.py; edit the source it is made from. -->\n\n"
SCHEMAS: dict[str, Any] = {"ledger": Ledger, "record": Record, "review": Review, "receipt": Receipt}


def rule_index() -> str:
    """All rules in one table."""
    rows = [f"| [{r.id}]({r.id}.md) | {r.slug} | {r.severity} | {r.title} |" for r in LISTED]
    return (
        HEAD
        + "# Rules\n\n| rule | slug | severity | what it catches |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


def command_pages() -> dict[str, str]:
    """A page for every command with its `--help`, and an index, by file name."""
    rows = [f"| [{name}]({name}.md) | {said} |" for name, said in COMMANDS.items()]
    table = "| command | what it does |\n| --- | --- |\n" + "\n".join(rows)
    made = {"README.md": f"{HEAD}# Commands\n\n{_help('')}\n\n{table}\n"}
    return made | {f"{name}.md": f"{HEAD}# flowgate {name}\n\n{_help(name)}\n" for name in COMMANDS}


def _help(name: str) -> str:
    command: click.Command | None = cli.get_command(click.Context(cli), name) if name else cli
    assert command is not None
    context = click.Context(command, info_name=f"flowgate {name}".strip(), max_content_width=100, terminal_width=100)
    return f"```\n{command.get_help(context)}\n```"


def contributing() -> str:
    """CONTRIBUTING with the rule it shows as the rule stands in the code."""
    path = ROOT / "CONTRIBUTING.md"
    rules = ROOT / "src" / "flowgate" / "lint" / "rules"
    registry = (rules / "__init__.py").read_text().splitlines()
    line = next(line for line in registry if "contract_not_echoed" in line)
    text = _shown(path.read_text(), "contract_not_echoed.py", (rules / "contract_not_echoed.py").read_text())
    return _shown(text, "registry line", line.strip() + "\n")


def _shown(text: str, name: str, code: str) -> str:
    """`text` with a block of code after the mark of that name, in the place of the one that is there."""
    before, mark, after = text.partition(f"<!-- {name} -->\n")
    fence = "```python\n"
    if after.lstrip("\n").startswith(fence):
        after = after.partition("\n```\n")[2]
    return f"{before}{mark}\n{fence}{code}```\n\n{after.lstrip(chr(10))}"


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    made = {ROOT / "docs" / "rules" / f"{one.id}.md": HEAD + page(one) for one in LISTED}
    made[ROOT / "docs" / "rules" / "README.md"] = rule_index()
    made |= {ROOT / "docs" / "commands" / name: text for name, text in command_pages().items()}
    made[ROOT / "CONTRIBUTING.md"] = contributing()
    for name, kind in SCHEMAS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **with_clean_text(msgspec.json.schema(kind)),
        }
        made[ROOT / "src" / "flowgate" / "schemas" / f"{name}.json"] = json.dumps(schema, indent=1) + "\n"
    return made


def with_clean_text(schema: Any) -> Any:
    """Return a schema whose descriptions are dedented.

    msgspec takes them from docstrings, and its releases differ in whether they remove the indentation.
    """
    if isinstance(schema, list):
        return [with_clean_text(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: inspect.cleandoc(value) if key == "description" and isinstance(value, str) else with_clean_text(value)
        for key, value in schema.items()
    }


def main() -> int:
    """Write or check; the number of files that differ, at most 1."""
    check = "--check" in sys.argv[1:]
    made = pages()
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    stray = [
        path for folder in ("rules", "commands") for path in (ROOT / "docs" / folder).glob("*") if path not in made
    ]
    for path in stray:
        print(f"{path.relative_to(ROOT)} is of nothing that there is; remove it")
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is not what the code says; run `make docs`' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
    return int(bool(stray) or (check and bool(stale)))


if __name__ == "__main__":
    sys.exit(main())
