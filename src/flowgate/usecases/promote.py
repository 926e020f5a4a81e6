"""`flowgate promote`: stamp a promoted flow, or move the wiring of one to the present copy."""

from __future__ import annotations

import difflib
import keyword
import os
import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.files import added, user_text, write_whole
from flowgate.flow.shell import SCAFFOLD, Piece, grid, region, shell
from flowgate.settings import CONTRACTS, settings_file
from flowgate.usecases.init import unignored

_IGNORED = (".flowgate/cache/", ".metaflow/", ".venv/")


class Request(NamedTuple):
    """What to stamp: the flow's name, where it goes, its question, and its contract with the reason for it."""

    name: str
    folder: str
    question: str
    determinism: str
    reason: str | None


class Stamp(NamedTuple):
    """One file: its path in the project, its text, what is in it, and whether it is there already and only added to."""

    path: str
    text: str
    about: str
    grown: bool = False


def stamps(root: str, request: Request) -> list[Stamp]:
    """Every file that `promote` writes, none of which is there, but for settings and .gitignore, which are added to.

    Raises:
        FlowgateError: the name is no identifier, a file is there already, or the settings cannot be added to.
    """
    _refuse(root, request)
    made = list(_files(request))
    there = [stamp.path for stamp in made if os.path.lexists(os.path.join(root, stamp.path))]
    if there:
        elsewhere = "; choose another NAME, or another folder with --folder, or move them away first"
        raise FlowgateError(f"{', '.join(there)}: there already, and promote overwrites nothing{elsewhere}")
    return [*made, *_settings(root, request), *_ignored(root)]


def write(root: str, made: list[Stamp]) -> None:
    """Write the files.

    Raises:
        FlowgateError: one cannot be written, and those before it are taken back; what is added to comes last.
    """
    written: list[str] = []
    try:
        for stamp in made:
            path = os.path.join(root, stamp.path)
            write_whole(path, stamp.text, stamp.path)
            written += [] if stamp.grown else [path]
    except BaseException:  # an interrupt too: half a flow would stand in the way of the next try
        for path in written:
            os.unlink(path)
        raise


def flow_path(request: Request) -> str:
    """The flow's file, in the project."""
    return os.path.join(request.folder, f"{request.name}_flow.py").replace(os.sep, "/")


def _refuse(root: str, request: Request) -> None:
    name = request.name
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        near = re.sub(r"\W+|^(?=\d)", "_", name).strip("_").lower()
        hint = f"; `{near}` would do" if re.fullmatch(r"[a-z][a-z0-9_]*", near) and not keyword.iskeyword(near) else ""
        raise FlowgateError(
            f"{name!r} cannot name a flow: it names a module, so lower-case letters, digits and _{hint}"
        )
    import yaml

    if yaml.safe_load(name) != name:
        raise FlowgateError(f"{name!r} cannot name a flow: YAML reads it as {yaml.safe_load(name)!r}")
    place = os.path.realpath(os.path.join(root, request.folder))
    if os.path.commonpath([place, os.path.realpath(root)]) != os.path.realpath(root):
        raise FlowgateError(f"--folder {request.folder} leads out of the project")
    if request.determinism not in CONTRACTS:
        raise FlowgateError(f"{request.determinism!r} is no contract; one of {', '.join(CONTRACTS)}")
    if request.determinism != "order_independent" and not (request.reason or "").strip():
        raise FlowgateError(f"{request.determinism} needs a reason, for whoever reads the config: --reason TEXT")


def _files(request: Request) -> Iterator[Stamp]:
    name, folder, flow = request.name, os.path.normpath(request.folder).replace(os.sep, "/"), flow_path(request)
    test, document = f"tests/test_{name}_seams.py", f"docs/{name}.md"
    given = {
        "name": name,
        "class": "".join(part.capitalize() for part in name.split("_")) + "Flow",
        "question": " ".join(request.question.split()),
        "docstring": " ".join(request.question.split()).replace("\\", "\\\\").replace('"', '\\"'),
        "determinism": request.determinism,
        "reason": _quoted(request.reason) if request.reason else "null",
        "shell": shell().text,
        "document": document,
        "flow": flow,
        "test": test,
        "folder": folder,
        "module": f"{name}_flow",
        "above": "1",
    }
    yield Stamp(flow, _filled("flow.py", given), "the four seams, the kinds of method, and the steps")
    yield Stamp(f"{folder}/grid.py", grid().stamped(), "which datasets are made, and what is trained on each; verbatim")
    for path, template, about in (
        ("config.yaml", "config.yaml", "what is composed; the seeds"),
        ("data/blobs.yaml", "blobs.yaml", "the data's geometry"),
        (f"experiment/{name}.yaml", "experiment.yaml", "the axes, the methods, the contract and the surface"),
        ("method/centroid.yaml", "centroid.yaml", "a method that no training axis touches: the baseline"),
        ("method/logistic.yaml", "logistic.yaml", "a method that is trained anew for every training point"),
        ("training/default.yaml", "training.yaml", "how methods are trained; no method's file can say otherwise"),
        ("training/smoke.yaml", "smoke.yaml", "the same, in a moment: what the tests train with"),
    ):
        yield Stamp(f"{folder}/conf/{path}", _filled(template, given), about)
    yield Stamp(test, _filled("test_seams.py", given), "the seams' contract, checked without Metaflow")
    yield Stamp(document, _filled("document.md", given), "the source of truth that the flow is reviewed against")


def _filled(template: str, given: dict[str, str]) -> str:
    with open(os.path.join(SCAFFOLD, "promoted", f"{template}.txt"), encoding="utf-8") as file:
        text = file.read()
    return re.sub(f"@({'|'.join(given)})@", lambda found: given[found[1]], text)


def _quoted(text: str) -> str:
    import json

    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _settings(root: str, request: Request) -> Iterator[Stamp]:
    """The settings with the flow's entry, which names its source of truth."""
    held = settings_file(root)
    inside = "pyproject.toml" if held is None and os.path.exists(os.path.join(root, "pyproject.toml")) else ""
    path = inside or (os.path.relpath(held, root) if held else "flowgate.toml")
    text = user_text(root, path) or ""
    prefix = "tool.flowgate." if os.path.basename(path) == "pyproject.toml" else ""
    entry = f'[{prefix}flow."{flow_path(request)}"]\nsources = ["docs/{request.name}.md"]\n'
    grown = added(text, ("\n" if text else "") + entry)
    try:
        tomllib.loads(grown)
    except tomllib.TOMLDecodeError as error:
        raise FlowgateError(f"{path} cannot be added to ({error}); add by hand, then run again:\n{entry}") from None
    yield Stamp(path, grown, "the settings: what the flow's source of truth is", bool(text))


def _ignored(root: str) -> Iterator[Stamp]:
    text = user_text(root, ".gitignore") or ""
    missing = unignored(root, text, _IGNORED)
    if missing:
        lines = "".join(f"{line}\n" for line in missing)
        yield Stamp(".gitignore", added(text, lines), "leaves out what runs and proofs write", bool(text))


class Move(NamedTuple):
    """A file whose wiring is an older copy: its text before and after."""

    path: str
    before: str
    after: str

    def diff(self) -> str:
        """The change, as a unified diff."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(difflib.unified_diff(before, after, f"a/{self.path}", f"b/{self.path}"))


def moves(root: str, paths: list[str]) -> tuple[list[Move], list[str]]:
    """The files among `paths` whose shell or grid was stamped by an older flowgate, moved to the present one.

    And what forbids it for a file that was changed since it was stamped.
    """
    found, refused = [], []
    for path in paths:
        before = after = user_text(root, path) or ""
        try:
            for piece in (shell(), grid()):
                after = _moved(after, piece, path)
        except FlowgateError as error:
            refused.append(str(error))
            continue
        if after != before:
            found.append(Move(path, before, after))
    return found, refused


def _moved(text: str, piece: Piece, path: str) -> str:
    lines = text.splitlines(keepends=True)
    held = region(lines, piece)
    if held is None:
        return text
    first, last = held
    inside = [line.rstrip() for line in lines[first:last]]
    if last is None or inside not in [copy.splitlines() for copy in (piece.text, *piece.past)]:
        restore = "see `flowgate lint`, and put it back with `flowgate lint --fix`"
        raise FlowgateError(f"{path}:{first}: the {piece.name} was changed since it was stamped; {restore}")
    newline = "\r\n" if lines[first - 1].endswith("\r\n") else "\n"
    return "".join(lines[:first]) + piece.text.replace("\n", newline) + "".join(lines[last:])
