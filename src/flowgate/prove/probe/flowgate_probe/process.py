"""What the kernel says of processes: whether a task's do anything, how large they are, and how much memory is left."""

from __future__ import annotations

import os
import time
from typing import List, Tuple

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_A_LITTLE = 0.05  # of one core: what a loop uses that looks, sleeps and looks again


class Usage:
    """What a task's processes have done lately. Where there is no /proc, they count as busy."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.active = self.began  # when they last did more than a little
        self.seen = (0.0, self.began)
        self.first = True
        self.share = 0.0
        self.size = 0

    def look(self, pid: int) -> None:
        """Measure the processes that descend from `pid`, that one included."""
        now = time.monotonic()
        spent, running, self.size = _measure(pid)
        share = (spent - self.seen[0]) / max(now - self.seen[1], 0.001)
        if self.first:
            share, self.first = 1.0, False
        self.share = share
        if running or share > _A_LITTLE or spent <= 0:
            self.active = now
        self.seen = (spent, now)

    def idle_for(self) -> float:
        """For how many seconds they have done next to nothing."""
        return self.seen[1] - self.active

    def is_busy(self) -> bool:
        return self.share > _A_LITTLE


def _measure(pid: int) -> Tuple[float, bool, int]:
    """Seconds of CPU, whether one is on a core or waits for a disk, and resident bytes, of a process and its descendants."""
    spent, running, size = 0.0, False, 0
    for one in [pid, *_descendants(pid)]:
        try:
            with open("/proc/%d/stat" % one) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        spent += (int(fields[11]) + int(fields[12])) / _TICKS
        running |= fields[0] in "RD"
        size += int(fields[21]) * _PAGE
    return spent, running, size


def _descendants(pid: int) -> List[int]:
    children = {}  # type: Dict[int, List[int]]
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def available_memory() -> int:
    """Bytes that can be used: by the machine, or by the container where that has less. Plenty where nothing tells."""
    found = []
    try:
        with open("/proc/meminfo") as file:
            found += [int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable")]
    except OSError:
        pass
    try:
        with open("/sys/fs/cgroup/memory.max") as most, open("/sys/fs/cgroup/memory.current") as now:
            found.append(int(most.read()) - int(now.read()))
    except (OSError, ValueError):
        pass
    return min(found) if found else 1 << 40
