"""What a rule is, and what it is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, NamedTuple

from flowgate.errors import FlowgateError
from flowgate.finding import Finding
from flowgate.flow.conf import Composed, Conf, compose
from flowgate.flow.model import Flow
from flowgate.flow.modules import Module
from flowgate.flow.shell import conf_of, is_promoted
from flowgate.project import Project
from flowgate.settings import FlowSettings


class Example(NamedTuple):
    """A small repository that a rule fires on, or does not: file contents by path, the flow in `flow.py`."""

    title: str
    files: dict[str, str]


class Subject:
    """One flow as a rule sees it: the model, its config, its settings."""

    def __init__(self, flow: Flow, project: Project) -> None:
        self.flow, self.project = flow, project
        self.path = project.relative(flow.path)

    @cached_property
    def conf(self) -> Conf | None:
        """The flow's Hydra config folder."""
        return conf_of(self.flow)

    @cached_property
    def composed(self) -> Composed | None:
        """The default composition; None where there is no config, or it cannot be composed."""
        try:
            return compose(self.conf) if self.conf is not None else None
        except FlowgateError:
            return None

    @cached_property
    def promoted(self) -> bool:
        """Whether all rules apply."""
        return is_promoted(self.flow, self.conf)

    @property
    def settings(self) -> FlowSettings:
        """What the settings say of this flow."""
        return self.project.settings.of(self.path)


class Rule:
    """One rule. The docstring of a rule is its documentation: what goes wrong, and why."""

    id: ClassVar[str]
    slug: ClassVar[str]
    severity: ClassVar[str] = "error"
    promoted_only: ClassVar[bool] = False
    mend: ClassVar[str]
    bad: ClassVar[tuple[Example, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()

    def check(self, subject: Subject) -> Iterator[Finding]:
        """The findings of this rule on one flow."""
        raise NotImplementedError

    def found(
        self,
        subject: Subject,
        node: ast.AST | None,
        home: Module | None,
        message: str,
        *,
        step: str | None = None,
        mend: str = "",
        code: str = "",
    ) -> Finding:
        """A finding of this rule at `node` in the file of `home`; `code` where it is about more than the node."""
        path = subject.project.relative(home.path) if home is not None else subject.path
        return Finding(
            rule=self.id,
            layer="lint",
            severity=self.severity,
            flow=subject.path,
            name=subject.flow.name,
            path=path,
            line=getattr(node, "lineno", 1),
            step=step,
            code=code or (ast.unparse(node) if node is not None else ""),
            message=message,
            mend=mend or self.mend,
        )

    @classmethod
    def title(cls) -> str:
        """The first line of the documentation."""
        return (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")
