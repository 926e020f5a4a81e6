"""The files of a world: an overlay over each file system, devices of its own, and nothing of what decides."""

from __future__ import annotations

import os
import re
import shutil
import stat
from typing import Any

from flowgate_world.kernel import (
    BIND,
    DETACH,
    LAYER,
    NODEV,
    NOSUID,
    PRIVATE,
    REC,
    SMALL,
    Refused,
    call,
    libc,
    make_read_only,
    mount,
    mounts,
    open_folder,
    pivot,
    share,
)
from flowgate_world.machine import build_devices, build_kernel, build_run

_OF_THE_SYSTEM = frozenset({"/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/sbin", "/usr"})
_WITHOUT_SOURCES = frozenset({"__pycache__", "node_modules", "site-packages"})
_LARGEST_COPY = 1 << 20

_CREDENTIALS = re.compile(r"\s*\[\s*(http|credential|include|includeif|url)\b", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s\"']+@")


class World:
    """The new root as it is made, below `/new`; the old one stands below `/old` meanwhile.

    A folder in which nothing is mounted gets one overlay. One in which something is, or that holds a place with an overlay of
    its own, is made anew, and its entries are shown one by one: the kernel lets nobody look under a mount.
    """

    def __init__(self, box: dict[str, Any]) -> None:
        self.mounts = mounts()
        self.apart = [*self.mounts, *box["apart"]]
        self.uppers: list[tuple[str, int]] = []
        self.skeletons: list[str] = []
        self.placed: dict[str, float] = {}
        self.compiled = _compiled(box["root"])

    def show(self, place: str) -> None:
        """Show one entry of the old root, and all below it; one that is gone by now is left out."""
        try:
            self._show(place)
        except (Refused, OSError):
            if os.path.lexists("/old" + place):
                raise

    def _show(self, place: str) -> None:
        source = "/old" + place
        if os.path.islink(source):
            os.symlink(os.readlink(source), "/new" + place)
            self.placed[place] = os.lstat("/new" + place).st_mtime_ns
        elif not os.path.isdir(source):
            self._show_file(place)
        elif any(one.startswith(place + "/") for one in self.apart):
            self._show_entries(place)
        else:
            os.mkdir("/new" + place)
            self._show_folder(place)

    def _show_entries(self, place: str) -> None:
        os.mkdir("/new" + place)
        try:
            names = os.listdir("/old" + place)
        except OSError:  # not this user's to see
            return
        self.skeletons.append(place)
        for name in names:
            self.show(f"{place}/{name}")
        shutil.copymode("/old" + place, "/new" + place)

    def _show_file(self, place: str) -> None:
        source, target = "/old" + place, "/new" + place
        held = os.lstat(source)
        if stat.S_ISREG(held.st_mode) and held.st_size <= _LARGEST_COPY and place not in self.mounts:
            try:
                shutil.copy2(source, target)
                self.placed[place] = os.lstat(target).st_mtime_ns
                return
            except OSError:
                pass  # not this user's to read
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        mount(source, target, "", BIND)
        make_read_only(target)

    def _show_folder(self, place: str) -> None:
        source, target = "/old" + place, "/new" + place
        writable = self.mounts.get(place, True) and (os.geteuid() == 0 or place not in _OF_THE_SYSTEM)
        if writable:
            try:
                self._overlay(place)
                return
            except Refused:
                pass  # a file system that can be no part of an overlay is shown read-only
        mount(source, target, "", BIND | REC)
        make_read_only(target)

    def _overlay(self, place: str) -> None:
        number = len(self.uppers)
        upper, work = f"/upper/{number}", f"/work/{number}"
        os.makedirs(upper)
        os.makedirs(work)
        held = os.stat("/old" + place)
        if os.geteuid() == 0:
            os.chown(upper, held.st_uid, held.st_gid)
        os.chmod(upper, stat.S_IMODE(held.st_mode))
        for path in self.compiled:
            if path.startswith(place + "/"):
                _take_out("/old" + place, upper, path[len(place) + 1 :])
        lower = f"/lower/{number}"  # a link: a path with a comma or a colon would have to be written in another way
        os.makedirs("/lower", exist_ok=True)
        os.symlink("/old" + place, lower)
        mount("overlay", "/new" + place, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work},userxattr")
        self.uppers.append((place, open_folder(upper)))


def _compiled(root: str) -> list[str]:
    """The folders of the project's compiled code, which need not be what its sources say: Python is to compile them anew."""
    found, queue = [], [root]
    while queue:
        at = queue.pop()
        try:
            entries = [entry for entry in os.scandir(at) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        if root == "/" or os.path.exists(f"{at}/pyvenv.cfg"):
            continue
        found += [entry.path for entry in entries if entry.name == "__pycache__"]
        queue += [one.path for one in entries if one.name not in _WITHOUT_SOURCES and not one.name.startswith(".")]
    return found


def _take_out(lower: str, upper: str, name: str) -> None:
    """Have a file or folder of the lower layer be gone from the first moment on, as an overlay marks it."""
    at = ""
    for part in name.split("/")[:-1]:
        at = f"{at}/{part}"
        if not os.path.isdir(upper + at):
            os.mkdir(upper + at)
            shutil.copystat(lower + at, upper + at)
            if os.geteuid() == 0:
                held = os.stat(lower + at)
                os.chown(upper + at, held.st_uid, held.st_gid)
    os.mknod(f"{upper}/{name}", stat.S_IFCHR, os.makedev(0, 0))


def build(box: dict[str, Any]) -> World:
    """Make the new root, and change to it."""
    world = World(box)
    mount("none", "/", "", REC | PRIVATE)
    mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV, f"mode=0755,{LAYER}")
    os.makedirs("/tmp/old")
    os.chdir("/tmp")
    pivot("/tmp", "/tmp/old")
    os.chdir("/")
    os.mkdir("/new")
    mount("tmpfs", "/new", "tmpfs", NOSUID | NODEV, f"mode=0755,{SMALL}")
    for name in os.listdir("/old"):
        if name not in ("dev", "proc", "sys", "run"):
            world.show(f"/{name}")
    build_devices()
    build_run()
    build_kernel()
    _close(box)
    box["home"] = open_folder("/old" + box["told"]) if box["told"] else None
    box["earlier"] = open_folder("/old" + box["brought"]) if box["brought"] else None
    os.chdir("/new")
    pivot(".", ".")
    call("umount", libc.umount2(b".", DETACH))
    os.chdir("/")
    return world


def _close(box: dict[str, Any]) -> None:
    """Hide what is none of the command's business, and put in what it shares with this machine."""
    for place in box["hidden"]:
        target = "/new" + place
        if os.path.isdir(target):
            mount("tmpfs", target, "tmpfs", NOSUID | NODEV, f"mode=0755,{SMALL}")
        elif os.path.exists(target):
            mount("/old/dev/null", target, "", BIND)
    for place, to, may_write in box["shares"]:
        share("/old" + place, "/new" + to, may_write)
    box["times"] = {}
    for place in box["configs"]:
        _clear_of_credentials("/new" + place)
        box["times"][place] = os.stat("/new" + place).st_mtime_ns


def _clear_of_credentials(path: str) -> None:
    """Take out of a file of git's what may hold a token: sections on how to log in, and what stands before the host in an address."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError:
        return
    kept, dropped = [], False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            dropped = _CREDENTIALS.match(line) is not None
        kept += [] if dropped else [_LOGIN.sub("://", line)]
    if "".join(kept) != text:
        held = os.stat(path)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("".join(kept))
        os.utime(path, ns=(held.st_atime_ns, held.st_mtime_ns))
