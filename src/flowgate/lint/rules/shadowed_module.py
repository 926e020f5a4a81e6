"""FG105."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from flowgate import witness
from flowgate.finding import Finding
from flowgate.lint.rule import Example, Rule
from flowgate.target import Target

# Python has these before it looks into any folder, or nothing but Python's own tests imports them.
_OUT_OF_REACH = frozenset(sys.builtin_module_names) | frozenset(
    "__future__ _collections_abc _sitebuiltins abc codecs encodings genericpath io ntpath os posixpath runpy site stat zipimport "
    "antigravity idlelib lib2to3 test this turtle turtledemo".split()
)
_AT_START = ("sitecustomize", "usercustomize")
# What Metaflow imports, and what nobody calls a module of his own by chance.
_LIBRARIES = frozenset(
    "metaflow metaflow_extensions boto3 botocore requests yaml numpy pandas scipy sklearn torch tensorflow jax click hydra "
    "omegaconf polars pyarrow matplotlib joblib xgboost lightgbm transformers msgspec dateutil six pytz certifi idna chardet "
    "charset_normalizer urllib3 jmespath s3transfer threadpoolctl bottleneck numexpr PIL typing_extensions packaging fsspec "
    "networkx sympy mpmath jinja2 markupsafe filelock psutil tqdm antlr4 safetensors tokenizers huggingface_hub".split()
)
# Distributions whose module has another name.
_MODULES = {"pyyaml": "yaml", "scikit-learn": "sklearn", "hydra-core": "hydra", "pillow": "PIL", "opencv-python": "cv2"}


class ShadowedModule(Rule):
    """A file of the repository takes the place of a library.

    Python looks into the script's folder first. A `yaml.py` or `secrets.py` that lies there is imported by everyone who asks
    for the library: by the flow, by Metaflow, by numpy. `metaflow_extensions/` changes Metaflow itself, and
    `sitecustomize.py` runs before the first line of the flow. Each may move every number while no line of the flow has changed.
    """

    id = "FG105"
    slug = "shadowed-module"
    mend = "give the file a name that no library has"

    def check(self, target: Target) -> Iterator[Finding]:
        libraries = _LIBRARIES | _declared(target)
        for folder in _on_the_path(target):
            for name in sorted(witness.modules(folder) | _compiled(folder)):
                what = _place_of(name, libraries, target)
                path = _file(folder, name, what)
                if what and path is not None:
                    shown = target.project.relative(path)
                    message = f"`{shown}` takes the place of {what} for everything that the flow runs with"
                    yield self.found(target, None, None, message, code=f"module {name}")._replace(path=shown)
            for name in _hooks(folder):
                shown = target.project.relative(os.path.join(folder, name))
                message = f"`{shown}` is code that Python runs as it starts, where this folder is one of its own"
                mend = "install the package that the file belongs to, and leave it out of the repository"
                yield self.found(target, None, None, message, mend=mend, code=f"file {name}")._replace(path=shown)


def _on_the_path(target: Target) -> list[str]:
    """The folders of the repository that Python looks into before its own: the script's, and those that the code puts there."""
    inside = target.project.root
    added = [folder for folder in target.flow.modules.inserted if (folder + os.sep).startswith(inside + os.sep)]
    return list(dict.fromkeys([target.flow.module.package_folder, *added]))


def _place_of(name: str, libraries: frozenset[str], target: Target) -> str:
    """What a module of that name takes the place of, in words; empty where of nothing."""
    if name in _AT_START:
        return "what Python runs as it starts"
    if name == "metaflow_extensions":
        return "Metaflow's extensions"
    if name in sys.stdlib_module_names and name not in _OUT_OF_REACH:
        return f"the standard library's `{name}`"
    if name in libraries and name != _own_name(target):
        return f"the library `{name}`"
    return ""


def _file(folder: str, name: str, what: str) -> str | None:
    """The file that would be imported; None where it is a mere folder, which libraries come before."""
    path = os.path.join(folder, name)
    if not what:
        return None
    for file in (path + ".py", os.path.join(path, "__init__.py"), path + ".pyc", os.path.join(path, "__init__.pyc")):
        if witness.is_file(file):
            return file
    library = next((one for one in _entries(folder) if one.startswith(f"{name}.") and one.endswith(_LIBRARY)), None)
    if library is not None:
        return os.path.join(folder, library)
    return _first_file(path) if name == "metaflow_extensions" and witness.is_folder(path) else None


_LIBRARY = (".so", ".pyd")


def _entries(folder: str) -> list[str]:
    try:
        return witness.entries(folder)
    except OSError:
        return []


def _compiled(folder: str) -> set[str]:
    """The names that may be imported from a folder by files without a source."""
    return {name.partition(".")[0] for name in _entries(folder) if name.endswith((".pyc", *_LIBRARY))}


def _first_file(folder: str) -> str | None:
    """The first Python file below a folder."""
    for at, folders, names in os.walk(folder):
        folders.sort()
        found = sorted(name for name in names if name.endswith(".py"))
        if found:
            return os.path.join(at, found[0])
    return None


def _hooks(folder: str) -> list[str]:
    """The files of a folder whose lines Python runs where the folder holds its packages; weights have that ending, too."""
    return [name for name in _entries(folder) if name.endswith(".pth") and _runs_code(os.path.join(folder, name))]


def _runs_code(path: str) -> bool:
    try:
        return any(line.startswith((b"import ", b"import\t")) for line in witness.read(path).splitlines())
    except OSError:  # too large for that, or gone
        return False


def _project(target: Target) -> dict[str, object]:
    import tomllib

    try:
        document = tomllib.loads(witness.read(os.path.join(target.project.root, "pyproject.toml")).decode())
    except (OSError, ValueError):
        return {}
    project = document.get("project")
    return project if isinstance(project, dict) else {}


def _own_name(target: Target) -> str:
    """The module that this repository itself distributes under a library's name: it means its own."""
    return _module(str(_project(target).get("name", "")))


def _declared(target: Target) -> frozenset[str]:
    """The modules of the distributions that the project or the script depends on, as far as their names tell."""
    header = target.flow.module.source.script_block() or {}
    listed: list[object] = []
    for table in (_project(target), header):
        dependencies = table.get("dependencies")
        listed += dependencies if isinstance(dependencies, list) else []
    try:
        text = witness.read(os.path.join(target.project.root, "requirements.txt")).decode("utf-8", "replace")
        listed += text.splitlines()
    except OSError:
        pass
    return frozenset(filter(None, map(_module, map(str, listed))))


def _module(requirement: str) -> str:
    """The module that a requirement is imported by, as far as its name tells: `scikit-learn>=1` by `sklearn`."""
    found = re.match(r"[A-Za-z][\w.-]*", requirement)
    name = found[0].lower() if found else ""
    return _MODULES.get(name, name.replace("-", "_"))


_FLOW = """
from metaflow import FlowSpec, step
{imports}

class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.result = 1
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""


def _example(title: str, files: dict[str, str], imports: str = "", place: str = "") -> Example:
    return Example(title, {f"{place}flow.py": _FLOW.format(imports=imports), **files})


ShadowedModule.bad = (
    _example("a yaml.py beside the flow", {"yaml.py": "def safe_load(text):\n    return {}\n"}, "import yaml\n"),
    _example("a module of the standard library that numpy imports", {"secrets.py": "TOKEN = 1\n"}),
    _example("extensions of Metaflow", {"metaflow_extensions/own/plugins/__init__.py": "FLOW_DECORATORS_DESC = []\n"}),
    _example("code that runs at the start", {"sitecustomize.py": "import random\nrandom.seed(1)\n"}),
    _example(
        "a declared dependency",
        {"rapidfuzz/__init__.py": "", "pyproject.toml": '[project]\nname = "lab"\ndependencies = ["rapidfuzz>=3"]\n'},
    ),
)
ShadowedModule.good = (
    _example("a folder without code", {"yaml/config.yaml": "a: 1\n", "code/notes.txt": "none\n"}),
    _example("a module with a name of its own", {"lab_yaml.py": "VALUE = 1\n"}, "import lab_yaml\n"),
    _example("the file lies where nobody imports from", {"tools/yaml.py": "VALUE = 1\n"}, place="flows/"),
    _example(
        "the repository of the library itself",
        {"polars/__init__.py": "", "pyproject.toml": '[project]\nname = "polars"\n'},
        "import polars\n",
    ),
)
