"""What a user's shell sets, and an arm has otherwise: time zone and with it the date, locale, umask, size of the terminal."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowgate.prove.model import Arm

_EASTMOST, _WESTMOST = 14, -12
_LOCALES = ("C.UTF-8", "C")  # those that are there on every system
_OPEN, _CLOSED = 0o022, 0o077


def surroundings(arm: Arm, environ: dict[str, str]) -> dict[str, str]:
    """The variables that differ from those of the caller, in all arms but the first."""
    if not _varies(arm):
        return {}
    here = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    other = next(name for name in _LOCALES if name.lower().replace("-", "") != here.lower().replace("-", ""))
    size = {"COLUMNS": "132", "LINES": "43"}  # what libraries wrap their tables by
    return {"TZ": other_zone(time.time()), "LC_ALL": other, "LANG": other, **size}


def _varies(arm: Arm) -> bool:
    return bool(arm.world) and "surroundings" in arm.aspects


def other_zone(now: float) -> str:
    """A time zone in which another date is written than here, at `now` in seconds since the epoch, and for hours to come."""
    here = datetime.fromtimestamp(now).date()
    hours = range(_WESTMOST, _EASTMOST + 1)
    apart = [hour for hour in hours if _date(now, hour) != here and _date(now + 3600, hour) != here]
    best = max(apart, key=abs)
    sign = "-" if best > 0 else "+"  # written the other way round than it is spoken
    if os.path.exists(f"/usr/share/zoneinfo/Etc/GMT{sign}{abs(best)}"):
        return f"Etc/GMT{sign}{abs(best)}"
    return f"<{best:+03d}>{sign}{abs(best)}"


def _date(now: float, hours: int) -> object:
    return datetime.fromtimestamp(now, timezone(timedelta(hours=hours))).date()


def umask_of(arm: Arm) -> int:
    """The umask of an arm: that of the caller, or in all arms but the first another one that keeps the caller's files his."""
    here = os.umask(_CLOSED)
    os.umask(here)
    if not _varies(arm):
        return here
    return _CLOSED if here != _CLOSED else _OPEN
