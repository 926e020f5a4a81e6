"""What a world leaves: every path that was written, for the next one to find, and for flowgate to know."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowgate_world.kernel import open_folder

if TYPE_CHECKING:
    from flowgate_world.layers import World

_LARGEST_KEPT = 1 << 28


def tell(box: dict[str, Any], world: World) -> None:
    """Say every path that was written or removed, and keep the files, as far as they are not too large."""
    if box["home"] is None:
        return
    told: dict[str, Any] = {"written": [], "removed": [], "kept": True}
    left = _LARGEST_KEPT
    for path, name, folder in _changes(world):
        held = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISCHR(held.st_mode):  # how an overlay says that a file is gone
            told["removed"] += [] if path in world.compiled else [path]
            continue
        if path in box["configs"] and held.st_mtime_ns == box["times"].get(path):
            continue
        told["written"].append(path)
        if stat.S_ISREG(held.st_mode) or stat.S_ISLNK(held.st_mode):
            left -= held.st_size
            if left >= 0:
                _keep(box["home"], path, name, folder)
    told["kept"] = left >= 0
    with contextlib.suppress(FileNotFoundError):
        os.unlink("world.json", dir_fd=box["home"])
    handle = os.open("world.json", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o644, dir_fd=box["home"])
    with os.fdopen(handle, "w") as file:
        json.dump(told, file)


def _changes(world: World) -> Iterator[tuple[str, str, int]]:
    """Every path that was written, its name, and the folder that holds it now."""
    for place, upper in world.uppers:
        for at, folders, names, folder in os.fwalk(".", dir_fd=upper, follow_symlinks=False):
            above = os.path.normpath(os.path.join(place, at))
            links = [one for one in folders if is_link(one, folder)]
            yield from ((os.path.join(above, name), name, folder) for name in (*names, *links))
    for place in world.skeletons:
        folder = open_folder(place)
        for name in os.listdir(folder):
            path = f"{place}/{name}"
            held = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if (
                not stat.S_ISDIR(held.st_mode)
                and held.st_dev == os.fstat(folder).st_dev
                and world.placed.get(path) != held.st_mtime_ns
            ):
                yield path, name, folder
        os.close(folder)


def _keep(home: int, path: str, name: str, folder: int) -> None:
    """Copy one file into `left`, below its whole path."""
    into = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=home)
    for part in ["left", *path.split("/")[1:-1]]:
        try:
            os.mkdir(part, dir_fd=into)
        except FileExistsError:
            pass
        below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=into)
        os.close(into)
        into = below
    try:
        if is_link(name, folder):
            os.symlink(os.readlink(name, dir_fd=folder), os.path.basename(path), dir_fd=into)
        else:
            copy(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), os.path.basename(path), into)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.EACCES):
            raise
    finally:
        os.close(into)


def bring(earlier: int) -> None:
    """Put into this world what an earlier one left, before anything runs in it."""
    with open(os.open("world.json", os.O_RDONLY | os.O_CLOEXEC, dir_fd=earlier)) as file:
        told = json.load(file)
    for path in told["removed"]:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    if not _is_there("left", earlier):
        return
    for at, folders, names, folder in os.fwalk("left", dir_fd=earlier, follow_symlinks=False):
        into = "/" + os.path.relpath(at, "left")
        for name in [one for one in folders if not is_link(one, folder)]:
            os.makedirs(os.path.join(into, name), exist_ok=True)
        for name in [*names, *(one for one in folders if is_link(one, folder))]:
            place = os.path.join(into, name)
            with contextlib.suppress(OSError):
                os.unlink(place)
            if is_link(name, folder):
                os.symlink(os.readlink(name, dir_fd=folder), place)
            else:
                copy(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), place, None)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def copy(source: int, path: str, folder: int | None) -> None:
    """Copy an open file to a new one, with its mode and its times."""
    held = os.fstat(source)
    made = os.open(
        path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, stat.S_IMODE(held.st_mode) | 0o200, dir_fd=folder
    )
    with os.fdopen(source, "rb") as one, os.fdopen(made, "wb") as two:
        shutil.copyfileobj(one, two)
        two.flush()
        os.utime(two.fileno(), ns=(held.st_atime_ns, held.st_mtime_ns))
