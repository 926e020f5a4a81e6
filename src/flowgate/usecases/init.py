"""`flowgate init`: wire a repository, never overwriting; what is there already is left as it is."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from typing import Any, NamedTuple

from flowgate import __version__
from flowgate.files import added, user_text, write_whole
from flowgate.settings import settings_file

MADE, EXTENDED, LEFT, FAILED = "created", "extended", "left", "not changed"
_REPOSITORY = "https://github.com/flowgate/flowgate"
_HOOKS = ("flowgate-lint", "flowgate-review", "flowgate-prove")
_UNNAMED = "# /.flowgate/ @your-team"
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


class Step(NamedTuple):
    """One file: what was done to it, and what to know about it."""

    path: str
    done: str
    note: str


def init(root: str, owner: str | None) -> list[Step]:
    """Wire the repository at `root`; what was done, file by file.

    Args:
        owner: who owns the ledger, as CODEOWNERS names them (`@team/leads`); None for who owns everything else.
    """
    steps = (_settings, _hooks, _workflow, lambda folder: _codeowners(folder, owner), _gitignore)
    return [step(root) for step in steps]


def _template(name: str, **given: str) -> str:
    text = (files("flowgate.scaffold") / name).read_text(encoding="utf-8")
    for key, value in given.items():
        text = text.replace("{" + key + "}", value)
    return text


def _settings(root: str) -> Step:
    held = settings_file(root)
    if held is not None:
        return Step(os.path.basename(held), LEFT, "it has flowgate's settings already")
    text = user_text(root, "pyproject.toml")
    if text is None:
        return _write(root, "flowgate.toml", _template("settings.toml.txt", table=""), MADE, "")
    grown = added(text, "\n[tool.flowgate]\n" + _template("settings.toml.txt", table="tool.flowgate."))
    return _write(root, "pyproject.toml", grown, EXTENDED, "[tool.flowgate] is at its end")


def _hooks(root: str) -> Step:
    path = ".pre-commit-config.yaml"
    hooks = "".join(f"      - id: {name}\n" for name in _HOOKS)
    entry = f"  - repo: {_REPOSITORY}\n    rev: v{__version__}\n    hooks:\n{hooks}"
    again = "run `pre-commit install -t pre-commit -t pre-merge-commit -t pre-push`"
    text = user_text(root, path)
    if text is None:
        kinds = "default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]\n"
        return _write(root, path, f"{kinds}repos:\n{entry}", MADE, "run `pre-commit install`")
    if any(name in text for name in _HOOKS):
        return Step(path, LEFT, "it has flowgate's hooks already")
    grown = _with_entry(text, entry)
    if grown is None:
        return Step(path, FAILED, f"it is laid out in a way that cannot be added to; add by hand:\n{entry}")
    return _write(root, path, grown, EXTENDED, again)


def _with_entry(text: str, entry: str) -> str | None:
    """A pre-commit config with one more repository, every other byte as it was; None where that cannot be done safely."""
    import yaml

    listed = re.search(r"(?m)^([ \t]*)- +(?:repo|\"repo\"|'repo')\s*:", text)
    indent = listed[1] if listed else "  "
    moved = "".join(f"{indent}{line[2:]}" for line in entry.splitlines(keepends=True))
    bare = re.sub(r"(?m)^repos:[ \t]*\[[ \t]*\][ \t]*$", "repos:", text)
    start = re.search(r"(?m)^repos:[ \t]*(?:#.*)?\r?$", bare)
    after = re.search(r"(?m)^[A-Za-z_]\w*:", bare[start.end() :]) if start else None
    at = start.end() + after.start() if start and after else len(bare)
    grown = added(bare[:at], moved) + bare[at:]
    try:
        before, now = yaml.safe_load(text), yaml.safe_load(grown)
    except yaml.YAMLError:
        return None
    return grown if _is_extended(before, now) else None


def _is_extended(before: Any, now: Any) -> bool:
    """Whether nothing but one repository was added, at the end."""
    if not isinstance(before, dict) or not isinstance(now, dict) or not isinstance(now.get("repos"), list):
        return False
    rest = {key: value for key, value in before.items() if key != "repos"}
    return now["repos"][:-1] == (before.get("repos") or []) and rest == {k: v for k, v in now.items() if k != "repos"}


def _workflow(root: str) -> Step:
    folder = os.path.join(root, ".github", "workflows")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = f".github/workflows/{name}"
        if name.endswith((".yml", ".yaml")) and "flowgate/flowgate@" in (user_text(root, path) or ""):
            return Step(path, LEFT, "it runs the gate already")
    path = ".github/workflows/flowgate.yml"
    if os.path.lexists(os.path.join(root, path)):
        return Step(path, FAILED, "it is there and does not run the gate; the README of flowgate shows the step to add")
    note = "set up the project's environment in it, and make `flowgate` a required check"
    return _write(root, path, _template("workflow.yml.txt", version=__version__), MADE, note)


def _codeowners(root: str, owner: str | None) -> Step:
    path = next((name for name in _CODEOWNERS if os.path.lexists(os.path.join(root, name))), _CODEOWNERS[0])
    text = user_text(root, path)
    if text is not None and re.search(r"(?m)^[^#\n]*\.flowgate/", text):
        return Step(path, LEFT, "it names who owns .flowgate/ already")
    everyone = re.findall(r"(?m)^\*[ \t]+([^#\r\n]+?)[ \t]*(?:#.*)?\r?$", text or "")
    known = owner or (everyone[-1] if everyone else None)
    if known is None and text is not None and "/.flowgate/" in text:
        return Step(path, LEFT, "the line for .flowgate/ is a comment: name who owns the ledger in it")
    if known and text is not None and _UNNAMED in text:
        return _write(root, path, text.replace(_UNNAMED, f"/.flowgate/ {known}"), EXTENDED, f"{known} owns the ledger")
    line = f"/.flowgate/ {known}\n" if known else f"{_UNNAMED}\n"
    lines = "# Accepted findings, and the reviews that the gate replays.\n" + line
    note = f"{known} owns the ledger" if known else "name who owns the ledger in it, or use --owner"
    return _write(root, path, added(text or "", lines), EXTENDED if text is not None else MADE, note)


def _gitignore(root: str) -> Step:
    text = user_text(root, ".gitignore")
    if text is not None and re.search(r"(?m)^/?\.flowgate/cache/?\s*$", text):
        return Step(".gitignore", LEFT, "it leaves out .flowgate/cache/ already")
    done = MADE if text is None else EXTENDED
    return _write(root, ".gitignore", added(text or "", ".flowgate/cache/\n"), done, "")


def _write(root: str, path: str, text: str, done: str, note: str) -> Step:
    write_whole(os.path.join(root, path), text, path)
    return Step(path, done, note)
