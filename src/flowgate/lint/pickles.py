"""Which values pickle differently each time they are pickled: torch modules, tensors, state dicts, sets."""

from __future__ import annotations

import ast

from flowgate.flow.model import Flow
from flowgate.flow.values import (
    Attr,
    Call,
    Class,
    Display,
    Function,
    Instance,
    Item,
    Many,
    Mapping,
    Operation,
    Value,
    callee,
)

MODULE, TENSOR, STATE, SET = "a torch module", "a torch tensor", "a torch state_dict", "a set"

_MODULE_BASES = (".nn.Module", "LightningModule", "torch.nn.", "transformers.PreTrainedModel")
_MAKERS = (
    "torchvision.models.",
    "timm.create_model",
    "torch.hub.load",
    "torch.load",
    "torch.jit.",
    "torch.compile",
    "torch.optim.",
)
_TENSORS = frozenset(
    """
    tensor zeros ones empty full rand randn randint randperm arange linspace eye as_tensor from_numpy stack cat
    zeros_like ones_like rand_like randn_like normal bernoulli multinomial where einsum matmul mm softmax sigmoid
    relu tanh exp log sqrt mean sum cumsum clone
    """.split()
)
_SAME = frozenset(
    """
    to eval train cuda cpu half float double bfloat16 requires_grad_ requires_grad share_memory clone detach
    contiguous apply compile squeeze unsqueeze reshape view permute transpose flatten mean sum softmax
    """.split()
)
_COPIES = frozenset({"copy.deepcopy", "copy.copy", "torch.compile", "torch.nn.DataParallel"})
_DEEPEST = 12


def unstable(flow: Flow, value: Value, depth: int = 0) -> str:
    """What unstable thing the value is or holds, in words; empty where it is none, or nothing can be told."""
    if depth > _DEEPEST:
        return ""
    for option in flow.resolve(value):
        found = _of(flow, option, depth + 1)
        if found:
            return found
    return ""


def _of(flow: Flow, value: Value, depth: int) -> str:
    if isinstance(value, Call):
        return _of_call(flow, value, depth)
    if isinstance(value, Instance):
        if _is_module_class(value.cls):
            return MODULE
        return _of_any(flow, list(value.attributes.values()), depth)
    if isinstance(value, Display | Many) and value.type == "set":
        return "" if isinstance(value, Display) and len(value.elements) < 2 else SET
    if isinstance(value, Display):
        return _of_any(flow, value.elements, depth)
    if isinstance(value, Many):
        return unstable(flow, value.element, depth)
    if isinstance(value, Mapping):
        return _of_any(flow, [item for _, item in value.items], depth)
    if isinstance(value, Operation):
        found = _of_any(flow, value.operands, depth) if value.operator not in ("Compare", "Not", "JoinedStr") else ""
        return found if found in (TENSOR, SET) else ""
    return _of_part(flow, value, depth)


def _of_part(flow: Flow, value: Value, depth: int) -> str:
    """An attribute or item: of a container whose contents are known, `module.layer`, or a weight of a state dict."""
    if isinstance(value, Item):
        for base in flow.resolve(value.base):
            held = _of(flow, base, depth)
            if isinstance(base, Display | Mapping | Many) or held == STATE:
                return TENSOR if held == STATE else held
    return ""


def _of_any(flow: Flow, values: list[Value], depth: int) -> str:
    return next((found for found in (unstable(flow, value, depth) for value in values) if found), "")


def _of_call(flow: Flow, call: Call, depth: int) -> str:
    name = callee(call)
    if name in _COPIES and call.args:
        return unstable(flow, call.args[0], depth)
    if name:
        return _of_name(name, call)
    if isinstance(call.func, Attr):
        return _of_method(flow, call.func, depth)
    annotated = _annotation(call.func)
    if annotated:
        return annotated
    return TENSOR if unstable(flow, call.func, depth) == MODULE else ""


def _of_name(name: str, call: Call) -> str:
    root, _, last = name.rpartition(".")
    if name in ("builtins.set", "builtins.frozenset"):
        return SET if call.args else ""
    if name.startswith(_MAKERS) or (last == "from_pretrained" and "Tokenizer" not in root):
        return MODULE
    if name.startswith("torch.utils.data.") and last in ("TensorDataset", "DataLoader"):
        return TENSOR
    if root.startswith("torch.nn") and last[:1].isupper():
        return MODULE
    if root == "torch" and last in _TENSORS:
        return TENSOR
    return ""


def _of_method(flow: Flow, func: Attr, depth: int) -> str:
    if func.name == "state_dict":
        return STATE
    if func.name not in _SAME and func.name not in ("copy", "__call__", "forward", "union", "intersection"):
        return ""
    held = unstable(flow, func.base, depth)
    if func.name in ("union", "intersection"):
        return held if held == SET else ""
    return TENSOR if func.name in ("__call__", "forward") and held == MODULE else held


def _annotation(func: Value) -> str:
    """What a first-party function says it returns."""
    node = func.node if isinstance(func, Function) else None
    if not isinstance(node, ast.FunctionDef) or node.returns is None:
        return ""
    text = ast.unparse(node.returns).strip("'\"")
    if text.endswith("nn.Module") or text == "Module":
        return MODULE
    return TENSOR if text in ("Tensor", "torch.Tensor") else ""


def _is_module_class(cls: Class) -> bool:
    return any(base.endswith(_MODULE_BASES) or base.startswith("torch.nn.") for base in cls.foreign_bases())
