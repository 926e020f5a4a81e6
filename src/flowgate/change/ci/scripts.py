"""What a script of a workflow asks of flowgate, and whether it still fails when flowgate does."""

from __future__ import annotations

import re

_GATE = re.compile(r"\bflowgate\b[^\n]*?\b(gate|lint|review|prove)\b")
HOOKS = ("pre-commit", "prek")  # what runs hooks
_HOOKS = re.compile(r"\b(pre-commit|prek)\s+run\b")
_END = re.compile(r"\s*(\|\|?|&&|;|\d?>>?|&\s*$|#).*", re.DOTALL)
_SAID = re.compile(r"\b(echo|printf|cat|type|which|alias)\b|^\s*(true|:)\b|#")
# Ways to start a program that change nothing about it.
_STARTS = re.compile(
    r"^\s*(if\s+)?(!\s*)?((uv|poetry|pdm|pipenv|hatch|pixi|rye)\s+run\s+(-[\w-]+(=\S+)?\s+)*)?(uvx\s+)?(time\s+)?"
    r"((\S*/)?python[\d.]*\s+(-I\s+)?-m\s+)?(\S*/)?$"
)
# Options that say where the answer goes, or ask for more.
_ANSWERS = {"--format", "--json", "--summary", "--sarif", "--html", "--statement", "--color", "-q", "--quiet"}
_VALUED = _ANSWERS - {"-q", "--quiet"}
_MORE = {"--no-cache", "--policy-from-base", "--show-diff-on-failure", "--verbose", "-v", "--as-committed"}
# What puts other files in the place of those to be judged, or other programs in the place of the gate.
_MEDDLES = re.compile(
    r"\bgit\s+(?:-\S+\s+(?:\S+\s+)?)*(checkout|restore|reset|stash|switch|apply|revert|clean|rm|mv|pull|merge|update-ref|branch|symbolic-ref)\b"
    r"|\bsed\s+-i|\b(rm|mv|cp|tee|ln|patch|alias)\b|>\s*\S|\.flowgate|flowgate\.toml|pyproject\.toml|GITHUB_(PATH|ENV)"
    r"|\w\s*\(\)\s*\{|<<"
)
_SKIPS = re.compile(r"\bexit\s+0\b|\btrap\b|^\s*(if|case|while|until|for|select)\b|\breturn\b")


def runs_gate(script: str, hooked: bool) -> bool:
    """Whether a script runs flowgate, or, where the repository's hooks are flowgate's, all hooks."""
    return bool(asked(script, hooked))


def asked(script: str, hooked: bool) -> list[tuple[str, ...]]:
    """What each command of a script asks of flowgate, without where the answer goes."""
    return [found for line in lines(script) if (found := _asks(line, hooked))]


def lines(script: str) -> list[str]:
    """The lines of a script, those that a backslash joins as one, arrays in their places and texts that follow `<<` aside."""
    joined = re.sub(r"\\\n\s*", " ", script)
    joined = re.sub(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n.*?\n\s*\2\b", "", joined, flags=re.DOTALL)
    for name, held in re.findall(r"\b(\w+)=\(([^)]*)\)", joined):
        joined = joined.replace(f'"${{{name}[@]}}"', held)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _asks(line: str, hooked: bool) -> tuple[str, ...]:
    match = _GATE.search(line) or (_HOOKS.search(line) if hooked else None)
    if match is None or _SAID.search(line[: match.start()]):
        return ()
    words = iter(_END.sub("", line[match.start() :]).split())
    found = list(filter(None, [_STARTS.sub("", line[: match.start()]).strip()]))  # what is no way to start it, is told
    for word in words:
        if word in _VALUED:
            next(words, None)
        elif word not in _MORE | _ANSWERS and word.partition("=")[0] not in _ANSWERS:
            found.append(word.strip("\"'"))
    return tuple(found)


def hides(script: str, pipefail: bool, hooked: bool) -> str:
    """The line by which a script passes although flowgate fails; empty where there is none."""
    held = lines(script)
    text = "\n".join(held)
    kept = re.search(r"exit\s+\"?\$\{?(\w+|\?)", text) is not None
    for line in held:
        if re.match(r"set \+e\b", line) and not kept:
            return line
        if re.match(r"trap\b.*\b(EXIT|ERR)\b", line) or re.match(r"exit 0\b", line):
            return line
        if _asks(line, hooked) and _is_hidden(line, text, kept, pipefail or "pipefail" in text):
            return line
    return ""


def _is_hidden(line: str, text: str, kept: bool, pipefail: bool) -> bool:
    """Whether what a command of flowgate exits with is lost."""
    if re.match(r"(if|while|until|!)\b|!", line):
        after = text[text.index(line) :]
        return not kept and re.search(r"\bexit\s+[1-9]|\bfalse\b", after) is None
    match = _GATE.search(line) or _HOOKS.search(line)
    rest = line[match.end() :] if match else ""
    otherwise = re.search(r"\|\|(.*)", rest)
    if otherwise is not None:
        return not (
            re.search(r"\bexit\s+([1-9]|\"?\$\{?[\w?])|\bfalse\b", otherwise[1]) or ("$?" in otherwise[1] and kept)
        )
    piped = re.search(r"(?<!\|)\|(?!\|)", rest) is not None
    return (piped and not pipefail) or re.search(r";\s*(true|:|exit 0)\b|&\s*$", rest) is not None


def meddles(line: str) -> bool:
    """Whether a line can change what the gate judges, or what is run in its place."""
    return _MEDDLES.search(re.sub(r"[12]?>&[12]|[12&]?>\s*/dev/null", "", line)) is not None


def skips(line: str) -> bool:
    """Whether a line can keep what follows it from being run."""
    return _SKIPS.search(line) is not None
