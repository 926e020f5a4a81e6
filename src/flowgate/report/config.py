"""A composed config, as text or JSON."""

from __future__ import annotations

import json

from flowgate.flow.conf import Origin, dotted
from flowgate.project import Project
from flowgate.report.style import from_here, printable
from flowgate.usecases.show_config import Setting


def show(settings: list[Setting], project: Project, form: str) -> str:
    """Each value under its path of keys, with its place beside it."""
    if form == "json":
        rows = [
            {
                "key": dotted(one.keys),
                "value": one.value,
                "file": one.file,
                "line": one.line,
                "overrode": [{"file": giver.file, "line": giver.line} for giver in one.overrode],
                "unknown": one.unknown,
            }
            for one in settings
        ]
        return json.dumps({"schema": "flowgate/config/v1", "settings": rows}, indent=1, default=str) + "\n"
    texts = [(f"{dotted(one.keys)}: {json.dumps(one.value, default=str)}", one) for one in settings]
    wide = min(max((len(text) for text, _ in texts), default=0), 70)
    return "".join(printable(f"{text:<{wide}}  {_place(one, project)}") + "\n" for text, one in texts)


def _place(setting: Setting, project: Project) -> str:
    told = _at(Origin(setting.file, setting.line), project)
    if setting.overrode:
        told += f" (over {', '.join(_at(giver, project) for giver in setting.overrode)})"
    return f"{told} (not known here: {setting.unknown})" if setting.unknown else told


def _at(origin: Origin, project: Project) -> str:
    return f"{from_here(project, origin.file)}:{origin.line}" if origin.line else origin.file
