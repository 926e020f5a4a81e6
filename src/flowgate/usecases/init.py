"""`flowgate init`: wire a repository, never overwriting; what is there already is left as it is."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from flowgate.change.documents import listed, mapping
from flowgate.discover import nested_projects
from flowgate.files import added, user_text, write_whole
from flowgate.installation import Source, can_move, is_local, shown, source_installed, source_named
from flowgate.project import git, open_project, repository_of
from flowgate.settings import SETTINGS_FILES, settings_file

MADE, EXTENDED, LEFT, FAILED = "created", "extended", "left", "not changed"
COMMIT, PUSH = "commit", "push"
_STAGES = {COMMIT: "[pre-commit, pre-merge-commit, manual]", PUSH: "[pre-push, manual]"}
_UNNAMED = "# {pattern} @your-team"
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_IGNORED = (".flowgate/cache/", ".venv/")
# What each hook runs, where it is not pre-commit that installs flowgate: a person may commit with no environment active.
_COMMANDS = {
    "flowgate-lint": "lint --as-committed",
    "flowgate-review": "review --replay --as-committed",
    "flowgate-prove": "prove --as-committed",
}
_START = (
    'sh -c \'PATH="$PATH:{places}"; command -v flowgate > /dev/null || '
    '{{ echo "flowgate is not installed here: activate the environment that has it, or install it into .venv"; exit 3; }}; '
    'exec flowgate "$@"\' flowgate'
)


class Step(NamedTuple):
    """One file: what was done to it, and what to know about it."""

    path: str
    done: str
    note: str


class Wiring(NamedTuple):
    """What to wire.

    `root` is the folder of the project, `top` that of the repository around it: hooks, workflow and CODEOWNERS lie there.
    `folder` is the way from `top` to `root`, empty where they are one. `owner` owns the ledger, as CODEOWNERS names them;
    None for who owns everything else. `review` is when the committed reviews are checked, at commit or at push. `named`: the
    user named the source.
    """

    root: str
    top: str
    folder: str
    source: Source
    owner: str | None
    review: str
    named: bool = False

    @property
    def job(self) -> str:
        """The name of the workflow and its required check, of its own for each project of a repository."""
        return "flowgate" + re.sub(r"[^\w]+", "-", f"-{self.folder}" if self.folder else "")


def init(folder: str, named: bool, owner: str | None, source: str | None = None, review: str = PUSH) -> list[Step]:
    """Wire the project that a folder is in; what was done, file by file.

    Args:
        folder: where the user stands.
        named: whether the user named that very folder, so that it is the project's even if it holds nothing yet.
        source: where hooks and CI get flowgate from; None for where this installation came from.

    Raises:
        FlowgateError: the source is none, or a file cannot be read or written.
    """
    root = os.path.realpath(folder) if named else _project_folder(os.path.realpath(folder))
    top = repository_of(root) or root
    below = "" if root == top else os.path.relpath(root, top).replace(os.sep, "/")
    came_from = source_installed()
    held = source_named(source, top) if source is not None else Source() if is_local(came_from) else came_from
    wiring = Wiring(root, top, below, held, owner, review, source is not None)
    return [step(wiring) for step in (_settings, _hooks, _workflow, _codeowners, _gitignore)]


def _project_folder(folder: str) -> str:
    """The nearest folder at or above one that has a settings file or a pyproject.toml, else that folder itself."""
    top = repository_of(folder) or folder
    here = folder
    while here != top:
        if any(os.path.isfile(os.path.join(here, name)) for name in SETTINGS_FILES):
            return here
        here = os.path.dirname(here)
    return top if any(os.path.isfile(os.path.join(top, name)) for name in SETTINGS_FILES) else folder


def _template(name: str, **given: str) -> str:
    text = (files("flowgate.scaffold") / name).read_text(encoding="utf-8")
    return re.sub(r"(?<!\$)\{(" + "|".join(given) + r")\}", lambda hole: given[hole[1]], text)


def _settings(wiring: Wiring) -> Step:
    root = wiring.root
    held = settings_file(root)
    if held is not None:
        return Step(_shown(wiring, os.path.basename(held)), LEFT, "it has flowgate's settings already")
    text = user_text(root, "pyproject.toml")
    if text is None:
        return _write(wiring, root, "flowgate.toml", _template("settings.toml.txt", table=""), MADE, "")
    grown = added(text, "\n[tool.flowgate]\n" + _template("settings.toml.txt", table="tool.flowgate."))
    return _write(wiring, root, "pyproject.toml", grown, EXTENDED, "[tool.flowgate] is at its end")


def _hooks(wiring: Wiring) -> Step:
    path = ".pre-commit-config.yaml"
    entry = "".join(_hook_lines(wiring))
    again = "run `pre-commit install -t pre-commit -t pre-merge-commit -t pre-push`"
    text = user_text(wiring.top, path)
    if text is None:
        kinds = "default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]\n"
        start = "run `pre-commit install`"
        if repository_of(wiring.top) is None:
            start = f"this is no git repository yet: run `git init`, then {start}"
        return _write(wiring, wiring.top, path, f"{kinds}repos:\n{entry}", MADE, start + _from(wiring))
    if _has_hooks(text, wiring.folder):
        if wiring.named and wiring.source.repository and f"rev: {wiring.source.rev}" not in text:
            note = f"its hooks come from elsewhere; to take them from {shown(wiring.source)}, remove their entry and run this again"
            return Step(_above(wiring, path), FAILED, note)
        return Step(_above(wiring, path), LEFT, "it has flowgate's hooks already")
    grown = _with_entry(text, entry)
    if grown is None:
        note = f"it is laid out in a way that cannot be added to; add by hand:\n{entry}"
        return Step(_above(wiring, path), FAILED, note)
    return _write(wiring, wiring.top, path, grown, EXTENDED, again + _from(wiring))


def _from(wiring: Wiring) -> str:
    """Where the hooks get flowgate from, and how to name a place where no other machine could get it."""
    source = wiring.source
    if source.repository:
        moves = f"; {source.rev} can move: name a commit, which cannot" if can_move(source) else ""
        proves = "; the prove hook runs the flowgate of the project's environment"
        return (
            f"; flowgate comes from {shown(source)}"
            + ", which only this machine has" * is_local(source)
            + moves
            + proves
        )
    return (
        "; the hooks run the installed `flowgate`. To have pre-commit install it, remove this entry and run "
        "`flowgate init --source OWNER/REPO@SHA`"
    )


def _hook_lines(wiring: Wiring) -> Iterator[str]:
    """The entry of flowgate's hooks: from a repository that pre-commit clones, else by the command that is installed."""
    source = wiring.source
    if source.repository:
        yield f"  - repo: {source.repository}\n    rev: {source.rev}\n    hooks:\n"
    else:
        yield "  - repo: local\n    hooks:\n"
    stages = {"flowgate-lint": COMMIT, "flowgate-review": wiring.review, "flowgate-prove": PUSH}
    for name, command in _COMMANDS.items():
        yield f"      - id: {name}\n"
        if not source.repository:
            yield f"        name: {name.replace('-', ' ')}{f' {wiring.folder}' if wiring.folder else ''}\n"
            folders = dict.fromkeys((wiring.folder, ""))
            places = ":".join(os.path.join("$PWD", folder, ".venv", "bin") for folder in folders)
            yield f"        entry: >-\n          {_START.format(places=places)} {command}\n"
            yield "        language: system\n        pass_filenames: false\n        require_serial: true\n"
            yield "        always_run: true\n"
            yield "        verbose: true\n" if name == "flowgate-prove" else ""
        if wiring.folder:
            yield f"        args: [-C, {_scalar(wiring.folder)}]\n"
        if name == "flowgate-review":
            yield "        fail_fast: true\n"  # no proof of what is not reviewed
        if not source.repository or name == "flowgate-review":
            yield f"        stages: {_STAGES[stages[name]]}\n"


def _scalar(text: str) -> str:
    """A text as it stands in a YAML list."""
    import json

    return text if re.fullmatch(r"[\w./-]+", text) else json.dumps(text)


def _has_hooks(text: str, folder: str) -> bool:
    """True if flowgate's hooks are there for a folder: with `-C` that folder, or for all of the repository."""
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    repos = listed(mapping(document).get("repos"))
    hooks = [mapping(hook) for repo in repos for hook in listed(mapping(repo).get("hooks"))]
    for hook in hooks:
        if hook.get("id") in _COMMANDS:
            args = [str(one) for one in listed(hook.get("args"))]
            place = args[args.index("-C") + 1 :][:1] if "-C" in args else [""]
            if place in ([""], [folder]):
                return True
    return False


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


def _workflow(wiring: Wiring) -> Step:
    folder = os.path.join(wiring.top, ".github", "workflows")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = f".github/workflows/{name}"
        if name.endswith((".yml", ".yaml")) and _runs_gate(user_text(wiring.top, path) or "", wiring.folder):
            if (
                wiring.named
                and wiring.source.action
                and wiring.source.action not in (user_text(wiring.top, path) or "")
            ):
                note = f"it takes the gate from elsewhere; to take it from {wiring.source.action}, remove the file and run this again"
                return Step(_above(wiring, path), FAILED, note)
            return Step(_above(wiring, path), LEFT, "it runs the gate already")
    path = f".github/workflows/{wiring.job}.yml"
    if os.path.lexists(os.path.join(wiring.top, path)):
        return Step(
            _above(wiring, path), FAILED, "it is there and does not run the gate; docs/action.md shows the steps to add"
        )
    gate, note = _gate_step(wiring)
    receipts = f"{wiring.folder}/" * bool(wiring.folder) + ".flowgate/cache/proofs/*/receipt*.json"
    if not wiring.folder and nested_projects(open_project(wiring.root)):
        receipts = f"'**/{receipts}'"  # those of every project below
    text = _template(
        "workflow.yml.txt", job=wiring.job, gate=gate, receipts=receipts, branch=_default_branch(wiring.top)
    )
    return _write(wiring, wiring.top, path, text, MADE, f"{note}; then make `{wiring.job}` a required check")


def _default_branch(top: str) -> str:
    """The branch that changes go to: the remote's, else the one that stands here, else git's own default."""
    remote = (git(top, "symbolic-ref", "--short", "refs/remotes/origin/HEAD") or "").strip().removeprefix("origin/")
    here = (git(top, "symbolic-ref", "--short", "HEAD") or "").strip()
    known = [
        name for name in ("main", "master", "trunk") if git(top, "rev-parse", "--verify", "--quiet", name) is not None
    ]
    return _scalar(remote or (known[0] if known and here not in known else here) or "main")


def _runs_gate(text: str, folder: str) -> bool:
    """True if a workflow runs the gate on a folder, or on all of the repository."""
    if not re.search(r"uses:\s*\S*flowgate\S*@|\bflowgate\b[^\n#]*\bgate\b|uses:\s*\./\S*flowgate", text):
        return False
    places = re.findall(r"(?m)^\s*directory:\s*[\"']?([^\s\"'#]+)", text) + re.findall(r"flowgate -C (\S+) gate", text)
    return not places or folder in places or "." in places


def _gate_step(wiring: Wiring) -> tuple[str, str]:
    """The steps that judge, by the action where there is one to use, and what to do about the project's environment."""
    setting = _environment(wiring.root)
    if wiring.source.action:
        return _action_step(wiring, setting)
    return _command_steps(wiring, setting)


def _environment(root: str) -> tuple[str, str] | None:
    """What the project's environment is installed from: an input of the action, and its value; None where that is unknown."""
    if os.path.isfile(os.path.join(root, "uv.lock")):
        return "uv", "true"
    name = next((name for name in _REQUIREMENTS if os.path.isfile(os.path.join(root, name))), None)
    return ("requirements", name) if name is not None else None


_REQUIREMENTS = ("requirements.lock", "requirements.txt", "requirements-dev.txt", "requirements/base.txt")


def _action_step(wiring: Wiring, setting: tuple[str, str] | None) -> tuple[str, str]:
    inputs = [f"directory: {_scalar(wiring.folder)}"] * bool(wiring.folder)
    if setting is not None:
        inputs.append(f'uv: "{setting[1]}"' if setting[0] == "uv" else f"{setting[0]}: {setting[1]}")
        note = f"proofs run in what its input `{setting[0]}` installs"
    else:
        note = "name the project's environment in its input `requirements` or `uv`: proofs run in it, and need Metaflow"
    lines = [
        "      # Proofs run in the project's environment: set it up before this step, or by the input `requirements` or `uv`."
    ]
    lines += ["      - id: flowgate", f"        uses: {wiring.source.action}"]
    lines += ["        with:"] * bool(inputs) + [f"          {line}" for line in inputs]
    return "\n".join(lines), note


def _command_steps(wiring: Wiring, setting: tuple[str, str] | None) -> tuple[str, str]:
    """The gate by the command that the project's own environment holds."""
    folder = f"{wiring.folder}/" if wiring.folder else ""
    where = f"-C {shlex.quote(wiring.folder)} " if wiring.folder else ""
    if setting is not None and setting[0] == "uv":
        project = f"--project {shlex.quote(wiring.folder)} " if wiring.folder else ""
        install, start = (
            ["pipx install uv", f"uv sync {project}--frozen"],
            f"uv run {project}--frozen flowgate {where}gate",
        )
        pip = f"uv pip install {project}"
    else:
        install, start, pip = (
            ["python3 -m venv .venv"],
            f".venv/bin/flowgate {where}gate",
            ".venv/bin/python -m pip install ",
        )
        if setting is not None:
            install.append(f"{pip}--requirement {shlex.quote(folder + setting[1])}")
    if wiring.source.requirement and not is_local(wiring.source):
        install.append(f"{pip}{shlex.quote(wiring.source.requirement)}")
        note = f"its job installs flowgate from {shown(wiring.source)}"
    else:
        note = "its job needs flowgate among what it installs: in your requirements, the path of its wheel in this repository"
    if setting is None:
        install.append("# install the project's environment here, with Metaflow and flowgate in it: proofs run in it")
        note += ", and the project's environment: name it there"
    lines = [
        "      - name: Install the project's environment",
        "        run: |",
        *(f"          {line}" for line in install),
    ]
    reports = '--format github --json "$RUNNER_TEMP/verdict.json" --summary "$GITHUB_STEP_SUMMARY"'
    lines += [
        "      # To use flowgate's action instead, run `flowgate init --source OWNER/REPO@SHA` after removing this file.",
        "      - id: flowgate",
        "        run: |",
        "          code=0",
        f"          {start} {reports} || code=$?",
        '          if [ -s "$RUNNER_TEMP/verdict.json" ]; then',
        '            echo "subject=$(jq -r .subject "$RUNNER_TEMP/verdict.json" | cut -d: -f2)" >> "$GITHUB_OUTPUT"',
        "          fi",
        '          exit "$code"',
    ]
    return "\n".join(lines), note


def _codeowners(wiring: Wiring) -> Step:
    path = next((name for name in _CODEOWNERS if os.path.lexists(os.path.join(wiring.top, name))), _CODEOWNERS[0])
    text = user_text(wiring.top, path)
    pattern = f"/{wiring.folder}/.flowgate/" if wiring.folder else "/.flowgate/"
    unnamed = _UNNAMED.format(pattern=pattern)
    if text is not None and re.search(rf"(?m)^{re.escape(pattern)}[ \t]+\S", text):
        return Step(_above(wiring, path), LEFT, f"it names who owns {pattern.lstrip('/')} already")
    everyone = re.findall(r"(?m)^\*[ \t]+([^#\r\n]+?)[ \t]*(?:#.*)?\r?$", text or "")
    known = wiring.owner or (everyone[-1] if everyone else None)
    if known is None and text is not None and unnamed in text:
        return Step(_above(wiring, path), LEFT, f"the line for {pattern} is a comment: name who owns the ledger in it")
    if known and text is not None and unnamed in text:
        grown = text.replace(unnamed, f"{pattern} {known}")
        return _write(wiring, wiring.top, path, grown, EXTENDED, f"{known} owns the ledger")
    line = f"{pattern} {known}\n" if known else f"{unnamed}\n"
    lines = "# Accepted findings, and the reviews that the gate replays.\n" + line
    note = f"{known} owns the ledger" if known else "name who owns the ledger in it, or use --owner"
    return _write(wiring, wiring.top, path, added(text or "", lines), EXTENDED if text is not None else MADE, note)


def _gitignore(wiring: Wiring) -> Step:
    text = user_text(wiring.root, ".gitignore")
    missing = unignored(wiring.root, text or "", _IGNORED)
    if not missing:
        return Step(_shown(wiring, ".gitignore"), LEFT, f"git leaves out {' and '.join(_IGNORED)} already")
    done = MADE if text is None else EXTENDED
    return _write(
        wiring, wiring.root, ".gitignore", added(text or "", "".join(f"{line}\n" for line in missing)), done, ""
    )


def unignored(root: str, text: str, lines: tuple[str, ...]) -> list[str]:
    """The folders among `lines` that neither a .gitignore of that text nor another one leaves out."""
    held = {line.strip().strip("/") for line in text.splitlines()}
    return [
        line
        for line in lines
        if line.strip("/") not in held and git(root, "check-ignore", "--quiet", "--no-index", line) is None
    ]


def _above(wiring: Wiring, path: str) -> str:
    """A path at the top of the repository, from where the user stands."""
    return os.path.relpath(os.path.join(wiring.top, path))


def _shown(wiring: Wiring, path: str) -> str:
    """A path in the project, from where the user stands."""
    return os.path.relpath(os.path.join(wiring.root, path))


def _write(wiring: Wiring, folder: str, path: str, text: str, done: str, note: str) -> Step:
    shown_path = os.path.relpath(os.path.join(folder, path))
    write_whole(os.path.join(folder, path), text, shown_path)
    return Step(shown_path, done, note)
