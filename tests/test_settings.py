"""Settings: every mistake is named, with the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.errors import FlowgateError
from flowgate.project import open_project
from flowgate.settings import load, place_in, seconds
from tests.conftest import REPOSITORY, write

WHOLE = """
flows = ["flow/*_flow.py"]
exclude = ["sandbox/**"]
[lint]
ignore = ["FG301"]
[prove]
workers = 8
launcher = ["uv", "run"]
run_options = ["--with", "kubernetes"]
overrides = ["training=smoke"]
timeout = "90s"
[review]
reviewer = "command"
command = ["judge", "-p"]
block_on = "concern"
[flow."flow/noise_flow.py"]
sources = ["docs/investigation.md"]
determinism = "single_worker"
determinism_reason = "gensim"
surface = ["results"]
"""


def test_every_documented_key_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"flowgate.toml": WHOLE, "flow/noise_flow.py": ""})
    settings = load(str(tmp_path))
    assert settings.flows == ("flow/*_flow.py",) and settings.prove.workers == 8 and settings.prove.timeout == 90
    assert settings.review.block_on == "concern" and settings.of("flow/noise_flow.py").surface == ("results",)
    assert settings.of("flow/other.py").sources == ()


def test_pyproject_holds_the_same_keys_under_tool_flowgate(tmp_path: Path) -> None:
    import re

    table = re.sub(r"(?m)^\[", "[tool.flowgate.", WHOLE)
    write(tmp_path, {"pyproject.toml": "[tool.flowgate]\n" + table, "flow/noise_flow.py": ""})
    write(tmp_path / "other", {"flowgate.toml": WHOLE, "flow/noise_flow.py": ""})
    assert load(str(tmp_path))._replace(origin="") == load(str(tmp_path / "other"))._replace(origin="")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flow = 1", "must be a table"),
        ("flws = []", "'flws'; did you mean 'flows'"),
        ("[prove]\nworker = 4", "did you mean 'workers'"),
        ("[prove]\nworkers = 1", "at least 2"),
        ("[prove]\nworkers = true", "whole number"),
        ('[prove]\ntimeout = "soon"', "duration"),
        ('[review]\nreviewer = "oracle"', "must be one of command, llm, person, none"),
        ('[flow."a.py"]\ndeterminism = "mostly"', "must be one of order_independent"),
        ('[flow."a.py"]\nsourcs = []', "did you mean 'sources'"),
        ("flows = 'a'", "list of strings"),
        ("flows = [", "not valid TOML"),
        ('[flow."nowhere.py"]\nsources = []', "no such file"),
    ],
)
def test_a_mistake_is_named(text: str, words: str, tmp_path: Path) -> None:
    write(tmp_path, {"flowgate.toml": text})
    with pytest.raises(FlowgateError, match=words.replace("(", r"\(")) as error:
        load(str(tmp_path))
    assert "flowgate.toml" in str(error.value) and error.value.exit_code == 2


@pytest.mark.parametrize(
    ("given", "expected"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1.5m", 90), (12, 12), ("7", 7)]
)
def test_durations(given: object, expected: float) -> None:
    assert seconds(given, "timeout") == expected


def test_the_root_is_the_nearest_folder_with_settings(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.flowgate]\n", "inner/flowgate.toml": "", "inner/deep/x.py": ""})
    assert open_project(str(tmp_path / "inner" / "deep")).root == str(tmp_path / "inner")
    write(tmp_path / "other", {"pyproject.toml": "[project]\nname = 'x'\n"})
    assert open_project(str(tmp_path / "other")).root == str(tmp_path)


def test_two_settings_files_in_one_folder_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"flowgate.toml": "", "pyproject.toml": "[tool.flowgate]\n"})
    with pytest.raises(FlowgateError, match="keep one"):
        open_project(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[tool]\nflowgate.flows = ['a.py']\n", True),
        ("tool.flowgate.flows = ['a.py']\n", True),
        ("[tool.flowgate-x]\na = 1\n", False),
        ("[tool.other]\ntext = '''\n[tool.flowgate]\n'''\n", False),
        ("[project]\nname = 'flowgate-user'\n", False),
    ],
)
def test_the_table_is_found_however_it_is_written(text: str, named: bool, tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": text})
    assert bool(open_project(str(tmp_path)).settings.origin) is named


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"flowgate.toml": ""}, "[prove] of flowgate.toml"),
        ({"pyproject.toml": "[tool.flowgate]\n"}, "[tool.flowgate.prove] of pyproject.toml"),
        ({"pyproject.toml": "[project]\nname = 'x'\n", ".git/HEAD": ""}, "[tool.flowgate.prove] of pyproject.toml"),
        ({".git/HEAD": ""}, "[prove] of flowgate.toml"),
    ],
)
def test_messages_name_the_settings_file_that_is_there(
    files: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    assert open_project(str(tmp_path)).place("prove") == told
    assert place_in(str(tmp_path), "prove") == told


def test_a_prefix_that_was_pasted_into_flowgate_toml_gets_a_hint(tmp_path: Path) -> None:
    write(tmp_path, {"flowgate.toml": "[tool.flowgate.prove]\nworkers = 4\n"})
    with pytest.raises(FlowgateError, match=r"no prefix; write \[prove\]"):
        load(str(tmp_path))


def test_no_message_names_a_table_of_a_file_that_may_not_be_there() -> None:
    """Whoever has a flowgate.toml and follows a message that names [tool.flowgate] meets the next error."""
    source = REPOSITORY / "src" / "flowgate"
    named = [
        f"{path.name}: {line.strip()}"
        for path in source.rglob("*.py")
        if path.name not in ("settings.py", "init.py")
        for line in path.read_text().splitlines()
        if "[tool.flowgate" in line
    ]
    assert not named
