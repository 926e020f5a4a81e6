"""The registry: a rule is added by one file and one line here."""

from __future__ import annotations

from flowgate.lint.rule import Rule
from flowgate.lint.rules.ambient_value import AmbientValue
from flowgate.lint.rules.blind_join import BlindJoin
from flowgate.lint.rules.completion_order import CompletionOrder
from flowgate.lint.rules.contract_missing import ContractMissing
from flowgate.lint.rules.contract_not_echoed import ContractNotEchoed
from flowgate.lint.rules.cwd_relative_path import CwdRelativePath
from flowgate.lint.rules.eager_metaflow import EagerMetaflow
from flowgate.lint.rules.loose_results import LooseResults
from flowgate.lint.rules.method_overrides_training import MethodOverridesTraining
from flowgate.lint.rules.module_constant import ModuleConstant
from flowgate.lint.rules.module_in_merge import ModuleInMerge
from flowgate.lint.rules.no_surface import NoSurface
from flowgate.lint.rules.per_config_foreach import PerConfigForeach
from flowgate.lint.rules.poc_anchor import PocAnchor
from flowgate.lint.rules.salted_hash import SaltedHash
from flowgate.lint.rules.script_mode_import import ScriptModeImport
from flowgate.lint.rules.seam_copy import SeamCopy
from flowgate.lint.rules.seam_signature import SeamSignature
from flowgate.lint.rules.shared_file import SharedFile
from flowgate.lint.rules.silent_kind import SilentKind
from flowgate.lint.rules.step_literal import StepLiteral
from flowgate.lint.rules.unordered_iteration import UnorderedIteration
from flowgate.lint.rules.unordered_join import UnorderedJoin
from flowgate.lint.rules.unseeded_rng import UnseededRng
from flowgate.lint.rules.untagged_axis import UntaggedAxis
from flowgate.lint.rules.worker_pin import WorkerPin

RULES: tuple[Rule, ...] = (
    ScriptModeImport(),
    CwdRelativePath(),
    EagerMetaflow(),
    PerConfigForeach(),
    ModuleInMerge(),
    BlindJoin(),
    UnorderedJoin(),
    ModuleConstant(),
    MethodOverridesTraining(),
    SilentKind(),
    UntaggedAxis(),
    SeamSignature(),
    SeamCopy(),
    StepLiteral(),
    ContractMissing(),
    ContractNotEchoed(),
    NoSurface(),
    WorkerPin(),
    UnseededRng(),
    UnorderedIteration(),
    AmbientValue(),
    CompletionOrder(),
    SaltedHash(),
    SharedFile(),
    PocAnchor(),
    LooseResults(),
)
