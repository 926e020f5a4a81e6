"""The command is a script of our own, which has to be executable whatever a copy of the sources did to its mode."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Executable(BuildHookInterface[Any]):
    """Makes `scripts/flowgate` executable before it is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        os.chmod(os.path.join(self.root, "scripts", "flowgate"), 0o755)  # noqa: S103
