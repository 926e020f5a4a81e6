"""Whether a flow is a promoted one, and where its Hydra config lies."""

from __future__ import annotations

import os
import re

from flowgate import witness
from flowgate.flow.conf import Conf, open_conf
from flowgate.flow.model import Flow
from flowgate.flow.paths import FIXED, places
from flowgate.flow.values import constant

BEGIN, END = "# >>> flowgate shell", "# <<< flowgate shell"
with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "scaffold", "shell.txt"), encoding="utf-8") as _file:
    SHELL = _file.read()


def region(lines: list[str]) -> tuple[int, int | None] | None:
    """Where the shell stands in a flow's file: the places of its first line and of its end mark, counting from 0.

    None for the end where the mark is missing, and for all where there is no shell.
    """
    begin = next((at for at, line in enumerate(lines) if line.rstrip() == BEGIN), None)
    if begin is None:
        return None
    return begin + 1, next((at for at, line in enumerate(lines) if at > begin and line.rstrip() == END), None)


def conf_of(flow: Flow) -> Conf | None:
    """The Hydra config folder of a flow: where its Config's default file lies, else `conf/` beside it."""
    for setting in flow.settings().values():
        if setting.kind != "Config":
            continue
        default = setting.call.argument(1, "default")
        if default is None or constant(default) is None:
            continue
        for place in places(default):
            path = place.path if place.anchor == FIXED else os.path.join(flow.modules.root, place.path)
            if place.path.endswith((".yaml", ".yml")) and witness.is_folder(os.path.dirname(path)):
                found = open_conf(path)
                if found and found.groups:
                    return found
    return open_conf(os.path.join(flow.module.package_folder, "conf", "config.yaml"))


def is_promoted(flow: Flow, conf: Conf | None) -> bool:
    """Whether the flow carries the shell, or follows the pipeline standard without it.

    That is a Hydra config with experiments, and the name of a seam at least: a flow that only composes its config from
    experiments promises nothing of the kind.
    """
    if BEGIN.encode() in flow.module.source.data:
        return True
    declares = any(setting.kind == "Config" for setting in flow.settings().values())
    if not declares or conf is None or "experiment" not in conf.groups:
        return False
    return re.search(rb"\b(?:make_data|build_model|train_arm)\b", flow.module.source.data) is not None
