"""What a receipt hangs on: the code, what it imported and read; and what it does not: comments, and libraries nobody used."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Done, Flowgate, git, run, write
from tests.functional.flows import fan, settings

pytestmark = pytest.mark.slow
PLAIN = fan("self.input * 2", parts=2)
OPTIONAL = fan(
    "VALUE + self.input", before="try:\n    from faster import VALUE\nexcept ImportError:\n    VALUE = 0\n", parts=2
)
ITSELF = fan("len(open(__file__).read()) + self.input", parts=2)
SHARED = fan(
    "keep(self.input)",
    before="""
import os
HERE = os.path.dirname(os.path.abspath(__file__))

def keep(index):
    path = os.path.join(HERE, f"part-{index}.txt")
    with open(path, "w") as file:
        file.write(str(index))
    with open(path) as file:
        return int(file.read())
""",
    parts=2,
)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment that holds what this one does, into which a test may put more; its site-packages."""
    place = tmp_path / "env"
    done = run([sys.executable, "-m", "venv", "--without-pip", str(place)], tmp_path)
    assert done.code == 0, done
    site = next((place / "lib").glob("python*")) / "site-packages"
    (site / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return site


def install(site: Path, name: str, module: str) -> None:
    """Put a distribution of one module into an environment, as pip would."""
    write(
        site,
        {
            f"{name}.py": module,
            f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{name}-1.0.dist-info/RECORD": f"{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n",
        },
    )


def proof(flowgate: Flowgate, folder: Path, site: Path | None = None, *options: str) -> dict[str, Any]:
    """Prove the flow of a folder in an environment; its one proof."""
    variables = {"VIRTUAL_ENV": str(site.parents[2])} if site is not None else {}
    done: Done = flowgate(folder, "prove", "--format", "json", *options, **variables)
    (made,) = json.loads(done.out)["proofs"]
    assert made["verdict"] == "pass", made
    return dict(made)


def project(folder: Path, flow: str) -> Path:
    return write(folder / "project", {"flow.py": flow, "flowgate.toml": settings()})


def test_a_library_that_no_arm_imported_costs_no_new_proof(
    tmp_path: Path, environment: Path, flowgate: Flowgate
) -> None:
    folder = project(tmp_path, OPTIONAL)
    assert not proof(flowgate, folder, environment)["reused"]
    install(environment, "unrelated", "X = 1\n")
    assert proof(flowgate, folder, environment)["reused"]
    parts = json.loads(next((folder / ".flowgate/cache/proofs").glob("*/receipt.json")).read_text())["parts"]
    held = {name.removeprefix("environment: ") for name in parts if name.startswith("environment: ")}
    assert {"metaflow", "requests", "python", "platform"} <= held, "what Metaflow requires counts, too"
    assert not {"torch", "pre-commit", "pytest"} & held
    install(environment, "faster", "VALUE = 1\n")
    assert not proof(flowgate, folder, environment)["reused"], "the flow asked for it, and can have it now"
    held_now = next((folder / ".flowgate/cache/proofs").glob("*/receipt.json")).read_text()
    assert '"environment: faster"' in held_now


@pytest.mark.parametrize(("flow", "reused"), [(PLAIN, True), (ITSELF, False)], ids=["code", "text"])
def test_a_comment_costs_a_new_proof_only_where_the_text_is_read(
    flow: str, reused: bool, tmp_path: Path, flowgate: Flowgate
) -> None:
    folder = project(tmp_path, flow)
    before = proof(flowgate, folder)
    write(
        folder,
        {
            "flow.py": "# A comment.\n"
            + flow.replace("    @step\n    def end", "    # And another.\n    @step\n    def end")
        },
    )
    after = proof(flowgate, folder)
    assert after["reused"] is reused and (after["surface"] == before["surface"]) is reused
    assert flowgate(folder, "results", "flow.py").code == 0
    write(folder, {"flow.py": flow.replace("self.input", "(self.input + 1)")})
    assert not proof(flowgate, folder)["reused"]


def test_arms_that_met_are_remembered_and_said(tmp_path: Path, unsealed_flowgate: Flowgate) -> None:
    """Where arms share the machine: in worlds of their own they cannot meet."""
    folder, flowgate = project(tmp_path, SHARED), unsealed_flowgate
    first = flowgate(folder, "prove", "--jobs", "2")
    assert "not sealed: unshare: Operation not permitted" in first.out
    assert first.code == 0 and "the arms met (both use part-0.txt)" in first.err, first
    assert "run again, one after the other: both use part-0.txt" in first.out and "`--jobs 1`" in first.out
    again = flowgate(folder, "prove", "--no-cache")
    assert again.code == 0 and "as in the proof before: both use part-0.txt" in again.out, again
    assert "the arms met" not in again.err
    write(folder, {"flow.py": SHARED.replace("int(file.read())", "int(file.read()) + 1")})
    edited = flowgate(folder, "prove")
    assert "as in the proof before" in edited.out, (
        "an edited flow is proven for the sake of the edit, not to meet again"
    )


REDUCIBLE = """
from metaflow import FlowSpec, Parameter, step


class SizedFlow(FlowSpec):
    size = Parameter("size", default=5, type=int)

    @step
    def start(self):
        self.results = list(range(self.size))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SizedFlow()
"""


def test_a_parameter_can_be_reduced_and_each_flow_has_its_own_settings(tmp_path: Path, flowgate: Flowgate) -> None:
    own = '[flow."flow.py"]\ndeterminism = "order_independent"\nsurface = ["results"]\noverrides = ["size=2"]\nworkers = 3\nrun_options = ["--tag", "gate"]\n'
    folder = write(tmp_path / "project", {"flow.py": REDUCIBLE, "flowgate.toml": own + "[prove]\nworkers = 7\n"})
    made = proof(flowgate, folder)
    assert made["reduced"] == ["size=2"] and [arm["workers"] for arm in made["arms"]] == [1, 3]
    told = flowgate(folder, "results", "flow.py", "--format", "json").json()
    assert len(told["conclusions"][0]["rows"]) == 2, told
    whole = flowgate(folder, "prove", "--overrides", "size=3", "--format", "json").json()["proofs"][0]
    assert whole["reduced"] == ["size=2", "size=3"]


def test_the_push_hook_says_what_to_do_without_an_environment(
    repository: Path, snapshot: Path, flowgate: Flowgate
) -> None:
    """An entry that is not found would say no more than that."""
    write(repository, {"flow.py": PLAIN, "flowgate.toml": settings()})
    assert flowgate(repository, "init").code == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "wired", "--no-verify")
    bare = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
    command = [str(Path(sys.executable).parent / "pre-commit"), "run", "--hook-stage", "pre-push", "flowgate-prove"]
    done = run(command, repository, PATH=bare, VIRTUAL_ENV="")
    assert done.code == 1 and "activate the environment that has it, or install it into .venv" in done.out, done
    (repository / ".venv").mkdir()
    (repository / ".venv/bin").symlink_to(Path(sys.executable).parent)
    found = run(command, repository, PATH=bare, VIRTUAL_ENV="")
    assert found.code == 0 and "identical" in found.out, found
