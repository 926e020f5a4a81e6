"""FG507."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowgate import witness
from flowgate.discover import text_files
from flowgate.finding import Finding
from flowgate.flow.syntax import nodes
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

# What an arm sets and a plain run does not, or sets otherwise.
_OF_ARMS = frozenset(
    "PYTHONPATH PYTHONHASHSEED METAFLOW_HOME METAFLOW_TOKEN_HOME METAFLOW_CLIENT_CACHE_PATH METAFLOW_DEFAULT_METADATA "
    "METAFLOW_DATASTORE_SYSROOT_LOCAL LD_PRELOAD".split()
)
_SET_BY_ARMS = frozenset("TZ LC_ALL COLUMNS LINES TMPDIR HOSTNAME".split())  # ordinary to ask for, but not to decide by
# What is only shown to somebody: a call by one of these names, a name that holds how something is shown.
_SHOWN = frozenset(
    "print debug info warning warn error critical exception log setLevel basicConfig getLogger tqdm trange track Progress "
    "Console echo secho colored style write".split()
)
_HOW_SHOWN = re.compile(
    r".*(colou?r|verbos|quiet|progress|disable|log|level|tty|ansi|bar|width|emoji|debug).*", re.IGNORECASE
)
_OF_CI = re.compile(
    r"CI|CONTINUOUS_INTEGRATION|BUILD_ID|PRE_COMMIT\w*|(GITHUB|GITLAB|ACTIONS|RUNNER|TRAVIS|CIRCLE|JENKINS|BUILDKITE)(_\w+)?"
)
_OF_FLOWGATE = re.compile(r"flowgate", re.IGNORECASE)
_OF_PROCESSES = re.compile(r"/proc/(self|thread-self|\d+|\{|%|1\b)|/proc/?$|/\.dockerenv$|/proc/\*")
_PARENTS = frozenset({"getppid", "ppid", "parents", "getsid", "getpgid", "getpgrp"})
_FRAMES = frozenset({"_getframe", "_current_frames", "currentframe", "stack", "extract_stack", "walk_stack"})
_HOOKS = frozenset({"meta_path", "path_hooks", "gettrace", "getprofile"})
_HOMES = frozenset({"os", "sys", "psutil", "inspect", "traceback", "threading"})


_WORDS = (
    b"flowgate FLOWGATE sitecustomize environ getenv ppid parent /proc getsid getpg frame stack meta_path path_hooks gettrace "
    b"getprofile dockerenv"
).split()


class ProofAware(Rule):
    """Code looks whether it is being proven.

    A proof is worth what it says of the runs that nobody watches. A flow that asks for flowgate's variables, for its own parent
    process, for the frames that called it, or that does something else in CI, can give one answer to the gate and another one
    to the reader. What a run does has to come from its config.
    """

    id = "FG507"
    slug = "proof-aware"
    mend = "let the config decide what the flow does, and remove the look at what started it"

    def check(self, target: Target) -> Iterator[Finding]:
        for module in target.flow.closure:
            tree = module.source.parse()
            if tree is not None and any(word in module.source.data for word in _WORDS):
                for node, what in _looks(tree):
                    yield self.found(
                        target, node, module, f"{what}: in a proof the flow may do something else than in a run"
                    )
        if any(
            word in module.source.data
            for module in target.flow.closure
            for word in (b"hydra", b"omegaconf", b"OmegaConf")
        ):
            for path in text_files(target.project.root):
                if path.endswith((".yaml", ".yml")):
                    yield from self._of_config(target, target.project.absolute(path))

    def _of_config(self, target: Target, path: str) -> Iterator[Finding]:
        try:
            text = witness.read(path).decode("utf-8", "replace")
        except OSError:
            return
        for number, line in enumerate(text.splitlines(), 1):
            for name in re.findall(r"\boc\.env:\s*(\w+)", line.partition(" #")[0]):
                if name in _OF_ARMS or _OF_CI.fullmatch(name) or _OF_FLOWGATE.match(name):
                    shown = target.project.relative(path)
                    message = f"the config asks for `{name}`: in a proof the flow may do something else than in a run"
                    yield self.found(target, None, None, message, code=line.strip())._replace(path=shown, line=number)


def _looks(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every place that looks for what runs the code, and what it looks at, in words."""
    found = nodes(tree)
    prose = {id(node.value) for node in found if isinstance(node, ast.Expr)}
    written = _written(found) | _shown(found)
    deciding = _deciding(found)
    names = _imported(found)
    for node in found:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in prose:
            text = node.value if isinstance(node.value, str) else node.value.decode("utf-8", "replace")
            what = "" if id(node) in written else _named_by(text, id(node) in deciding)
            if what:
                yield node, what
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            if any(name.partition(".")[0] in ("flowgate", "flowgate_probe", "sitecustomize") for name in modules):
                yield node, "it imports flowgate"
        else:
            what = _asked_by(node, names, id(node) in deciding)
            if what:
                yield node, what


def _named_by(text: str, decides: bool) -> str:
    """What a string is the name of; empty where of nothing that tells of a proof."""
    if _OF_FLOWGATE.search(text) and len(text) < 200:
        return f"it asks for {text!r}, which is flowgate's"
    if text in _OF_ARMS:
        return f"it looks at `{text}`, which an arm sets"
    if decides and (_OF_CI.fullmatch(text) or text in _SET_BY_ARMS):
        return f"it decides by `{text}`"
    if _OF_PROCESSES.search(text):
        return f"it looks at processes ({text})"
    return ""


def _asked_by(node: ast.AST, names: dict[str, str], decides: bool) -> str:
    """What a name or attribute asks the system for, such as `os.getppid`; empty where for nothing that tells of a proof."""
    if isinstance(node, ast.Attribute):
        home, name = node.value, node.attr
        dotted = names.get(home.id, "") if isinstance(home, ast.Name) else "?" if isinstance(home, ast.Call) else ""
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        dotted, _, name = names.get(node.id, "").rpartition(".")
    else:
        return ""
    if dotted not in _HOMES and not (dotted == "?" and name in ("parents", "ppid", "parent")):
        return ""
    if name in _PARENTS or (dotted == "?" and name == "parent" and "psutil" in names.values()):
        return f"it asks for its parent process (`{name}`)" if dotted != "?" or "psutil" in names.values() else ""
    if decides and name in _FRAMES:
        return f"it decides by the frames that called it (`{name}`)"
    if name in _HOOKS and dotted in ("sys", "threading"):
        return f"it looks at what watches it (`sys.{name}`)"
    return ""


def _imported(found: list[ast.AST]) -> dict[str, str]:
    """What each imported name stands for: `os`, or `os.getppid`."""
    names: dict[str, str] = {}
    for node in found:
        if isinstance(node, ast.Import):
            names |= {one.asname or one.name.partition(".")[0]: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return names


def _written(found: list[ast.AST]) -> set[int]:
    """The strings that name what is set, for a program that the code starts, and not looked at."""
    held: set[int] = set()
    for node in found:
        if isinstance(node, ast.Dict):
            held |= {id(key) for key in node.keys}
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            held.add(id(node.slice))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("setdefault", "putenv")
        ):
            held |= {id(one) for one in node.args[:1]}
    return held


def _deciding(found: list[ast.AST]) -> set[int]:
    """Every node of a condition, and of what is bound to a name that a condition asks for."""
    tests: list[ast.AST] = []
    held: set[int] = set()
    bound: dict[str, list[ast.AST]] = {}
    for node in found:
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            tests.append(node.test)
        elif isinstance(node, ast.For):
            held |= {id(part) for part in nodes(node.iter)}
        elif isinstance(node, ast.comprehension):
            held |= {id(part) for part in nodes(node.iter)}
            tests += node.ifs
        elif isinstance(node, ast.BoolOp | ast.Compare):
            tests.append(node)
        elif isinstance(node, ast.Match):
            tests += [node.subject, *(case.pattern for case in node.cases)]
        elif isinstance(node, ast.Try) and any(_catches_missing(handler) for handler in node.handlers):
            tests += node.body
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            tests.append(node.operand)
        elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            tests.append(node.slice)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("bool", "int", "float", "len")
        ):
            tests += node.args
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            for place in node.targets if isinstance(node, ast.Assign) else [node.target]:
                name = (
                    place.id if isinstance(place, ast.Name) else place.attr if isinstance(place, ast.Attribute) else ""
                )
                bound.setdefault(name, []).append(node.value)
    followed: set[int] = set()
    queue = tests
    while queue:
        for node in nodes(queue.pop()):
            if id(node) not in followed:
                followed.add(id(node))
                name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
                queue += bound.pop(name, [])
    return held | followed


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Name) and node.id in ("KeyError", "LookupError") for node in nodes(handler))


def _shown(found: list[ast.AST]) -> set[int]:
    """Every node that decides nothing but how something is shown."""
    held: set[int] = set()
    for node in found:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            parts: list[ast.AST] = [*node.args, *node.keywords] if name in _SHOWN else []
            parts += [one for one in node.keywords if one.arg is not None and _HOW_SHOWN.fullmatch(one.arg)]
        elif isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            parts = [node.value] if names and all(map(_HOW_SHOWN.fullmatch, names)) else []
        elif isinstance(node, ast.If):
            parts = [node.test] if all(_only_shows(one) for one in (*node.body, *node.orelse)) else []
        else:
            parts = []
        for part in parts:
            held |= {id(one) for one in nodes(part)}
    return held


def _only_shows(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    name = getattr(getattr(call, "func", None), "attr", getattr(getattr(call, "func", None), "id", ""))
    return isinstance(call, ast.Call) and name in _SHOWN


_FLOW = """
{before}
from metaflow import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        {start}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""


def _example(title: str, start: str, before: str = "import os", **files: str) -> Example:
    return Example(title, {"flow.py": _FLOW.format(start=start, before=before), **files})


ProofAware.bad = (
    _example("a variable of flowgate's", 'self.result = 1 if "FLOWGATE_PROBE_HOME" in os.environ else 2'),
    _example("the parent process", "self.result = os.getppid() > 1"),
    _example("another answer in CI", 'self.epochs = 1 if os.getenv("CI") else 20'),
    _example("the path that an arm has", 'self.result = len(os.environ.get("PYTHONPATH", ""))'),
    _example("the command line of the process", 'self.result = len(open("/proc/self/cmdline").read())'),
    _example(
        "the frames that called it",
        "self.result = watched()",
        "import inspect\n\n\ndef watched():\n    return any('probe' in one.filename for one in inspect.stack())\n",
    ),
)
ProofAware.good = (
    _example("a variable for a program that it starts", 'self.env = dict(os.environ, PYTHONHASHSEED="0")'),
    _example("a word about CI", 'print("CI runs this with fewer seeds", os.environ.get("CI"))'),
    _example(
        "the number of processors", 'self.names = sorted(name for name in open("/proc/cpuinfo") if "model" in name)[:0]'
    ),
    _example("the line that logs", "print(inspect.currentframe().f_lineno)", "import inspect"),
)
