"""A program that reads one request as JSON on standard input and prints one answer, or a fault, on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any, Callable

from flowgate_probe.equality import Incomparable
from flowgate_probe.storage import Fault


def answer(make: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the request; whatever the user's modules print goes to standard error."""
    request = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    with contextlib.redirect_stdout(sys.stderr):
        try:
            made = make(request)
        except (Fault, Incomparable) as error:
            made = {"fault": str(error)}
        except Exception as error:
            made = {"fault": "%s: %s" % (type(error).__name__, error)}
    json.dump(made, out)
    out.flush()
