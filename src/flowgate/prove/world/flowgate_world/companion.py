"""A process beside a world, on the outside: it says who is who inside, and sees what is opened there, where the kernel lets it.

The kernel's own watch (fanotify) tells of every program in every language, but only to root. Where this process is not, no file
is written, and what was opened is known by other means.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import stat
import struct
from typing import Any

from flowgate_world.kernel import die_with_parent, libc, mounts

SEEN = "seen.json"

# From linux/fanotify.h. A folder that is only entered or looked up is not read, so for folders just the reading counts.
_CLOSE_ON_EXEC, _NON_BLOCKING, _UNLIMITED = 0x1, 0x2, 0x10
_ADD, _OF_THE_MOUNT = 0x1, 0x10
_READ, _CLOSED_UNWRITTEN, _STARTED, _FOLDERS = 0x1, 0x10, 0x1000, 0x40000000
_EVENT = struct.Struct("=IBBHQii")
_AT_A_TIME = 64  # each event is an open file of this process
_NO_ATIME = 0o1000000
# Metaflow asks git about the code, and git looks whether any file has changed: what it tracks counts without that.
_GIT, _LOADER, _PYTHON = "git", "ld-", "python"
_PAUSE = 0.02  # events wait in the kernel: taken many at a time, they cost the arm less

_MAPPED, _BUILT, _ENDED = b"m", b"b", b"e"
_DONE, _FAILED = b"y", b"n"


class Companion:
    """The other end of the process, as the world itself knows it."""

    def __init__(self, box: dict[str, Any]) -> None:
        self._end, theirs = socket.socketpair()
        inside, self.pid = os.getpid(), os.fork()
        if self.pid == 0:
            self._end.close()
            die_with_parent()
            os._exit(_stay(theirs, inside, box))
        theirs.close()

    def map_users(self) -> bool:
        """Have the users of this process, which has entered a user namespace, keep their numbers."""
        return self._ask(_MAPPED)

    def watch(self) -> None:
        """Have it look from now on at what is opened; the files of the world are in their places."""
        self._ask(_BUILT)

    def tell(self) -> None:
        """Have it write down what was opened, as nothing runs any more."""
        self._ask(_ENDED)

    def leave(self) -> None:
        """Let it go."""
        self._end.close()
        os.waitpid(self.pid, 0)

    def _ask(self, what: bytes) -> bool:
        try:
            self._end.sendall(what)
            return self._end.recv(1) == _DONE
        except OSError:
            return False


def _stay(end: socket.socket, inside: int, box: dict[str, Any]) -> int:
    """Answer what the world asks, until it is no more."""
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    watch = None
    while True:
        if watch is not None:
            watch.wait(end)
        asked = end.recv(1)
        if not asked:
            return 0
        done = True
        try:
            if asked == _MAPPED:
                _map_users(inside)
            elif asked == _BUILT and box["told"]:
                watch = Watch(inside, [to for _, to, may_write in box["shares"] if may_write])
            elif asked == _ENDED and watch is not None:
                watch.write(os.path.join(box["told"], SEEN))
        except OSError:
            done = False
        end.sendall(_DONE if done else _FAILED)


def _map_users(pid: int) -> None:
    """Write the maps of a process that has entered a user namespace: the same numbers inside as outside."""
    if os.geteuid() == 0:
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/self/{name}") as file:
                ranges = [line.split() for line in file]
            _write(f"/proc/{pid}/{name}", "".join(f"{inside} {inside} {count}\n" for inside, _, count in ranges))
    else:
        _write(f"/proc/{pid}/setgroups", "deny")
        _write(f"/proc/{pid}/uid_map", f"{os.geteuid()} {os.geteuid()} 1")
        _write(f"/proc/{pid}/gid_map", f"{os.getegid()} {os.getegid()} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


class Watch:
    """The kernel's watch over every file system of a world, but for the places that it shares with this machine.

    Raises:
        OSError: the kernel does not allow it.
    """

    def __init__(self, inside: int, shared: list[str]) -> None:
        self._read: set[str] = set()
        self._texts: set[str] = set()  # Python files that another program read
        self._listed: dict[str, set[int]] = {}
        self._programs: dict[int, str] = {}
        self._inner: dict[int, int] = {}
        self._events = libc.fanotify_init(
            _CLOSE_ON_EXEC | _NON_BLOCKING | _UNLIMITED, os.O_RDONLY | os.O_CLOEXEC | _NO_ATIME
        )
        if self._events < 0:
            raise PermissionError("fanotify_init")
        for place in ["/", *mounts(inside)]:
            if place not in shared:
                self._mark(f"/proc/{inside}/root{place}")

    def _mark(self, place: str) -> None:
        mask = _READ | _CLOSED_UNWRITTEN | _STARTED | _FOLDERS
        said = libc.fanotify_mark(self._events, _ADD | _OF_THE_MOUNT, ctypes.c_uint64(mask), -100, os.fsencode(place))
        if said != 0:
            raise PermissionError("fanotify_mark")

    def wait(self, end: socket.socket) -> None:
        """Take what the kernel tells until the world asks for something."""
        while True:
            ready, _, _ = select.select([self._events, end], [], [])
            if self._events in ready:
                self._take()
            if end in ready:
                return
            select.select([end], [], [], _PAUSE)

    def _take(self) -> None:
        """Take all that the kernel has to tell by now."""
        while True:
            try:
                events = os.read(self._events, _EVENT.size * _AT_A_TIME)
            except BlockingIOError:
                return
            for _, _, _, _, mask, file, pid in _EVENT.iter_unpack(events):
                if file >= 0:
                    self._note(mask, file, pid)

    def _note(self, mask: int, file: int, pid: int) -> None:
        try:
            path = os.readlink(f"/proc/self/fd/{file}")
            is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
        except OSError:
            return
        finally:
            os.close(file)
        name = os.path.basename(path)
        if mask & _STARTED and not name.startswith(_LOADER):  # a program is opened, and then what loads it
            self._programs[pid] = name
        if self._programs.get(pid) == _GIT:
            return
        if not is_folder:
            self._read.add(path)
            if path.endswith(".py") and not self._programs.get(pid, _PYTHON).startswith(_PYTHON):
                self._texts.add(path)
        elif mask & _READ:
            if pid not in self._inner:
                self._inner[pid] = _number_inside(pid)
            self._listed.setdefault(path, set()).add(self._inner[pid])

    def write(self, path: str) -> None:
        """Write down what was read, and what was listed and by which processes, by the paths and numbers that they have in the world."""
        self._take()
        with open(path + ".part", "x", encoding="utf-8", errors="surrogateescape") as file:
            listed = {folder: sorted(by) for folder, by in sorted(self._listed.items())}
            json.dump({"read": sorted(self._read), "texts": sorted(self._texts), "listed": listed}, file)
        os.rename(path + ".part", path)


def _number_inside(pid: int) -> int:
    """The number that a process has in its world; 0 where it is no more."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[-1]) for line in file if line.startswith("NSpid:")), 0)
    except OSError:
        return 0
