"""Where hooks and CI get flowgate from: what the user names, or where this installation came from.

Nothing that flowgate writes points to a place that its makers do not own: whoever owned that name could run code in a
user's CI.
"""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from flowgate.errors import FlowgateError

DISTRIBUTION = "metaflow-flowgate"
# The address of the public repository of flowgate, once there is one. Until then it is empty, and no text names one.
PUBLISHED_AT = ""
_GITHUB = "https://github.com/"
_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<rev>[\w./-]+)")
_ADDRESS = re.compile(r"(?P<address>(?:[a-z+]+://|[\w.-]+@[\w.-]+:).*?)(?:@(?P<rev>[\w.-]+))?")


class Source(NamedTuple):
    """A place to get flowgate from. Each part is empty where the place does not offer it.

    `repository` is what pre-commit clones and `rev` the commit it takes; `action` is what a workflow `uses`; `requirement`
    is what pip installs.
    """

    repository: str = ""
    rev: str = ""
    action: str = ""
    requirement: str = ""


def source_named(text: str, top: str) -> Source:
    """The source that a user names: `OWNER/REPO@REV` on GitHub, the address of a repository with `@REV`, or a path.

    Args:
        top: the top of the user's repository; an action in a folder of it can be used from there.

    Raises:
        FlowgateError: it is none of them, names no revision, or the path holds no flowgate.
    """
    path = os.path.abspath(os.path.expanduser(text))
    if os.path.exists(path):
        return _of_path(path, top)
    if text == "OWNER/REPO@SHA":
        raise FlowgateError(
            "--source OWNER/REPO@SHA is the form; write the owner and name of your repository, and the commit"
        )
    name = _NAME.fullmatch(text)
    short = re.search(r"@([0-9a-f]{7,39})$", text)
    if short is not None:
        raise FlowgateError(
            f"--source {text}: give the whole commit, 40 hexadecimal digits; GitHub takes no shorter one"
        )
    if name is not None:
        return _of_repository(f"{_GITHUB}{name['repository']}", name["rev"])
    address = _ADDRESS.fullmatch(text)
    if address is None:
        raise FlowgateError(
            f"--source {text} is no place to get flowgate from; name OWNER/REPO@SHA, the address of a git repository with "
            "@SHA, or the path of a checkout or a wheel"
        )
    if not address["rev"]:
        raise FlowgateError(f"--source {text} names no revision; add the commit that you trust: {text}@SHA")
    return _of_repository(address["address"], address["rev"])


def source_installed() -> Source:
    """Where this installation came from, as pip wrote it down (PEP 610): a git repository or an archive on a server.

    Empty for a folder or file of this machine, which no other machine has, and for an installation from an index.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return Source()
    known = told if isinstance(told, dict) else {}
    url, repository = str(known.get("url") or ""), known.get("vcs_info")
    commit = str(repository.get("commit_id") or "") if isinstance(repository, dict) else ""
    if url and commit:
        return _of_repository(url, commit)
    if url and not url.startswith("file:"):
        return Source(requirement=f"{DISTRIBUTION} @ {url}")
    return Source()


def _of_repository(address: str, rev: str) -> Source:
    address = address.removeprefix("git+")
    bare = address.rstrip("/").removesuffix(".git")
    action = f"{bare.removeprefix(_GITHUB)}@{rev}" if bare.startswith(_GITHUB) else ""
    return Source(address, rev, action, f"{DISTRIBUTION} @ git+{_as_url(address)}@{rev}")


def _as_url(address: str) -> str:
    """An address that pip takes: `git@host:path`, which only git itself knows, as a URL."""
    if "://" in address:
        return address
    host, _, path = address.partition(":")
    return f"ssh://{host}/{path}"


def _of_path(path: str, top: str) -> Source:
    from flowgate.project import git, repository_of

    if os.path.isfile(path):
        if not path.endswith(".whl"):
            raise FlowgateError(f"--source {path} is neither a folder nor a wheel")
        return Source(requirement=_from_top(path, top))
    if not os.path.isfile(os.path.join(path, ".pre-commit-hooks.yaml")):
        raise FlowgateError(f"--source {path} is no checkout of flowgate: it has no .pre-commit-hooks.yaml")
    inside = os.path.realpath(path).startswith(os.path.realpath(top) + os.sep)
    action = f"./{os.path.relpath(os.path.realpath(path), os.path.realpath(top))}" if inside else ""
    commit = (git(path, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()
    owned = commit if repository_of(path) == path else ""  # a folder of the user's own repository is none to clone
    return Source(path if owned else "", owned, action, _from_top(path, top))


def _from_top(path: str, top: str) -> str:
    """A path as a workflow at the top of the user's repository names it; the whole one where it lies elsewhere."""
    real, above = os.path.realpath(path), os.path.realpath(top)
    return f"./{os.path.relpath(real, above)}" if real.startswith(above + os.sep) else path


def can_move(source: Source) -> bool:
    """True if a source is taken by a name, such as that of a branch, which may be other code tomorrow."""
    return bool(source.rev) and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", source.rev) is None


def is_local(source: Source) -> bool:
    """True if a source is a place on this machine, which teammates and CI do not have."""
    address = source.repository or source.requirement
    return os.path.isabs(address) or urlsplit(address).scheme == "file"


def shown(source: Source) -> str:
    """A source in a word, for the user."""
    return unquote(f"{source.repository}@{source.rev}" if source.repository else source.requirement or source.action)
