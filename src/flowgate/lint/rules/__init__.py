"""The registry: a rule is added by one file and one line here.

The line says where the rule is and which flows it can concern at all, so that no other flow has to load it. The file is
named after the rule's slug, and so is the class.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from flowgate.lint.rule import Rule
    from flowgate.target import Target

ALWAYS, PROMOTED, CONFIGURED, IMPORTING = "always", "promoted", "configured", "importing"


class Entry(NamedTuple):
    """A rule's id and file, and the flows it can concern: all, the promoted, those with a config or settings of their
    own, those that import files of ours or tell of a launcher, or those in whose code one of some words stands (a space
    between two)."""

    id: str
    file: str
    concerns: str

    @property
    def slug(self) -> str:
        """The rule's slug."""
        return self.file.replace("_", "-")

    def load(self) -> Rule:
        """The rule."""
        name = "".join(word.capitalize() for word in self.file.split("_"))
        found: Rule = getattr(import_module(f"{__name__}.{self.file}"), name)()
        return found

    def may_concern(self, target: Target) -> bool:
        """Whether the rule can have anything to say of a flow; where it cannot, it need not be loaded."""
        if self.concerns == ALWAYS or target.promoted:
            return True
        if self.concerns == PROMOTED:
            return False
        if self.concerns == CONFIGURED:
            return target.conf is not None or target.path in target.project.settings.flow
        if self.concerns == IMPORTING and len(target.flow.closure) > 1:
            return True
        words = [word.encode() for word in (_LAUNCHERS if self.concerns == IMPORTING else self.concerns).split()]
        return any(word in module.source.data for module in target.flow.closure for word in words)


_LAUNCHERS = "script uv"

REGISTRY = (
    Entry("FG001", "unreadable", ALWAYS),
    Entry("FG101", "script_mode_import", IMPORTING),
    Entry("FG102", "cwd_relative_path", "Config IncludeFile"),
    Entry("FG103", "eager_metaflow", PROMOTED),
    Entry("FG104", "shell_drift", PROMOTED),
    Entry("FG105", "shadowed_module", ALWAYS),
    Entry("FG201", "per_config_foreach", "foreach"),
    Entry("FG202", "module_in_merge", "merge_artifacts"),
    Entry("FG203", "blind_join", ALWAYS),
    Entry("FG204", "unordered_join", ALWAYS),
    Entry("FG301", "module_constant", ALWAYS),
    Entry("FG302", "method_overrides_training", CONFIGURED),
    Entry("FG303", "silent_kind", "kind"),
    Entry("FG304", "untagged_axis", PROMOTED),
    Entry("FG305", "seam_signature", PROMOTED),
    Entry("FG306", "seam_copy", "make_data"),
    Entry("FG307", "step_literal", ALWAYS),
    Entry("FG401", "contract_missing", CONFIGURED),
    Entry("FG402", "contract_not_echoed", PROMOTED),
    Entry("FG403", "no_surface", PROMOTED),
    Entry("FG405", "worker_pin", CONFIGURED),
    Entry("FG406", "config_broken", "Config hydra"),
    Entry(
        "FG501",
        "unseeded_rng",
        "rand seed shuffle sample torch sklearn keras tensorflow secrets rvs scipy optuna hyperopt",
    ),
    Entry("FG502", "unordered_iteration", ALWAYS),
    Entry(
        "FG503", "ambient_value", "time now today uuid getpid getppid ident host fqdn node uname current ulid process"
    ),
    Entry("FG504", "completion_order", "as_completed unordered callback Queue"),
    Entry("FG505", "salted_hash", "hash"),
    Entry("FG506", "shared_file", "foreach"),
    Entry(
        "FG507",
        "proof_aware",
        "flowgate FLOWGATE environ getenv ppid parent /proc getsid getpg frame stack meta_path path_hooks gettrace getprofile "
        "dockerenv sitecustomize hydra omegaconf OmegaConf",
    ),
    Entry("FG601", "poc_anchor", ALWAYS),
    Entry("FG602", "loose_results", PROMOTED),
)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, loaded."""
    return tuple(entry.load() for entry in REGISTRY)
