"""The subject: a digest of exactly what is judged, file by file, so that a change can be named."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from flowgate import witness
from flowgate.errors import FlowgateError
from flowgate.finding import digest
from flowgate.flow.conf import Conf
from flowgate.flow.model import Flow
from flowgate.flow.paths import UNKNOWN, places
from flowgate.project import Project


def files_of(flow: Flow, conf: Conf | None) -> list[str]:
    """The files a flow is made of: its own, the local modules it imports, its config and include files. Absolute."""
    paths = [flow.path, *(module.path for module in flow.closure), *_declared(flow)]
    return list(dict.fromkeys(paths + (conf.files() if conf is not None else [])))


def names_file(flow: Flow, path: str) -> bool:
    """Whether a flow's code holds the name of a file that it does not import: it may run or read it."""
    name = os.path.basename(path).encode()
    return any(name in module.source.data for module in flow.closure)


def _declared(flow: Flow) -> list[str]:
    """The files that the flow's Config and IncludeFile declarations read by default."""
    found = []
    for setting in flow.settings().values():
        default = setting.call.argument(1 if setting.kind == "Config" else 99, "default")
        for place in places(default) if default is not None and setting.kind != "Parameter" else []:
            path = os.path.join(flow.modules.root, place.path)
            if place.anchor != UNKNOWN and os.path.isfile(path):
                found.append(path)
    return found


def digests(project: Project, paths: Iterable[str]) -> dict[str, str]:
    """The digest of each file by its path in the project; line endings do not count.

    Raises:
        FlowgateError: a file cannot be read.
    """
    made = {}
    for path in paths:
        witness.note(witness.FILE, path, witness.state_of_file(path))
        try:
            with open(path, "rb") as file:
                data = file.read().replace(b"\r\n", b"\n")
        except OSError as error:
            raise FlowgateError(f"{project.relative(path)} cannot be read: {error.strerror}") from None
        made[project.relative(path)] = hashlib.sha256(data).hexdigest()
    return dict(sorted(made.items()))


def subject(parts: dict[str, str]) -> str:
    """One digest for named parts."""
    return "sha256:" + digest(*(f"{name}={value}" for name, value in sorted(parts.items())))


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between two sets of parts, in words."""
    found = [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
    found += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    return found + [f"{name} changed" for name in sorted(before.keys() & now.keys()) if before[name] != now[name]]
