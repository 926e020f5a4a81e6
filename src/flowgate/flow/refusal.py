"""Why Hydra does not compose a config: its own message in one line, with the file and the line that it is about."""

from __future__ import annotations

import os
import re

from flowgate import witness
from flowgate.flow.conf import THE_FOLDER, Conf
from flowgate.flow.yamlfile import line_of

_LONGEST = 1000  # characters of a message


def refusal(conf: Conf, error: BaseException) -> tuple[str, str, int]:
    """What Hydra says, with a mark for the config folder, and the file and line that it is about."""
    said = message(error)
    place = re.search(r"(/[^\"'\n]+\.ya?ml)(?:\"?, line |:)(\d+)", said)
    named = re.search(r"In '([^']+)'", said)
    missing = re.search(r"Could not (?:find|load) '([^']+)'", said)
    file, line = "", 1
    if place is not None:
        file, line = os.path.relpath(place[1], os.path.realpath(conf.folder)), int(place[2])
    elif named is not None and os.path.isfile(os.path.join(conf.folder, f"{named[1]}.yaml")):
        file = f"{named[1]}.yaml"
        line = _line_naming(os.path.join(conf.folder, file), missing[1] if missing is not None else "defaults")
    for folder in sorted({conf.folder, os.path.realpath(conf.folder)}, key=len, reverse=True):
        said = said.replace(folder, THE_FOLDER)
    return said, file, line


def _line_naming(path: str, config: str) -> int:
    """The line of a defaults list that names a config; that of the list where none does."""
    group, _, choice = config.rpartition("/")
    lines = witness.read(path).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        if choice in line and (not group or group.rpartition("/")[2] in line):
            return number
    return line_of(path, ("defaults",))


def message(error: BaseException) -> str:
    """An error of Hydra's in one line: without where it looked, and what it calls its types."""
    if isinstance(error, RecursionError):
        return "a defaults list or an interpolation leads back to itself"
    while not str(error).strip() and error.__cause__ is not None:
        error = error.__cause__
    text = re.split(r"\n\s*(?:Config search path|Search path):", str(error))[0]
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("object_type=", "reference_type="))]
    options = next((at for at, line in enumerate(kept) if line.startswith("Available options in")), len(kept))
    told = " ".join(kept[: options + 1] + [", ".join(kept[options + 1 :])]).strip()
    return told[:_LONGEST] or type(error).__name__
