"""A composed config, as text or JSON."""

from __future__ import annotations

import json

from flowgate.project import Project
from flowgate.report.style import from_here, printable
from flowgate.usecases.show_config import Setting


def show(settings: list[Setting], project: Project, form: str) -> str:
    """Each value under its path of keys, with its place beside it."""
    if form == "json":
        rows = [{"key": ".".join(one.keys), "value": one.value, "file": one.file, "line": one.line} for one in settings]
        return json.dumps({"schema": "flowgate/config/v1", "settings": rows}, indent=1, default=str) + "\n"
    texts = [(f"{'.'.join(one.keys)}: {json.dumps(one.value, default=str)}", one) for one in settings]
    wide = min(max((len(text) for text, _ in texts), default=0), 70)
    return "".join(printable(f"{text:<{wide}}  {_place(one, project)}") + "\n" for text, one in texts)


def _place(setting: Setting, project: Project) -> str:
    return f"{from_here(project, setting.file)}:{setting.line}" if setting.line else setting.file
