"""FG406."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from flowgate import witness
from flowgate.finding import Finding
from flowgate.flow.conf import ConfigBroken as Refusal
from flowgate.flow.paths import FIXED, places
from flowgate.lint.examples import EXPERIMENT, promoted
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

_CONFIG = ""  # the name of the composition without a chosen experiment


class ConfigBroken(Rule):
    """A config, or an experiment of it, that Hydra cannot compose.

    Hydra itself composes what the flow starts with, and each choice of `experiment/` as one would start it. What it
    refuses, the run refuses too, after the code has been reviewed and the machine has been booked. The message is Hydra's.
    """

    id = "FG406"
    slug = "config-broken"
    mend = "mend what Hydra names; `flowgate show-config FLOW experiment=NAME` composes it again"

    def check(self, target: Target) -> Iterator[Finding]:
        if target.conf is None:
            yield from self._not_there(target)
            return
        if not target.conf.start.by_hydra:
            return
        refused = {name: held for name, held in target.experiments.items() if isinstance(held, Refusal)}
        # A choice that is left to whoever starts the flow is none that is missing.
        asks = isinstance(target.default, Refusal) and target.default.said.startswith("You must specify")
        if isinstance(target.default, Refusal) and not (asks and target.composing):
            refused = {_CONFIG: target.default} | refused
        told: dict[str, list[str]] = {}
        for name, refusal in refused.items():
            told.setdefault(refusal.said, []).append(name)
        for names in told.values():
            yield self._finding(target, refused[names[0]], names)

    def _not_there(self, target: Target) -> Iterator[Finding]:
        """A Config whose default file does not exist: the flow cannot even be loaded."""
        for setting in target.flow.settings().values():
            default = setting.call.argument(1, "default") if setting.kind == "Config" else None
            for place in places(default) if default is not None else ():
                if place.anchor == FIXED and place.path.endswith((".yaml", ".yml")) and not witness.is_file(place.path):
                    where = target.project.relative(place.path)
                    message = (
                        f"the config cannot be composed: `{setting.name}` reads {where}, and there is no such file"
                    )
                    mend = f"write {where}, or mend the path in `{setting.name}`"
                    yield self.found(
                        target, setting.call.node, target.flow.module, message, mend=mend, code=f"no {where}"
                    )
                    return

    def _finding(self, target: Target, refusal: Refusal, names: list[str]) -> Finding:
        conf = target.conf
        assert conf is not None
        experiments = [name for name in names if name != _CONFIG]
        parts = ["the config"] if _CONFIG in names else []
        if experiments:
            parts.append(f"experiment{'s' * (len(experiments) > 1)} {', '.join(experiments)}")
        message = f"{' and '.join(parts)} cannot be composed: {refusal.seen_from(target.project.root)}"
        path = conf.experiments[experiments[0]] if experiments and _CONFIG not in names else conf.primary
        if refusal.file:
            path = os.path.normpath(os.path.join(conf.folder, refusal.file))
        choice = f" {shlex.quote(refusal.choice)}" if refusal.choice else ""
        mend = self.mend.replace("FLOW experiment=NAME", f"{target.shown}{choice}")
        code = f"{os.path.relpath(conf.primary, target.project.root)} {parts[0]}: {refusal.said}"
        found = self.found(target, None, None, message, mend=mend, code=code)
        return found._replace(path=target.project.relative(path), line=refusal.line)


def _example(title: str, files: dict[str, str]) -> Example:
    whole = {
        "conf/config.yaml": _CONFIG_FILE,
        "conf/experiment/noise.yaml": f"{EXPERIMENT}methods: [topk]\n",
        "conf/method/topk.yaml": "kind: topk\n",
    }
    made = promoted(whole | files)
    flow = made["flow.py"].replace("parser=yaml.safe_load", "parser=compose_config")
    return Example(title, made | {"flow.py": flow})


_CONFIG_FILE = "defaults:\n  - experiment: noise\n  - _self_\nseeds: 2\n"


ConfigBroken.bad = (
    _example(
        "a choice that is not there",
        {"conf/config.yaml": _CONFIG_FILE.replace("  - _self_", "  - training: long\n  - _self_")},
    ),
    _example(
        "an experiment that stands on one that is not there",
        {"conf/experiment/wide.yaml": f"defaults:\n  - base\n{EXPERIMENT}"},
    ),
    _example("a key twice", {"conf/experiment/noise.yaml": f"{EXPERIMENT}name: noise\n"}),
)
ConfigBroken.good = (
    _example(
        "an experiment that stands on another",
        {"conf/experiment/wide.yaml": "defaults:\n  - noise\n  - _self_\nname: wide\n"},
    ),
    _example(
        "an optional choice that is not there",
        {
            "conf/config.yaml": _CONFIG_FILE.replace("  - _self_", "  - optional training: long\n  - _self_"),
        },
    ),
)
