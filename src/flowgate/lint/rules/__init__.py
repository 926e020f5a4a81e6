"""The registry: a rule is added by one file and one line here."""

from __future__ import annotations

from flowgate.lint.rule import Rule
from flowgate.lint.rules.completion_order import CompletionOrder
from flowgate.lint.rules.contract_missing import ContractMissing
from flowgate.lint.rules.contract_not_echoed import ContractNotEchoed
from flowgate.lint.rules.cwd_relative_path import CwdRelativePath
from flowgate.lint.rules.method_overrides_training import MethodOverridesTraining
from flowgate.lint.rules.module_constant import ModuleConstant
from flowgate.lint.rules.module_in_merge import ModuleInMerge
from flowgate.lint.rules.no_surface import NoSurface
from flowgate.lint.rules.per_config_foreach import PerConfigForeach
from flowgate.lint.rules.salted_hash import SaltedHash
from flowgate.lint.rules.script_mode_import import ScriptModeImport
from flowgate.lint.rules.unordered_iteration import UnorderedIteration
from flowgate.lint.rules.unordered_join import UnorderedJoin

RULES: tuple[Rule, ...] = (
    ScriptModeImport(),
    CwdRelativePath(),
    PerConfigForeach(),
    ModuleInMerge(),
    UnorderedJoin(),
    ModuleConstant(),
    MethodOverridesTraining(),
    ContractMissing(),
    ContractNotEchoed(),
    NoSurface(),
    UnorderedIteration(),
    CompletionOrder(),
    SaltedHash(),
)
