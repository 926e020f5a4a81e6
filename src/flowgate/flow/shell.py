"""Whether a flow is a promoted one, and where its Hydra config lies."""

from __future__ import annotations

import os

from flowgate import witness
from flowgate.flow.conf import Conf, open_conf
from flowgate.flow.model import Flow
from flowgate.flow.paths import FIXED, places
from flowgate.flow.values import constant

BEGIN, END = "# >>> flowgate shell", "# <<< flowgate shell"


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
    """Whether the flow carries the shell, or follows the pipeline standard: a Hydra config with experiments."""
    if BEGIN.encode() in flow.module.source.data:
        return True
    declares = any(setting.kind == "Config" for setting in flow.settings().values())
    return declares and conf is not None and "experiment" in conf.groups
