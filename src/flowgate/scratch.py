"""Folders that are gone when flowgate is, however it ends."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Waits until flowgate closes its end of the pipe, or is no more; then removes the folder, unless it was told to keep it.
_REMOVE = 'if [ "$(cat)" != keep ]; then rm -rf -- "$1"; fi'


@contextmanager
def scratch_folder(place: str | None = None, prefix: str = "flowgate-") -> Iterator[tuple[str, Callable[[], None]]]:
    """A new folder below `place`, or the system's own for such, and a function to call where it is to stay.

    A small shell waits beside flowgate and removes it also where flowgate is killed.

    Raises:
        OSError: there can be none.
    """
    folder = tempfile.mkdtemp(dir=place, prefix=prefix)
    watcher = _watch(folder)
    said = [b""]
    try:
        yield folder, lambda: said.__setitem__(0, b"keep")
    finally:
        if not said[0]:
            shutil.rmtree(folder, ignore_errors=True)
        if watcher is not None:
            watcher.communicate(said[0])


def _watch(folder: str) -> subprocess.Popen[bytes] | None:
    """The shell that waits; None where there is none, and a kill then leaves the folder."""
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", _REMOVE, "sh", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        return None
