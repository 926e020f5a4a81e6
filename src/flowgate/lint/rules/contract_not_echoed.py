"""FG402."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.finding import Finding
from flowgate.flow.trace import Stored
from flowgate.flow.values import Const, Setting, options, walk
from flowgate.lint.examples import promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target


class ContractNotEchoed(Rule):
    """The declared contract is not stored, from the config, as the artifact `determinism`.

    A run that carries its own claim can be judged years later, by whoever finds it; and the proof checks that what ran
    is what was declared. A literal in the code would go on claiming what the config no longer says.
    """

    id = "FG402"
    slug = "contract-not-echoed"
    mend = "store it in `start`, from the config: `self.determinism = self.cfg.experiment.determinism`"

    def check(self, target: Target) -> Iterator[Finding]:
        stored = [
            (step, event)
            for step, event in target.flow.events()
            if step is not None and isinstance(event, Stored) and event.name == "determinism"
        ]
        if not stored:
            message = "no step stores `determinism`, so a run does not say what it claims about itself"
            yield self.found(target, target.flow.cls.node, target.flow.module, message, code=target.flow.name)
        for step, event in stored:
            parts = list(walk(event.value))
            if any(isinstance(part, Setting) for part in parts):
                continue
            if all(isinstance(option, Const) for option in options(event.value)):
                message = "`determinism` is a literal here: it goes on claiming what the config no longer says"
                yield self.found(target, event.node, event.home, message, step=step)


ContractNotEchoed.bad = (
    Example("nothing is stored", promoted(start="pass")),
    Example("a literal", promoted(start='self.determinism = "order_independent"')),
    Example("under another name", promoted(start="self.contract = self.cfg.experiment.determinism")),
)
ContractNotEchoed.good = (
    Example("from the config", promoted(start="self.determinism = self.cfg.experiment.determinism")),
    Example(
        "through a local name", promoted(start="cfg = self.cfg; self.determinism = cfg['experiment']['determinism']")
    ),
)
