"""Stamping a flow: what is written, what is refused, and that its wiring can be told from a changed one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flowgate.flow.shell import grid, shell
from tests.conftest import Flowgate, write
from tests.usecases.test_init import tree

QUESTION = ("--question", "Does the lead survive wrong labels?")


def promoted(folder: Path, flowgate: Flowgate, *options: str) -> Path:
    done = flowgate(folder, "promote", "noise", *QUESTION, *options)
    assert done.code == 0, done
    return folder / "flow" / "noise_flow.py"


def test_a_stamped_flow_is_clean(repository: Path, flowgate: Flowgate) -> None:
    promoted(repository, flowgate)
    assert flowgate(repository, "lint").code == 0
    status = flowgate(repository, "status", "--format", "json").json()
    (flow,) = status["flows"]
    assert (flow["path"], flow["flow"], flow["contract"]) == ("flow/noise_flow.py", "NoiseFlow", "order_independent")


def test_what_would_be_written_is_what_is_written(repository: Path, flowgate: Flowgate) -> None:
    before = tree(repository)
    said = flowgate(repository, "promote", "noise", "--dry-run")
    assert said.code == 0 and tree(repository) == before
    promoted(repository, flowgate)
    for line in said.out.splitlines():
        assert (repository / line.split()[2]).is_file()
    assert len(said.out.splitlines()) == len(tree(repository).keys() - before.keys())


def test_nothing_is_overwritten(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"flow/grid.py": "# mine\n", "docs/noise.md": "mine\n"})
    before = tree(repository)
    done = flowgate(repository, "promote", "noise")
    assert done.code == 2 and "flow/grid.py, docs/noise.md: there already" in done.err
    assert tree(repository) == before


def test_a_second_flow_goes_into_a_folder_of_its_own(repository: Path, flowgate: Flowgate) -> None:
    promoted(repository, flowgate)
    refused = flowgate(repository, "promote", "budget")
    assert refused.code == 2 and "--folder" in refused.err
    assert flowgate(repository, "promote", "budget", "--folder", "budget/flow").code == 0
    assert flowgate(repository, "lint").code == 0
    assert (repository / "flowgate.toml").read_text().count("sources") == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("label-noise", "`label_noise` would do"),
        ("Noise", "`noise` would do"),
        ("1noise", "cannot name a flow"),
        ("class", "cannot name a flow"),
        ("../noise", "`noise` would do"),
        ("", "cannot name a flow"),
        ("lärm", "cannot name a flow"),
        ("yes", "YAML reads it as True"),
        ("null", "YAML reads it as None"),
    ],
)
def test_a_name_that_is_no_module_is_refused(repository: Path, flowgate: Flowgate, name: str, said: str) -> None:
    before = tree(repository)
    done = flowgate(repository, "promote", name)
    assert done.code == 2 and said in done.err and tree(repository) == before


def test_a_name_is_asked_for(repository: Path, flowgate: Flowgate) -> None:
    done = flowgate(repository, "promote")
    assert done.code == 2 and "flowgate promote NAME" in done.err


@pytest.mark.parametrize(
    "question", ['Does "\\xi" depend on \\nu?', 'x"""; print("run"); """', "what: {is} [it]?", "ends in \\"]
)
def test_any_question_can_be_asked(repository: Path, flowgate: Flowgate, question: str) -> None:
    assert flowgate(repository, "promote", "noise", "--question", question).code == 0
    parsed = ast.parse((repository / "flow" / "noise_flow.py").read_text())
    assert (ast.get_docstring(parsed) or "").startswith(question)
    assert "print('run')" not in ast.unparse(ast.Module(parsed.body[1:], [])), "it came to no code"
    assert flowgate(repository, "lint").code == 0


def test_what_was_written_is_taken_back_where_the_rest_cannot_be(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"docs": "a file\n"})
    before = tree(repository)
    done = flowgate(repository, "promote", "noise")
    assert done.code == 2 and "docs/noise.md" in done.err and tree(repository) == before


def test_a_folder_that_leads_elsewhere_is_refused(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, flowgate: Flowgate
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (repository / "flow").symlink_to(outside)
    done = flowgate(repository, "promote", "noise")
    assert done.code == 2 and "leads out of the project" in done.err and not list(outside.iterdir())


@pytest.mark.parametrize("folder", ["..", "/tmp/elsewhere", "a/../../b"])
def test_the_folder_is_inside_the_project(repository: Path, flowgate: Flowgate, folder: str) -> None:
    done = flowgate(repository, "promote", "noise", "--folder", folder)
    assert done.code == 2 and "leads out of the project" in done.err


def test_a_weaker_contract_needs_its_reason(repository: Path, flowgate: Flowgate) -> None:
    weaker = ("--determinism", "single_worker")
    refused = flowgate(repository, "promote", "noise", *weaker)
    assert refused.code == 2 and "--reason" in refused.err
    reason = 'gensim: "not across workers"'
    promoted(repository, flowgate, *weaker, "--reason", reason)
    assert flowgate(repository, "lint").code == 0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": '[project]\nname = "x"\nversion = "0"'},
        {"pyproject.toml": '[project]\r\nname = "x"\r\nversion = "0"\r\n', ".gitignore": "*.log\r\n"},
        {"flowgate.toml": 'flows = ["flow/*_flow.py"]\n', "pyproject.toml": '[project]\nname = "x"\nversion = "0"\n'},
        {"pyproject.toml": "[tool.flowgate.prove]\nworkers = 3\n", "src/x/__init__.py": ""},
    ],
    ids=["nothing", "no line end", "CRLF", "flowgate.toml", "src layout"],
)
def test_every_kind_of_repository_is_added_to(repository: Path, flowgate: Flowgate, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    promoted(repository, flowgate)
    assert flowgate(repository, "lint").code == 0
    for name, text in files.items():
        held = (repository / name).read_bytes().decode()
        assert held.startswith(text)
        assert ("\r\n" in text) is ("\r\n" in held) and held.count("\n") in (held.count("\r\n"), held.count("\n"))
        assert "\r\n" not in text or held.count("\n") == held.count("\r\n")


def test_settings_that_cannot_be_added_to_are_left(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"flowgate.toml": "flow = {}\n"})
    done = flowgate(repository, "promote", "noise")
    assert done.code == 2 and 'sources = ["docs/noise.md"]' in done.err
    assert not (repository / "flow").exists()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("noise_flow.py", "sys.path.insert(0, str(HERE))", "sys.path.insert(0, 'flow')"),
        ("noise_flow.py", 'os.environ[_name] = "1"', 'os.environ[_name] = "2"'),
        ("grid.py", "best is None or", "best is not None and"),
        ("grid.py", "    arms(cfg, kinds)\n", ""),
        ("grid.py", "# fmt: on", "# fmt: on\nSEEDS = 3"),
    ],
)
def test_wiring_that_was_changed_is_found_and_put_back(
    repository: Path, flowgate: Flowgate, path: str, old: str, new: str
) -> None:
    promoted(repository, flowgate)
    file = repository / "flow" / path
    whole = file.read_text()
    assert whole.count(old) == 1
    file.write_text(whole.replace(old, new))
    done = flowgate(repository, "lint")
    assert done.code == 1 and "FG104" in done.out and f"flow/{path}" in done.out
    upgrade = flowgate(repository, "promote", "--upgrade")
    assert upgrade.code == 2 and "was changed since it was stamped" in upgrade.err
    assert flowgate(repository, "lint", "--fix").code == 0
    assert file.read_text() == whole


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_older_shell_is_no_drift_and_moves_when_asked(repository: Path, flowgate: Flowgate, newline: str) -> None:
    flow = promoted(repository, flowgate)
    now = flow.read_text()
    older = now.replace(shell().text, shell().past[0]).replace("check_surface(self, self.cfg)", "pass")
    assert older != now
    flow.write_bytes(older.replace("\n", newline).encode())
    assert "FG104" not in flowgate(repository, "lint").out
    shown = flowgate(repository, "promote", "--upgrade", "--dry-run")
    assert shown.code == 0 and "+++ b/flow/noise_flow.py" in shown.out and "+def check_surface(" in shown.out
    assert flow.read_bytes().decode() == older.replace("\n", newline)
    assert flowgate(repository, "promote", "--upgrade", "noise").code == 0
    moved = flow.read_bytes().decode()
    assert moved.replace(newline, "\n") == now.replace("check_surface(self, self.cfg)", "pass")
    assert moved.count("\n") == moved.count(newline)
    assert "present copy" in flowgate(repository, "promote", "--upgrade").err


def test_only_a_flow_that_is_there_is_moved(repository: Path, flowgate: Flowgate) -> None:
    promoted(repository, flowgate)
    done = flowgate(repository, "promote", "--upgrade", "noize")
    assert done.code == 2 and "flow/noise_flow.py" in done.err


def test_the_grid_is_stamped_as_it_is_tested(repository: Path, flowgate: Flowgate) -> None:
    promoted(repository, flowgate)
    assert (repository / "flow" / "grid.py").read_text() == grid().stamped()
    assert "flowgate" not in shell().text.replace("# >>> flowgate", "")
