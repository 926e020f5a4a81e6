"""The case before the judge: the files of the flow, its sources of truth, and the digest of both."""

from __future__ import annotations

import os
from typing import NamedTuple

from flowgate.errors import FlowgateError
from flowgate.flow.conf import Composed
from flowgate.flow.subject import digests, subject
from flowgate.target import Target

_LARGEST = 2_000_000


class Case(NamedTuple):
    """What is judged: text by path, for the flow and for its sources of truth, and the digest of every file.

    `composed` are the configs as Hydra would compose them, by the root file and the choice that makes each of them:
    `conf/config.yaml#experiment=noise`. They follow from the files, so no digest is taken of them.
    """

    flow: str
    name: str
    files: dict[str, str]
    sources: dict[str, str]
    composed: dict[str, str]
    digests: dict[str, str]

    @property
    def subject(self) -> str:
        """The digest a review is bound to."""
        return subject(self.digests)

    def holds(self, path: str) -> str | None:
        """The text of a file of the case, or of a composed config."""
        return self.files.get(path, self.composed.get(path, self.sources.get(path)))

    def is_of_flow(self, path: str) -> bool:
        """Whether a path is one of the flow's side."""
        return path in self.files or path in self.composed


def is_asked(target: Target) -> bool:
    """Whether a review is asked for: the flow is promoted, or names sources of truth."""
    return target.promoted or bool(target.settings.sources)


def open_case(target: Target) -> Case:
    """Read the files of a flow and its sources.

    Raises:
        FlowgateError: the flow names no sources, or one is missing, binary, too large or outside the repository.
    """
    project = target.project
    sources = target.settings.sources
    if not sources:
        where = project.place(f'flow."{target.path}"')
        raise FlowgateError(
            f"{target.path} names no sources of truth to be judged against; list them under {where}: "
            'sources = ["docs/investigation.md"]'
        )
    paths = target.files
    named = [_source(target, name) for name in sources]
    return Case(
        flow=target.path,
        name=target.flow.name,
        files={project.relative(path): _text(path, project.relative(path)) for path in paths},
        sources={name: _text(path, name) for name, path in zip(sources, named, strict=True)},
        composed=_composed(target),
        digests=digests(project, [*paths, *named]),
    )


def _composed(target: Target) -> dict[str, str]:
    """The default composition of the flow's config, and that of each other experiment."""
    conf = target.conf
    if conf is None:
        return {}
    import yaml

    primary = target.project.relative(conf.primary)
    found: dict[str, str] = {}
    made = {"default": target.default} | {f"experiment={name}": held for name, held in target.experiments.items()}
    for name, held in made.items():
        if isinstance(held, Composed):
            text = yaml.safe_dump(held.written, sort_keys=False)
        else:
            text = f"cannot be composed: {held.said if held is not None else ''}\n"
        if text not in found.values():
            found[f"{primary}#{name}"] = text
    return found


def _source(target: Target, name: str) -> str:
    path = os.path.realpath(target.project.absolute(name))
    if not path.startswith(os.path.realpath(target.project.root) + os.sep):
        raise FlowgateError(
            f"source of truth {name} of {target.path} lies outside {target.project.root}; a flow's sources lie in its project"
        )
    if not os.path.isfile(path):
        raise FlowgateError(
            f"source of truth {name} of {target.path} does not exist; mend `sources` under "
            + target.project.place(f'flow."{target.path}"')
        )
    return target.project.absolute(name)


def _text(path: str, shown: str) -> str:
    if os.path.getsize(path) > _LARGEST:
        raise FlowgateError(
            f"{shown} is larger than {_LARGEST // 1_000_000} MB; no judge can read it. Name a smaller source"
        )
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise FlowgateError(f"{shown} is not UTF-8 text, so it cannot be quoted. Name a text as the source") from None
