"""A program that reads one request as JSON on standard input and prints one answer, or a fault, on standard output.

The flow's own names are put into `__main__`, where its classes are looked for; so none of ours may stand there.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys

from flowgate_probe.describe import Incomparable
from flowgate_probe.storage import Fault


def main(program: str) -> None:
    """Answer the request by `PROGRAM` of one of our modules; whatever the user's modules print goes to standard error."""
    make = importlib.import_module("flowgate_probe." + program).PROGRAM
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
