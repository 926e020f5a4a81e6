"""What the project's own environment is made of, as JSON: its Python and its installed distributions."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys


def main() -> None:
    """Print the Python, the platform and every installed distribution with its version."""
    found = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name.lower().replace("_", "-").replace(".", "-"), distribution.version)
    version = "%d.%d.%d" % sys.version_info[:3]
    where = "%s %s" % (platform.system(), platform.machine())
    json.dump({"python": version, "platform": where, "distributions": found}, sys.stdout)


if __name__ == "__main__":
    main()
