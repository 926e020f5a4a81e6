"""The machine that a world shows: a few devices, its own processes, and no services."""

from __future__ import annotations

import contextlib
import os

from flowgate_world.kernel import BIND, LAYER, NODEV, NOEXEC, NOSUID, REC, SMALL, make_read_only, mount, share

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_PREFIXES = ("nvidia", "dri", "kfd", "infiniband", "accel", "habanalabs", "neuron")
# What of /run tells how hosts are found.
_NAMES = ("systemd/resolve", "resolvconf", "NetworkManager/resolv.conf", "nscd")


def build_devices() -> None:
    os.mkdir("/new/dev")
    mount("tmpfs", "/new/dev", "tmpfs", NOSUID, f"mode=0755,{SMALL}")
    for name in sorted(os.listdir("/old/dev")):
        if name in _DEVICES or name.startswith(_DEVICE_PREFIXES):
            source, target = f"/old/dev/{name}", f"/new/dev/{name}"
            if os.path.isdir(source):
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
            mount(source, target, "", BIND | REC)
    os.mkdir("/new/dev/pts")
    mount("devpts", "/new/dev/pts", "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/new/dev/ptmx")
    for name, to in (
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ):
        os.symlink(to, f"/new/dev/{name}")
    os.mkdir("/new/dev/shm")
    mount("tmpfs", "/new/dev/shm", "tmpfs", NOSUID | NODEV, f"mode=1777,{LAYER}")


def build_run() -> None:
    """`/run` holds the sockets of services that work for whoever asks: only what tells how hosts are found stays."""
    os.mkdir("/new/run")
    for name in _NAMES:
        share(f"/old/run/{name}", f"/new/run/{name}", may_write=False)


def build_kernel() -> None:
    os.mkdir("/new/proc")
    mount("proc", "/new/proc", "proc", NOSUID | NODEV | NOEXEC)
    _vary_numbers()
    for name in ("sys", "sysrq-trigger", "irq", "bus"):
        place = f"/new/proc/{name}"
        if os.path.exists(place):
            mount(place, place, "", BIND)
            make_read_only(place)
    os.mkdir("/new/sys")
    mount("/old/sys", "/new/sys", "", BIND | REC)
    make_read_only("/new/sys")


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
