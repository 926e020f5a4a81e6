"""The surroundings of an arm: another local date at any moment, and files that stay the user's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowgate.prove.model import Arm
from flowgate.prove.surroundings import other_zone, surroundings, umask_of

OTHER = Arm("adversarial", 16, 2, "reversed", world=1)
PLAIN = Arm("forward", 1, 1, "forward")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata"]))
def test_the_local_date_is_another_one_now_and_in_an_hour(moment: datetime, here: str) -> None:
    before = os.environ.get("TZ")
    try:
        dates = []
        for shift in (0, 3600):
            now = moment.timestamp()
            os.environ["TZ"] = here
            time.tzset()
            zone = other_zone(now)
            mine = time.localtime(now)[:3]
            os.environ["TZ"] = zone
            time.tzset()
            dates.append((mine, time.localtime(now + shift)[:3]))
    finally:
        os.environ.pop("TZ") if before is None else os.environ.__setitem__("TZ", before)
        time.tzset()
    assert all(mine != theirs for mine, theirs in dates)


def test_python_sees_another_date() -> None:
    program = "import datetime; print(datetime.date.today())"
    told = [
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | extra, capture_output=True, text=True, check=True
        ).stdout
        for extra in (surroundings(PLAIN, {}), surroundings(OTHER, {}))
    ]
    assert told[0] != told[1]


@pytest.mark.parametrize("here", ["C.UTF-8", "C", "POSIX", "de_DE.UTF-8", "en_US.utf8", ""])
def test_the_locale_is_another_one(here: str) -> None:
    told = surroundings(OTHER, {"LANG": here})
    assert told["LC_ALL"] != here and told["LC_ALL"] in ("C", "C.UTF-8")


def test_the_umask_is_another_one_and_leaves_files_to_their_owner() -> None:
    here = umask_of(PLAIN)
    assert umask_of(OTHER) != here and umask_of(OTHER) & 0o700 == 0
    assert os.umask(here) == here, "that of this process stays"
