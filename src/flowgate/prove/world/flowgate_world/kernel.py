"""Calls to the kernel that Python has no name for, and what it says of mounts."""

from __future__ import annotations

import ctypes
import os
import signal
import struct

NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18  # linux/mount.h
DETACH = 2
_SET_DEATH_SIGNAL = 1  # linux/prctl.h
# How much of the machine's memory what a command writes may take: arms run side by side, and the machine has to live.
LAYER, SMALL = "size=15%", "size=2%"
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442
_ATTRIBUTE_RDONLY, _AT_RECURSIVE = 1, 0x8000

_WITHOUT_FILES = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc pstore "
    "rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)

libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel does not allow what sealing needs."""


def call(what: str, result: int) -> None:
    """Look at what a call came to.

    Raises:
        Refused: it failed.
    """
    if result != 0:
        raise Refused(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    said = libc.mount(os.fsencode(source), os.fsencode(target), kind.encode() or None, flags, options.encode() or None)
    call(f"mount {kind or 'bind'} on {target.removeprefix('/new')}", said)


def pivot(new: str, old: str) -> None:
    number = _SYS_PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise Refused(f"no pivot_root known for {os.uname().machine}")
    call("pivot_root", libc.syscall(number, new.encode(), old.encode()))


def make_read_only(place: str) -> None:
    attributes = struct.pack("QQQQ", _ATTRIBUTE_RDONLY, 0, 0, 0)
    said = libc.syscall(_SYS_MOUNT_SETATTR, -100, os.fsencode(place), _AT_RECURSIVE, attributes, len(attributes))
    call(f"read-only {place}", said)


def share(source: str, target: str, may_write: bool) -> None:
    if not os.path.exists(source):
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    mount(source, target, "", BIND | REC)
    if not may_write:
        make_read_only(target)


def die_with_parent() -> None:
    libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def open_folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def mounts(pid: int | str = "self") -> dict[str, bool]:
    """Where a process has file systems mounted, and whether they can be written; those of the kernel aside, and the root."""
    found: dict[str, bool] = {}
    with open(f"/proc/{pid}/mountinfo") as file:
        for line in file:
            before, _, after = line.partition(" - ")  # proc_pid_mountinfo(5)
            fields = before.split()
            place = fields[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")
            kind, options = after.split()[0], after.split()[-1]
            if kind not in _WITHOUT_FILES and place != "/":
                found[place] = "ro" not in (*fields[5].split(","), *options.split(","))
    return found
