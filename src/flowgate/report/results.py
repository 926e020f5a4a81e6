"""Conclusions as a table for a person, as CSV, or as JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from flowgate.prove.results import Results
from flowgate.report.style import printable


def show(results: Results, form: str) -> str:
    """The whole output of `flowgate results`."""
    if form == "json":
        return json.dumps(results.as_record(), indent=1) + "\n"
    if form == "csv":
        return _csv(results)
    head = f"{results.name} {results.run}: {'proven' if results.proven else 'NOT PROVEN'} ({results.note})\n"
    return head + "".join("\n" + _conclusion(one) for one in results.conclusions)


def _conclusion(conclusion: dict[str, Any]) -> str:
    rows = conclusion["rows"]
    if not rows:
        return f"{conclusion['name']}  (empty {conclusion['type']})\n"
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(rows) == 1 and names == ["value"]:
        return f"{conclusion['name']}  {printable(str(rows[0]['value']))}\n"
    table = [names, *([printable(_text(row.get(name, ""))) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(names))]
    lines = ["  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return f"{conclusion['name']}\n" + "".join(f"  {line}\n" for line in lines)


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def _csv(results: Results) -> str:
    """One table: a column for the artifact, one for whether it is proven, and one for each name that any row has."""
    rows = [(one["name"], row) for one in results.conclusions for row in one["rows"]]
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["artifact", "proven", *names])
    for artifact, row in rows:
        writer.writerow([artifact, str(results.proven).lower(), *(row.get(name, "") for name in names)])
    return out.getvalue()
