"""Run a command in a world of its own: namespaces, and an overlay over every file system of this machine.

Run as a plain script (`python -I enter.py BOX COMMAND...`) by the parent of an arm. Standard library only, and no import of
flowgate. BOX is a JSON object, see `flowgate.prove.sandbox.Box`. Exits as the command does; with 125, and a line on standard
error that begins with `not sealed: `, where the kernel does not allow it: then nothing was run.

What the command writes goes to a file system in memory that ends with the last process in it. Only the folders that BOX names
under `shares` are this machine's own.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

NOT_SEALED = 125

# From linux/sched.h, linux/mount.h and linux/prctl.h.
_NEW_USER, _NEW_MOUNTS, _NEW_PIDS = 0x10000000, 0x20000, 0x20000000
_NEW_IPC, _NEW_UTS, _NEW_NET = 0x8000000, 0x4000000, 0x40000000
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_CAPABILITY, _SET_NO_NEW_PRIVILEGES = 1, 4, 24, 38
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442
_ATTRIBUTE_RDONLY, _AT_RECURSIVE = 1, 0x8000
# What a command may keep of root's powers: those over files and its own processes.
_KEPT_CAPABILITIES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 10})
_LAST_CAPABILITY = 63

_WITHOUT_FILES = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc pstore "
    "rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_PREFIXES = ("nvidia", "dri", "kfd", "infiniband", "accel", "habanalabs", "neuron")
# What of /run tells how hosts are found.
_NAMES = ("systemd/resolve", "resolvconf", "NetworkManager/resolv.conf", "nscd")
_OF_THE_SYSTEM = frozenset({"/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/sbin", "/usr"})
# How much of the machine's memory what a command writes may take: arms run side by side, and the machine has to live.
_LAYER, _SMALL = "size=15%", "size=2%"
_WITHOUT_SOURCES = frozenset({"__pycache__", "node_modules", "site-packages"})
_LARGEST_KEPT, _LARGEST_COPY = 1 << 28, 1 << 20

_CREDENTIALS = re.compile(r"\s*\[\s*(http|credential|include|includeif|url)\b", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s\"']+@")
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}

_libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel does not allow what sealing needs."""


def main(arguments: list[str]) -> int:
    """Enter the box and run the command; its exit code."""
    box, command = json.loads(arguments[0]), arguments[1:]
    try:
        _unshare(box)
    except Refused as refusal:
        print(f"not sealed: {refusal}", file=sys.stderr)
        return NOT_SEALED
    first = os.fork()
    if first == 0:
        os._exit(_as_first_process(box, command))
    return _exit_code(_wait_for(first))


def _call(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise Refused(f"{what}: {os.strerror(number)}")


# The namespaces.


def _unshare(box: dict[str, Any]) -> None:
    """Leave the namespaces of this machine; users and groups keep their numbers."""
    kinds = _NEW_USER | _NEW_MOUNTS | _NEW_PIDS | _NEW_IPC | _NEW_UTS | (0 if box["network"] else _NEW_NET)
    parent = os.getpid()
    ready = os.pipe()
    helper = os.fork()
    if helper == 0:  # stays outside, where it may say who is who inside
        os.read(ready[0], 1)
        os._exit(_map_users(parent))
    try:
        _call("unshare", _libc.unshare(kinds))
    except Refused:
        os.kill(helper, signal.SIGKILL)
        os.waitpid(helper, 0)
        raise
    os.write(ready[1], b"x")
    for end in ready:
        os.close(end)
    if _wait_for(helper) != 0:
        raise Refused("users cannot be mapped")
    _die_with_parent()


def _map_users(pid: int) -> int:
    """Write the maps of a process that has entered a user namespace: the same numbers inside as outside."""
    try:
        if os.geteuid() == 0:
            for name in ("uid_map", "gid_map"):
                with open(f"/proc/self/{name}") as file:
                    ranges = [line.split() for line in file]
                with open(f"/proc/{pid}/{name}", "w") as file:
                    file.write("".join(f"{inside} {inside} {count}\n" for inside, _, count in ranges))
        else:
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{os.geteuid()} {os.geteuid()} 1"),
                ("gid_map", f"{os.getegid()} {os.getegid()} 1"),
            ):
                with open(f"/proc/{pid}/{name}", "w") as file:
                    file.write(text)
    except OSError:
        return 1
    return 0


def _die_with_parent() -> None:
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _wait_for(pid: int) -> int:
    while True:
        try:
            return os.waitpid(pid, 0)[1]
        except InterruptedError:
            continue


def _exit_code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


# The first process of the box.


def _as_first_process(box: dict[str, Any], command: list[str]) -> int:
    """Build the world, run the command in it, end whatever it left behind, and say what it wrote."""
    _die_with_parent()
    _libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    try:
        world = _build(box)
        if box["hostname"]:
            socket.sethostname(box["hostname"])
        if not box["network"]:
            _raise_loopback()
    except (Refused, OSError) as refusal:
        print(f"not sealed: {refusal}", file=sys.stderr)
        return NOT_SEALED
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
    _tell(box, world)
    return _exit_code(status)


def _run(box: dict[str, Any], command: list[str]) -> NoReturn:
    """Become the command, without the powers by which it could leave."""
    try:
        os.chdir(box["cwd"])
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_DFL)
        for capability in range(_LAST_CAPABILITY + 1):
            if capability not in _KEPT_CAPABILITIES:
                _libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
        _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _libc.syscall(_SYS_KEYCTL[os.uname().machine], 1, None)  # a session keyring of its own
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


# The files.


class World:
    """The new root as it is made, below `/new`; the old one stands below `/old` meanwhile.

    A folder in which nothing is mounted gets one overlay. One in which something is, or that holds a place with an overlay of
    its own, is made anew, and its entries are shown one by one: the kernel lets nobody look under a mount.
    """

    def __init__(self, box: dict[str, Any]) -> None:
        self.mounts = _mounts()
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
        _mount(source, target, "", _BIND)
        _make_read_only(target)

    def _show_folder(self, place: str) -> None:
        source, target = "/old" + place, "/new" + place
        writable = self.mounts.get(place, True) and (os.geteuid() == 0 or place not in _OF_THE_SYSTEM)
        if writable:
            try:
                self._overlay(place)
                return
            except Refused:
                pass  # a file system that can be no part of an overlay is shown read-only
        _mount(source, target, "", _BIND | _REC)
        _make_read_only(target)

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
        _mount("overlay", "/new" + place, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work},userxattr")
        self.uppers.append((place, _open_folder(upper)))


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


def _mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    said = _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode() or None, flags, options.encode() or None)
    _call(f"mount {kind or 'bind'} on {target.removeprefix('/new')}", said)


def _build(box: dict[str, Any]) -> World:
    """Make the new root, and change to it."""
    world = World(box)
    _mount("none", "/", "", _REC | _PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, f"mode=0755,{_LAYER}")
    os.makedirs("/tmp/old")
    os.chdir("/tmp")
    _pivot("/tmp", "/tmp/old")
    os.chdir("/")
    os.mkdir("/new")
    _mount("tmpfs", "/new", "tmpfs", _NOSUID | _NODEV, f"mode=0755,{_SMALL}")
    for name in os.listdir("/old"):
        if name not in ("dev", "proc", "sys", "run"):
            world.show(f"/{name}")
    _build_devices()
    _build_run()
    _build_kernel()
    _close(box)
    box["home"] = _open_folder("/old" + box["told"]) if box["told"] else None
    earlier = _open_folder("/old" + box["brought"]) if box["brought"] else None
    os.chdir("/new")
    _pivot(".", ".")
    _call("umount", _libc.umount2(b".", _DETACH))
    os.chdir("/")
    if earlier is not None:  # not before: a link among those files must lead nowhere else
        _bring(earlier)
    return world


def _pivot(new: str, old: str) -> None:
    number = _SYS_PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise Refused(f"no pivot_root known for {os.uname().machine}")
    _call("pivot_root", _libc.syscall(number, new.encode(), old.encode()))


def _mounts() -> dict[str, bool]:
    """Where file systems are mounted, and whether they can be written; those of the kernel aside."""
    found: dict[str, bool] = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            before, _, after = line.partition(" - ")  # proc_pid_mountinfo(5)
            fields = before.split()
            place = fields[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")
            kind, options = after.split()[0], after.split()[-1]
            if kind not in _WITHOUT_FILES and place != "/":
                found[place] = "ro" not in (*fields[5].split(","), *options.split(","))
    return found


def _make_read_only(place: str) -> None:
    attributes = struct.pack("QQQQ", _ATTRIBUTE_RDONLY, 0, 0, 0)
    said = _libc.syscall(_SYS_MOUNT_SETATTR, -100, os.fsencode(place), _AT_RECURSIVE, attributes, len(attributes))
    _call(f"read-only {place}", said)


def _build_devices() -> None:
    os.mkdir("/new/dev")
    _mount("tmpfs", "/new/dev", "tmpfs", _NOSUID, f"mode=0755,{_SMALL}")
    for name in sorted(os.listdir("/old/dev")):
        if name in _DEVICES or name.startswith(_DEVICE_PREFIXES):
            source, target = f"/old/dev/{name}", f"/new/dev/{name}"
            if os.path.isdir(source):
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
            _mount(source, target, "", _BIND | _REC)
    os.mkdir("/new/dev/pts")
    _mount("devpts", "/new/dev/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/new/dev/ptmx")
    for name, to in (
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ):
        os.symlink(to, f"/new/dev/{name}")
    os.mkdir("/new/dev/shm")
    _mount("tmpfs", "/new/dev/shm", "tmpfs", _NOSUID | _NODEV, f"mode=1777,{_LAYER}")


def _build_run() -> None:
    """`/run` holds the sockets of services that work for whoever asks: only what tells how hosts are found stays."""
    os.mkdir("/new/run")
    for name in _NAMES:
        _share(f"/old/run/{name}", f"/new/run/{name}", may_write=False)


def _build_kernel() -> None:
    os.mkdir("/new/proc")
    _mount("proc", "/new/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _vary_numbers()
    for name in ("sys", "sysrq-trigger", "irq", "bus"):
        place = f"/new/proc/{name}"
        if os.path.exists(place):
            _mount(place, place, "", _BIND)
            _make_read_only(place)
    os.mkdir("/new/sys")
    _mount("/old/sys", "/new/sys", "", _BIND | _REC)
    _make_read_only("/new/sys")


def _vary_numbers() -> None:
    """Begin with process and file numbers that no other world begins with: a fresh one would number alike each time."""
    drawn = int.from_bytes(os.urandom(2), "big")
    with contextlib.suppress(OSError), open("/new/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(300 + drawn % 30_000))
    for folder in ("/", "/new", "/new/dev/shm"):
        for number in range(1 + int.from_bytes(os.urandom(1), "big")):
            path = f"{folder}/.{number}"
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            os.unlink(path)


def _close(box: dict[str, Any]) -> None:
    """Hide what is none of the command's business, and put in what it shares with this machine."""
    for place in box["hidden"]:
        target = "/new" + place
        if os.path.isdir(target):
            _mount("tmpfs", target, "tmpfs", _NOSUID | _NODEV, f"mode=0755,{_SMALL}")
        elif os.path.exists(target):
            _mount("/old/dev/null", target, "", _BIND)
    for place, to, may_write in box["shares"]:
        _share("/old" + place, "/new" + to, may_write)
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


def _share(source: str, target: str, may_write: bool) -> None:
    if not os.path.exists(source):
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    _mount(source, target, "", _BIND | _REC)
    if not may_write:
        _make_read_only(target)


def _open_folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _bring(earlier: int) -> None:
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
        for name in [one for one in folders if not _is_link(one, folder)]:
            os.makedirs(os.path.join(into, name), exist_ok=True)
        for name in [*names, *(one for one in folders if _is_link(one, folder))]:
            place = os.path.join(into, name)
            with contextlib.suppress(OSError):
                os.unlink(place)
            if _is_link(name, folder):
                os.symlink(os.readlink(name, dir_fd=folder), place)
            else:
                _copy(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), place, None)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _copy(source: int, path: str, folder: int | None) -> None:
    """Copy an open file to a new one, with its mode and its times."""
    held = os.fstat(source)
    made = os.open(
        path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, stat.S_IMODE(held.st_mode) | 0o200, dir_fd=folder
    )
    with os.fdopen(source, "rb") as one, os.fdopen(made, "wb") as two:
        shutil.copyfileobj(one, two)
        two.flush()
        os.utime(two.fileno(), ns=(held.st_atime_ns, held.st_mtime_ns))


# What was written.


def _tell(box: dict[str, Any], world: World) -> None:
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
            links = [one for one in folders if _is_link(one, folder)]
            yield from ((os.path.join(above, name), name, folder) for name in (*names, *links))
    for place in world.skeletons:
        folder = _open_folder(place)
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
        if _is_link(name, folder):
            os.symlink(os.readlink(name, dir_fd=folder), os.path.basename(path), dir_fd=into)
        else:
            _copy(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), os.path.basename(path), into)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.EACCES):
            raise
    finally:
        os.close(into)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
