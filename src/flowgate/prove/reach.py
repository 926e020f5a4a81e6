"""Which files of this machine a proof depends on by their content: what belongs to the system and to Python counts by its version."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

import flowgate

_PLACES_OF_ALL = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108  (where files are left lying)
_SYSTEM = (
    "/bin/",
    "/boot/",
    "/dev/",
    "/etc/",
    "/lib/",
    "/lib32/",
    "/lib64/",
    "/proc/",
    "/run/",
    "/sbin/",
    "/sys/",
    "/usr/",
)
_PARTS = (
    "/.flowgate/",
    "/.git/",
    "/.metaflow/",
    "/site-packages/",
    "/__pycache__/",
    "/lib/python3.",
    "/.gitconfig",
    "/.config/git/",
)


class Reach(NamedTuple):
    """Files below `places` count: but for those below `system`, if they are not below `kept`, and those with one of `parts` in their paths."""

    places: tuple[str, ...]
    system: tuple[str, ...] = ()
    kept: tuple[str, ...] = ("/dev/shm/",)  # noqa: S108
    parts: tuple[str, ...] = _PARTS

    def holds(self, path: str) -> bool:
        """Whether the file at an absolute path counts."""
        if not path.startswith(self.places) or any(part in path for part in self.parts):
            return False
        return path.startswith(self.kept) or not path.startswith(self.system)

    def as_variable(self) -> str:
        """The same for the probe, which has no import of flowgate."""
        return json.dumps(self._asdict())


def reach_of(root: str, is_sealed: bool, python: str) -> Reach:
    """What counts for arms of the project at `root`, with that interpreter: any file of the machine where they are sealed.

    An arm that is not sealed may change files for good, so elsewhere than in the project and where files are left lying, nobody looks
    after them.
    """
    if not is_sealed:
        return Reach((root + os.sep, *_PLACES_OF_ALL))
    own = os.path.dirname(os.path.abspath(flowgate.__file__)) + os.sep
    return Reach((os.sep,), (*_SYSTEM, own, *_of_interpreter(python, root)))


def _of_interpreter(python: str, root: str) -> list[str]:
    """The folders of an installation of Python, and of the virtual environment that leads to it; not those that hold the project."""
    found = []
    for path in dict.fromkeys((python, os.path.realpath(python))):
        folder = os.path.dirname(os.path.dirname(os.path.abspath(path))).rstrip(os.sep) + os.sep
        is_python = os.path.isfile(folder + "pyvenv.cfg") or path != python
        if is_python and not (root + os.sep).startswith(folder):
            found.append(folder)
    return found
