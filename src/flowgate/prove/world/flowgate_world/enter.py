"""The namespaces of a world, and its first process."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

from flowgate_world.companion import Companion
from flowgate_world.kernel import Refused, call, die_with_parent, libc
from flowgate_world.layers import build
from flowgate_world.left import bring, tell

NOT_SEALED = 125

# From linux/sched.h and linux/prctl.h.
_NEW_USER, _NEW_MOUNTS, _NEW_PIDS = 0x10000000, 0x20000, 0x20000000
_NEW_IPC, _NEW_UTS, _NEW_NET = 0x8000000, 0x4000000, 0x40000000
_SET_DUMPABLE, _DROP_CAPABILITY, _SET_NO_NEW_PRIVILEGES = 4, 24, 38
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
# What a command may keep of root's powers: those over files and its own processes.
_KEPT_CAPABILITIES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 10})
_LAST_CAPABILITY = 63


def main(arguments: list[str]) -> int:
    """Enter the box and run the command; its exit code."""
    box, command = json.loads(arguments[0]), arguments[1:]
    companion = Companion(box)
    try:
        _unshare(box, companion)
    except Refused as refusal:
        print(f"not sealed: {refusal}", file=sys.stderr)
        companion.leave()
        return NOT_SEALED
    first = os.fork()
    if first == 0:
        os._exit(_as_first_process(box, command, companion))
    status = _wait_for(first)
    companion.leave()
    return _exit_code(status)


def _unshare(box: dict[str, Any], companion: Companion) -> None:
    """Leave the namespaces of this machine; users and groups keep their numbers."""
    kinds = _NEW_USER | _NEW_MOUNTS | _NEW_PIDS | _NEW_IPC | _NEW_UTS | (0 if box["network"] else _NEW_NET)
    call("unshare", libc.unshare(kinds))
    if not companion.map_users():
        raise Refused("users cannot be mapped")
    die_with_parent()


def _wait_for(pid: int) -> int:
    while True:
        try:
            return os.waitpid(pid, 0)[1]
        except InterruptedError:
            continue


def _exit_code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


# The first process of the box.


def _as_first_process(box: dict[str, Any], command: list[str], companion: Companion) -> int:
    """Build the world, run the command in it, end whatever it left behind, and say what it wrote."""
    die_with_parent()
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    try:
        world = build(box)
        if box["earlier"] is not None:  # not before: a link among those files must lead nowhere else
            bring(box["earlier"])
        if box["hostname"]:
            socket.sethostname(box["hostname"])
        if not box["network"]:
            _raise_loopback()
    except (Refused, OSError) as refusal:
        print(f"not sealed: {refusal}", file=sys.stderr)
        return NOT_SEALED
    companion.watch()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        _run(box, command)
    status = 0
    while True:
        pid, ended = os.wait()
        if pid == child:
            status = ended
            break
    _end_all_others()
    companion.tell()
    tell(box, world)
    return _exit_code(status)


def _run(box: dict[str, Any], command: list[str]) -> NoReturn:
    """Become the command, without the powers by which it could leave."""
    try:
        os.chdir(box["cwd"])
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_DFL)
        for capability in range(_LAST_CAPABILITY + 1):
            if capability not in _KEPT_CAPABILITIES:
                libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
        libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.syscall(_SYS_KEYCTL[os.uname().machine], 1, None)  # a session keyring of its own
        os.closerange(3, 1 << 16)
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
    os._exit(127)


def _end_all_others() -> None:
    """End every other process of the box; to the first one, -1 means just those."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        flags = struct.pack("16sh", b"lo", 1)  # IFF_UP
        fcntl.ioctl(found, 0x8914, flags)  # SIOCSIFFLAGS
