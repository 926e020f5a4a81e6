"""The variables of the environment that a proof depends on."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable

from flowgate import witness
from flowgate.finding import digest
from flowgate.project import git
from flowgate.prove.inputs import walked
from flowgate.prove.meeting import programs_of
from flowgate.prove.model import Ran
from flowgate.prove.sandbox import environment

_ALL, _NAMED = "*", "named in the project"
_PROGRAM = "program "
_LARGEST = 1 << 20
# What an arm sets for itself, or what differs between two terminals, editors and shells of one person.
_OF_NO_MATTER = re.compile(
    r"(FLOWGATE|METAFLOW)_.*|PYTHON(PATH|HASHSEED|DONTWRITEBYTECODE)|TMPDIR|TZ|LANG|LC_.*|COLUMNS|LINES|HOSTNAME|PATH"
    r"|_|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|LS_COLORS|DISPLAY|WINDOWID|PS1|PROMPT.*|HIST.*"
    r"|(SSH|GPG|DBUS|XDG|VSCODE|GITHUB|ACTIONS|RUNNER)_.*"
)
_WORD = re.compile(r"\w+", re.ASCII)
# The same, where nobody knows which variables were asked for.
_OF_A_TERMINAL = re.compile(
    r"(ITERM|KITTY|WEZTERM|ALACRITTY|VTE|GNOME|KDE|QT|GTK|TMUX|SYSTEMD|GIT|PRE_COMMIT|VIRTUAL_ENV|CONDA|UV|PIP|PYENV|NVM|BASH|ZSH|LESS)(_.*)?"
    r"|STY|USER|LOGNAME|USERNAME|HOME|SHELL|EDITOR|VISUAL|PAGER|MAIL|MANPATH|INFOPATH|NO_COLOR|(FORCE|CLI)_?COLOR.*|CI"
    r"|SESSION_MANAGER|INVOCATION_ID|JOURNAL_STREAM|WAYLAND_DISPLAY|DESKTOP_SESSION|OS|HOSTTYPE|MACHTYPE|OSTYPE"
)


def asked_for(ran: Iterable[Ran]) -> frozenset[str]:
    """The names of the variables that arms asked for, and of the programs that they started by PATH.

    `*` stands among them where the flow's code went through all variables.

    A child program has all of them, and C code can ask for any; which, nobody sees: then those count that some file of the project
    names.
    """
    found: set[str] = set()
    for one in ran:
        found |= one.variables
        tasks = one.tasks.values()
        found |= {_PROGRAM + name for task in tasks for name in task.started if "/" not in name and " " not in name}
        if any(programs_of(task) or any(what.startswith("C code") for what in task.unseen) for task in tasks):
            found.add(_NAMED)
    return frozenset(found)


def variables_now(root: str, names: Collection[str]) -> dict[str, str]:
    """The digests of variables of the environment as they are set now, `variable NAME` by name; those of the arms left out.

    `variable *` has the digest of all that an arm is given, but for those that differ between two terminals of one person, and
    `variable named in the project` that of those among them whose names stand in one of the project's files.
    """
    programs = sorted(name for name in names if name.startswith(_PROGRAM))
    asked = {name.removeprefix("variable ") for name in names if not name.startswith(_PROGRAM)}
    wanted = sorted(name for name in asked - {_ALL, _NAMED} if not _OF_NO_MATTER.fullmatch(name))
    found = {f"variable {name}": witness.state_of_variable(name) for name in wanted}
    found |= {name: shutil.which(name.removeprefix(_PROGRAM)) or "" for name in programs}
    given = {
        name: value
        for name, value in environment().items()
        if not _OF_NO_MATTER.fullmatch(name) and not _OF_A_TERMINAL.fullmatch(name)
    }
    if _ALL in asked:
        found[f"variable {_ALL}"] = _digest(given)
    if _NAMED in asked:
        named = _named_in(root, given)
        found[f"variable {_NAMED}"] = _digest({name: given[name] for name in named})
    return found


def _digest(variables: dict[str, str]) -> str:
    return digest(*(f"{name}={os.fsencode(value).hex()}" for name, value in sorted(variables.items())))


def _named_in(root: str, names: Iterable[str]) -> frozenset[str]:
    """Those of some names that stand as a word in a file of the project, of those that git tracks or would add."""
    words = [name for name in names if _WORD.fullmatch(name)]
    if not words:
        return frozenset()
    wanted = [part for word in words for part in ("-e", word)]
    told = git(root, "grep", "-I", "-h", "-o", "-w", "-F", "--untracked", *wanted, codes=(0, 1))
    if told is not None:
        return frozenset(told.split())
    pattern = re.compile(rb"\b(" + b"|".join(word.encode() for word in words) + rb")\b")
    found: set[str] = set()
    for name in sorted(walked(root)):
        try:
            with open(os.path.join(root, name), "rb") as file:
                found |= {word.decode() for word in pattern.findall(file.read(_LARGEST))}
        except OSError:
            continue
    return frozenset(found)
