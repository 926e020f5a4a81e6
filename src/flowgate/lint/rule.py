"""What a rule is, and what it is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from flowgate.finding import WARNING, Finding
from flowgate.flow.values import Module
from flowgate.target import Target

if TYPE_CHECKING:
    from flowgate.lint.edit import Edit


class Example(NamedTuple):
    """A small repository that a rule fires on, or does not: file contents by path, the flow in `flow.py`."""

    title: str
    files: dict[str, str]


class Rule:
    """One rule. The docstring of a rule is its documentation: what goes wrong, and why."""

    id: ClassVar[str]
    slug: ClassVar[str]
    severity: ClassVar[str] = "error"
    # What it is on flows that are not promoted, where that is less.
    elsewhere: ClassVar[str] = ""
    # Whether it is about two runs agreeing, which a flow that declares `nondeterministic` does not claim.
    about_agreement: ClassVar[bool] = False
    mend: ClassVar[str]
    bad: ClassVar[tuple[Example, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()

    def check(self, target: Target) -> Iterator[Finding]:
        """The findings of this rule on one flow."""
        raise NotImplementedError

    def fixes(self, target: Target) -> Iterator[tuple[Finding, list[Edit]]]:
        """The findings for which there is exactly one right answer, each with the edits that make it."""
        yield from ()

    def found(
        self,
        target: Target,
        node: ast.AST | None,
        home: Module | None,
        message: str,
        *,
        step: str | None = None,
        mend: str = "",
        code: str = "",
        severity: str = "",
    ) -> Finding:
        """A finding of this rule at `node` in the file of `home`; `code` where it is about more than the node."""
        path = target.project.relative(home.path) if home is not None else target.path
        return Finding(
            rule=self.id,
            layer="lint",
            severity=severity or self.severity_on(target),
            flow=target.path,
            name=target.flow.name,
            path=path,
            line=getattr(node, "lineno", 1),
            step=step,
            code=code or (ast.unparse(node) if node is not None else ""),
            message=message,
            mend=mend or self.mend,
        )

    def severity_on(self, target: Target) -> str:
        """The severity of a finding on this flow, by what the flow claims."""
        if self.elsewhere and not target.promoted:
            return self.elsewhere
        return WARNING if self.about_agreement and target.claims_nothing else self.severity

    @classmethod
    def title(cls) -> str:
        """The first line of the documentation."""
        return (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")
