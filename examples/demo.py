"""The main job, on a copy of the example: a gate that passes, a trap that is blocked, an override, a proof that blocks.

Everything is real: a git repository, pre-commit with the hook installed from this checkout, and Metaflow runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "digits"
FLOW = "flow/digits_flow.py"
HOOKS = """\
repos:
  - repo: {root}
    rev: {revision}
    hooks:
      - id: flowgate-lint
"""


class Unexpected(Exception):
    """A scene that did not end as it should."""


def main() -> int:
    """Play the scenes in a temporary folder; 0 where each ended as it should."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="flowgate-demo-")).resolve()
    try:
        play(folder / "digits")
    except Unexpected as error:
        say(f"The demo did not go as it should: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"That is flowgate. {time.monotonic() - began:.0f} seconds, with three proofs of two real runs each.")
    return 0


def play(project: Path) -> None:
    """The five scenes."""
    set_up(project)

    say("1. An investigation at rest: clean, reviewed, and proven by two real runs. The gate passes.")
    run(project, "flowgate", "gate", expect=0)

    say("2. At 1 a.m. somebody pins the epochs in the module, past the config. The commit is blocked.")
    change(project, 'for _ in range(train_cfg["epochs"]):', "for _ in range(_EP):")
    change(project, "# -- seams", "_EP = 15\n\n# -- seams")
    out = run(project, "git", "commit", "--quiet", "--all", "--message", "Train for 15 epochs", expect=1)
    finding = next(word.strip("()") for word in out.split() if word.startswith("(FG301-"))

    say("3. It is wanted, for now. It is accepted in the ledger, with a reason, and the commit passes.")
    reason = "a stopgap until the new budget is settled; see docs/investigation.md, D4"
    run(project, "flowgate", "override", finding, "--reason", reason, expect=0)
    run(project, "git", "add", ".flowgate/ledger.yaml", expect=0)
    run(project, "git", "commit", "--quiet", "--all", "--message", "Train for 15 epochs", expect=0)
    run(project, "flowgate", "lint", expect=0)

    say("4. Back to the reviewed flow, and a line that looks harmless: each branch notes how many finished before it.")
    run(project, "git", "reset", "--quiet", "--hard", "HEAD~1", expect=0)
    change(project, "self.next(self.collect)", COUNTING)
    out = run(project, "flowgate", "prove", FLOW, expect=1)
    if "of task `train[train:0]`" not in out or "rows[0]" not in out:
        raise Unexpected("the proof did not name the step and the artifact")

    say("5. The line goes, as the message says. The gate is green again.")
    run(project, "git", "restore", FLOW, expect=0)
    run(project, "flowgate", "gate", expect=0)


COUNTING = """import tempfile
        finished = Path(tempfile.gettempdir()) / "finished.txt"
        with finished.open("a") as file:
            file.write(f"{self.index}\\n")
        self.rows[0]["accuracy"] -= 1e-9 * len(finished.read_text().splitlines())
        self.next(self.collect)"""


def set_up(project: Path) -> None:
    """A repository with the example in it, and the hook installed from this checkout."""
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("cache", "__pycache__", ".metaflow"))
    revision = output(ROOT, "git", "rev-parse", "HEAD")
    if revision is None:
        raise Unexpected("this checkout is no git repository with a commit, so no hook can be installed from it")
    (project / ".pre-commit-config.yaml").write_text(HOOKS.format(root=ROOT, revision=revision))
    for command in (
        ["git", "init", "--quiet", "--initial-branch", "main"],
        ["git", "config", "user.name", "Ada"],
        ["git", "config", "user.email", "ada@example.org"],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "--message", "The investigation, settled"],
        ["pre-commit", "install", "--install-hooks"],
    ):
        quiet = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if quiet.returncode:
            raise Unexpected(f"{' '.join(command)}: {quiet.stdout}{quiet.stderr}")


def change(project: Path, old: str, new: str) -> None:
    """Edit the flow, and show the edit."""
    path = project / FLOW
    text = path.read_text()
    if text.count(old) != 1:
        raise Unexpected(f"{FLOW} does not hold {old!r} once")
    path.write_text(text.replace(old, new))
    print(f"    --- a/{FLOW}\n    +++ b/{FLOW}", flush=True)
    for line in old.splitlines():
        print(f"    -{line}", flush=True)
    for line in new.splitlines():
        print(f"    +{line}", flush=True)


def run(project: Path, *command: str, expect: int) -> str:
    """Run a command with its output shown as it comes; what it printed."""
    print(f"\n$ {' '.join(repr(word) if ' ' in word else word for word in command)}", flush=True)
    # A pull request that runs the demo is no pull request of the project that it plays in.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    environment = kept | {"VIRTUAL_ENV": sys.prefix}
    process = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(f"  {line}", end="", flush=True)
        lines.append(line)
    if process.wait() != expect:
        raise Unexpected(f"`{' '.join(command)}` ended with {process.returncode}, not {expect}")
    print(f"  [exit code {expect}]", flush=True)
    return "".join(lines)


def output(folder: Path, *command: str) -> str | None:
    """What a command prints, or None where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def say(text: str) -> None:
    """A scene's heading."""
    print(f"\n{'=' * 100}\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
