"""Run as a program: one question to one model. The question is JSON on stdin, the answer JSON on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask the model; `unknown` says that there is no such model."""
    import llm

    try:
        model = llm.get_model(asked["model"] or None)
    except llm.UnknownModelError as error:
        return {"unknown": " ".join(str(part) for part in error.args)}
    schema = asked["schema"] if model.supports_schema else None
    response = model.prompt(asked["packet"], schema=schema, stream=False)
    text = response.text()
    usage = response.usage()
    return {"text": text, "given": usage.input or 0, "taken": usage.output or 0}


def main() -> int:
    """1, with the reason on stderr, where the model could not be reached or refused."""
    try:
        said = answer(json.load(sys.stdin))
    except Exception as error:  # whatever a provider's library raises is a failure to answer
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    json.dump(said, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
