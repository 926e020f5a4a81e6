"""Every way to lower the gate in a pull request is blocked and named; what only looks like it is let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowgate.change.base import base_of
from flowgate.change.compare import weaker
from flowgate.discover import parts_of
from flowgate.finding import ERROR, Finding
from flowgate.project import open_project
from tests.change.repository import FILES, FLOW, HOOKS, OTHER, SETTINGS, WORKFLOW, Edit, change, committed
from tests.conftest import git, write

NOISE, TOML, HOOK, GATE = "flow/noise_flow.py", "flowgate.toml", ".pre-commit-config.yaml", ".github/workflows/gate.yml"


@pytest.fixture
def base(repository: Path) -> Path:
    """The repository, its main branch committed."""
    return committed(repository, FILES)


def against_main(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings of FG404 on what is checked out."""
    monkeypatch.chdir(folder)
    project = open_project(str(folder))
    with base_of(project, "main") as base:
        return weaker(base, project, [part.project for part in parts_of(project, [])])


def _without(text: str, start: str, end: str) -> str:
    before, _, rest = text.partition(start)
    return before + (end + rest.partition(end)[2] if end else "")


WEAKER: list[tuple[str, Edit, str]] = [
    ("contract-to-single-worker", {TOML: ('determinism = "order_independent"', 'determinism = "single_worker"')}, "contract of NoiseFlow is weaker"),
    ("contract-to-nondeterministic", {TOML: ('determinism = "order_independent"', 'determinism = "nondeterministic"\ndeterminism_reason = "gpu"')}, "contract of NoiseFlow is weaker"),
    ("contract-gone", {TOML: ('determinism = "order_independent"\n', "")}, "became none"),
    ("other-contract", {TOML: ('determinism = "single_worker"', 'determinism = "nondeterministic"')}, "contract of OtherFlow"),
    ("surface-entry", {TOML: ('["results", "an_*.an_result"]', '["results"]')}, "an_drop.an_result, an_lift.an_result"),
    ("surface-narrowed", {TOML: ('"an_*.an_result"', '"an_lift.an_result"')}, "an_drop.an_result"),
    ("surface-replaced", {TOML: ('["gather.results"]', '["start.parts"]')}, "gather.results"),
    ("surface-step-renamed", {NOISE: ("an_drop", "drop")}, "an_drop.an_result"),
    ("source-dropped", {TOML: (', "poc/noise.txt"]', "]")}, "poc/noise.txt is no source of truth"),
    ("source-swapped", {TOML: ("docs/investigation.md", "docs/other.md"), "docs/other.md": "anything goes"}, "docs/investigation.md"),
    ("sources-gone", {TOML: ('sources = ["docs/investigation.md", "poc/noise.txt"]\n', "")}, "no review is asked of it"),
    ("excluded", {TOML: ('["sandbox/**"]', '["sandbox/**", "flow/noise*"]')}, "leave it out"),
    ("excluded-unclaimed", {TOML: ('["sandbox/**"]', '["sandbox/**", "flow/plain*"]')}, "PlainFlow was judged"),
    ("flows-narrowed", {TOML: ("exclude", 'flows = ["flow/[!o]*.py", "flow/noise_flow.py"]\nexclude')}, "OtherFlow was judged"),
    ("moved-to-excluded", {NOISE: None, "sandbox/noise_flow.py": FLOW, TOML: ('[flow."flow/noise_flow.py"]', '[flow."sandbox/noise_flow.py"]')}, "NoiseFlow"),
    ("no-flow-any-more", {NOISE: ("class NoiseFlow(FlowSpec)", "class NoiseFlow(object)")}, "NoiseFlow was judged"),
    ("child-takes-its-place", {"flow/child_flow.py": "from noise_flow import NoiseFlow\n\n\nclass ChildFlow(NoiseFlow):\n    pass\n"}, "NoiseFlow was judged"),
    ("flow-deleted", {"flow/other_flow.py": None, TOML: SETTINGS.partition('[flow."flow/other_flow.py"]')[0]}, "OtherFlow is gone"),
    ("rule-ignored", {TOML: ('["FG307"]', '["FG307", "per-config-foreach"]')}, "rule FG201 is left out"),
    ("ruff-off", {TOML: ("[lint]\n", "[lint]\nruff = []\n")}, "ruff does not look for"),
    ("ruff-less", {TOML: ("[lint]\n", '[lint]\nruff = ["F50"]\n')}, "ruff does not look for"),
    ("reviewer-off", {TOML: ('reviewer = "command"', 'reviewer = "none"')}, "nobody is asked"),
    ("reviewer-a-stamp", {TOML: ('["judge", "--strict"]', '["cat", "clear.json"]')}, "another command judges"),
    ("fewer-votes", {TOML: ("votes = 3", "votes = 1")}, "fewer reviews have to agree"),
    ("concerns-let-through", {TOML: ('block_on = "concern"\n', "")}, "a concern of the judge does not block"),
    ("packet-smaller", {TOML: ("votes = 3", "votes = 3\npacket_size = 20_000")}, "the judge is shown less"),
    ("proof-of-one-flow-reduced", {TOML: ('[flow."flow/noise_flow.py"]\n', '[flow."flow/noise_flow.py"]\noverrides = ["epochs=1"]\n')}, "of flow/noise_flow.py, the proof is reduced"),
    ("fewer-workers-for-one-flow", {TOML: ('[flow."flow/noise_flow.py"]\n', '[flow."flow/noise_flow.py"]\nworkers = 2\n')}, "of flow/noise_flow.py, the adversarial arm has fewer workers"),
    ("proof-reduced", {TOML: ("[prove]\n", '[prove]\noverrides = ["training=smoke"]\n')}, "the proof is reduced"),
    ("fewer-workers", {TOML: ("workers = 4", "workers = 2")}, "fewer workers"),
    ("fewer-orders", {TOML: ("schedules = 2\n", "")}, "fewer orders are tried"),
    ("launcher", {TOML: ("[prove]\n", '[prove]\nlauncher = ["bash", "fake.sh"]\n')}, "started otherwise"),
    ("run-options", {TOML: ("[prove]\n", '[prove]\nrun_options = ["--with", "kubernetes"]\n')}, "started otherwise"),
    ("overridable", {TOML: ('["FP101", "FG404"]', '["FP101"]')}, "FG404 can be overridden now"),
    ("no-approver", {TOML: ("require_approver = true", "require_approver = false")}, "no second person"),
    ("settings-deleted", {TOML: None}, "contract of NoiseFlow is weaker"),
    ("settings-swapped", {TOML: None, "pyproject.toml": '[tool.flowgate]\nexclude = ["sandbox/**"]\n'}, "contract of NoiseFlow is weaker"),
    ("hooks-deleted", {HOOK: None}, "the hook flowgate-lint is gone"),
    ("hook-removed", {HOOK: ("      - id: flowgate-review\n", "")}, "flowgate-review is gone"),
    ("hook-manual", {HOOK: ("id: flowgate-lint\n", "id: flowgate-lint\n        stages: [manual]\n")}, "`stages`"),
    ("hook-stage-dropped", {HOOK: ("stages: [pre-push, manual]", "stages: [manual]")}, "`stages`"),
    ("hook-excludes", {HOOK: ("id: flowgate-lint\n", "id: flowgate-lint\n        exclude: ^flow/\n")}, "`exclude`"),
    ("hook-entry", {HOOK: ("id: flowgate-prove\n", "id: flowgate-prove\n        entry: 'true'\n")}, "`entry`"),
    ("hook-args", {HOOK: ("id: flowgate-prove\n", "id: flowgate-prove\n        args: [--help]\n")}, "`args`"),
    ("hook-of-somebody-else", {HOOK: ("github.com/flowgate/flowgate", "github.com/mallory/flowgate")}, "comes from"),
    ("hook-older", {HOOK: ("v0.2.0", "v0.1.0")}, "went back from v0.2.0"),
    ("hooks-exclude-all", {HOOK: "exclude: .*\n" + HOOKS}, "fewer files"),
    ("hooks-skipped-in-ci", {HOOK: HOOKS + "ci:\n  skip: [flowgate-lint]\n"}, "leaves the hook flowgate-lint out"),
    ("hooks-unreadable", {HOOK: "repos: [\n"}, "flowgate-lint is gone"),
    ("workflow-deleted", {GATE: None}, "does not run the gate any more"),
    ("gate-step-removed", {GATE: _without(WORKFLOW, "      - uses: flowgate", "  required:")}, "does not run the gate any more"),
    ("job-renamed", {GATE: ("  gate:\n", "  check:\n")}, "another name"),
    ("continue-on-error", {GATE: ("  gate:\n", "  gate:\n    continue-on-error: true\n")}, "passes although the gate fails"),
    ("step-continues", {GATE: ("      - uses: flowgate", "      - continue-on-error: true\n        uses: flowgate")}, "passes although the gate fails"),
    ("job-if", {GATE: ("  gate:\n", "  gate:\n    if: github.actor != 'mallory'\n")}, "may be skipped"),
    ("step-if", {GATE: ("      - uses: flowgate", "      - if: false\n        uses: flowgate")}, "may be skipped"),
    ("path-filter", {GATE: ("  pull_request:\n", "  pull_request:\n    paths: [docs/**]\n")}, "fewer events"),
    ("paths-ignored", {GATE: ("  pull_request:\n", "  pull_request:\n    paths-ignore: ['**']\n")}, "fewer events"),
    ("branches-narrowed", {GATE: ("    branches: [main]", "    branches: [release]")}, "fewer events"),
    ("no-merge-queue", {GATE: ("  merge_group:\n", "")}, "does not start on merge_group"),
    ("no-pull-request", {GATE: ("  pull_request:\n", "  workflow_dispatch:\n")}, "does not start on pull_request"),
    ("pull-request-target", {GATE: ("  pull_request:\n", "  pull_request_target:\n")}, "does not start on pull_request"),
    ("input-dropped", {GATE: ("        with:\n          policy-from-base: true\n", "")}, "`policy-from-base`"),
    ("input-added", {GATE: ("policy-from-base: true", "policy-from-base: true\n          flows: flow/plain_flow.py")}, "`flows`"),
    ("action-swapped", {GATE: ("flowgate/flowgate@1", "mallory/flowgate@1")}, "another action"),
    ("action-unpinned", {GATE: ("@1111111111111111111111111111111111111111", "@main")}, "name that can move"),
    ("checkout-of-main", {GATE: ("fetch-depth: 0", "ref: main")}, "checks out something else"),
    ("needs-another", {GATE: ("  gate:\n", "  gate:\n    needs: [maybe]\n")}, "waits for maybe"),
    ("aggregator-easier", {GATE: ('= success', '!= failure')}, "has another script"),
    ("aggregator-alone", {GATE: ("    needs: [gate]\n", "")}, "does not wait for gate"),
    ("aggregator-skipped", {GATE: ("    if: always()\n", "")}, "is skipped where"),
    ("owner-gone", {".github/CODEOWNERS": ("/.flowgate/ @leads\n", "")}, "not owned by @leads"),
    ("owner-overruled", {".github/CODEOWNERS": ("/.github/ @leads\n", "/.github/ @leads\n* @mallory\n")}, "not owned by"),
    ("owners-deleted", {".github/CODEOWNERS": None}, "not owned by"),
    ("source-gutted", {"docs/investigation.md": "# N\n"}, "shrank from"),
    ("new-flow-left-out", {"flow/new_flow.py": OTHER.replace("OtherFlow", "NewFlow"), TOML: ('["sandbox/**"]', '["sandbox/**", "flow/new*"]')}, "NewFlow is new"),
    ("ruff-silenced", {NOISE: FLOW.replace("self.input * 2", "self.input * two  # noqa: F821")}, "silences what ruff"),
    ("ruff-silenced-for-a-file", {NOISE: "# ruff: noqa\n" + FLOW}, "silences what ruff"),
    ("python-of-the-change", {GATE: ("policy-from-base: true", "policy-from-base: true\n          python: tools/python")}, "`python`"),
    ("script-puts-main-back", {GATE: ("      - uses: flowgate", "      - run: |\n          pip install x\n          git checkout origin/main -- flow\n      - uses: flowgate")}, "git checkout origin/main"),
    ("settings-and-all-flows-gone", {"flow/noise_flow.py": None, "flow/other_flow.py": None, "flow/plain_flow.py": None, TOML: None}, "NoiseFlow is gone"),
    ("matrix-cut", {GATE: ("    runs-on: ubuntu-latest\n    permissions", "    strategy:\n      matrix:\n        flow: [a]\n        exclude: [{flow: a}]\n    runs-on: ubuntu-latest\n    permissions")}, "leaves out a part of its matrix"),
    ("history-rewritten-first", {GATE: ("      - uses: flowgate", "      - run: git update-ref refs/remotes/origin/main HEAD\n      - uses: flowgate")}, "git update-ref"),
    ("aggregator-told-otherwise", {GATE: ("${{ needs.gate.result }}", "success")}, "has another script"),
    ("aggregator-step-skipped", {GATE: ('      - run: test "$RESULT"', '      - if: false\n        run: test "$RESULT"')}, "has another script"),
    ("another-image", {GATE: ("  gate:\n", "  gate:\n    container: evil/image\n")}, "another image"),
    ("own-machine", {GATE: ("  gate:\n    runs-on: ubuntu-latest", "  gate:\n    runs-on: [self-hosted, mine]")}, "another machine"),
    ("shadowed-modules", {GATE: ("  gate:\n", "  gate:\n    env:\n      PYTHONPATH: shim\n")}, "another environment"),
    ("action-before", {GATE: ("      - uses: flowgate", "      - uses: evil/overwrite@v1\n      - uses: flowgate")}, "evil/overwrite"),
    ("action-of-a-branch", {GATE: ("@1111111111111111111111111111111111111111", "@evil")}, "name that can move"),
    ("hook-of-a-branch", {HOOK: ("v0.2.0", "evil")}, "name that can move"),
    ("hook-with-a-shim", {HOOK: ("id: flowgate-lint\n", "id: flowgate-lint\n        additional_dependencies: [./shim]\n")}, "`additional_dependencies`"),
    ("owner-of-less", {".github/CODEOWNERS": ("/.flowgate/ @leads", "/.flowgate/* @leads")}, "not owned by @leads"),
    ("receipt-committed", {".flowgate/cache/proofs/flow.noise_flow.NoiseFlow/receipt.json": "{}"}, "is committed"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "words"), [pytest.param(e, w, id=name) for name, e, w in WEAKER])
def test_a_weaker_gate_is_blocked_and_named(
    edits: Edit, words: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(base, edits)
    found = [one for one in against_main(base, monkeypatch) if one.severity == ERROR]
    assert any(words in one.message for one in found), [one.message for one in found]
    assert {one.rule for one in found} == {"FG404"} and len({one.id for one in found}) == len(found)


def _moved(toml: str) -> str:
    tables = toml.replace("[flow.", "[tool.flowgate.flow.")
    for name in ("lint", "prove", "review", "ledger"):
        tables = tables.replace(f"[{name}]", f"[tool.flowgate.{name}]")
    return "[tool.flowgate]\n" + tables


FINE: list[tuple[str, Edit]] = [
    ("code", {NOISE: ("self.input * 2", "self.input * 3")}),
    ("stronger-contract", {TOML: ('determinism = "single_worker"\ndeterminism_reason = "gensim"', 'determinism = "order_independent"')}),
    ("more-surface", {TOML: ('["gather.results"]', '["gather.results", "end_join.results"]')}),
    ("wider-surface", {TOML: ('"an_*.an_result"', '"*.an_result"')}),
    ("surface-reordered", {TOML: ('["results", "an_*.an_result"]', '["an_*.an_result", "results"]')}),
    ("another-analysis", {NOISE: ("self.next(self.an_drop, self.an_lift)", "self.next(self.an_drop, self.an_lift, self.an_more)")}),
    ("source-added", {TOML: ('"poc/noise.txt"]', '"poc/noise.txt", "docs/more.md"]'), "docs/more.md": "more"}),
    ("source-moved", {TOML: ("docs/investigation.md", "docs/journal.md"), "docs/investigation.md": None, "docs/journal.md": FILES["docs/investigation.md"]}),
    ("flow-renamed", {NOISE: None, "flow/loud_flow.py": FLOW, TOML: ("flow/noise_flow.py", "flow/loud_flow.py")}),
    ("class-renamed", {NOISE: ("NoiseFlow", "LoudFlow")}),
    ("flow-added", {"flow/new_flow.py": OTHER.replace("OtherFlow", "NewFlow")}),
    ("plain-flow-deleted", {"flow/plain_flow.py": None}),
    ("exclude-of-nothing", {TOML: ('["sandbox/**"]', '["sandbox/**", "old/**"]')}),
    ("rule-enforced-again", {TOML: ('ignore = ["FG307"]\n', "")}),
    ("ignored-by-slug", {TOML: ('"FG307"', '"step-literal"')}),
    ("ruff-wider", {TOML: ("[lint]\n", '[lint]\nruff = ["F", "PLE", "B", "NPY"]\n')}),
    ("more-votes", {TOML: ("votes = 3", "votes = 5")}),
    ("longer-timeout", {TOML: ("[prove]\n", '[prove]\ntimeout = "2h"\njobs = 1\n')}),
    ("more-workers", {TOML: ("workers = 4", "workers = 8")}),
    ("settings-moved", {TOML: None, "pyproject.toml": _moved(SETTINGS), ".github/CODEOWNERS": ("/flowgate.toml", "/pyproject.toml")}),
    ("reformatted", {TOML: ('command = ["judge", "--strict"]', 'command = [\n  "judge", # who\n  "--strict",\n]')}),
    ("hook-newer", {HOOK: ("v0.2.0", "v0.3.1")}),
    ("hook-pinned", {HOOK: ("v0.2.0", "3" * 40)}),
    ("hook-more-stages", {HOOK: ("[pre-push, manual]", "[pre-push, manual, pre-merge-commit]")}),
    ("other-hook", {HOOK: ("      - id: ruff\n", "      - id: ruff-format\n        exclude: ^docs/\n")}),
    ("hooks-reordered", {HOOK: ("      - id: flowgate-lint\n      - id: flowgate-review\n", "      - id: flowgate-review\n      - id: flowgate-lint\n")}),
    ("action-newer", {GATE: ("@1111111111111111111111111111111111111111", "@" + "2" * 40)}),
    ("runner", {GATE: ("runs-on: ubuntu-latest", "runs-on: ubuntu-24.04")}),
    ("set-up-before", {GATE: ("      - uses: flowgate", "      - uses: astral-sh/setup-uv@v6\n      - run: uv sync\n      - uses: flowgate")}),
    ("unbuffered", {GATE: ("  gate:\n", "  gate:\n    env:\n      PYTHONUNBUFFERED: '1'\n")}),
    ("noqa-of-what-is-no-flow", {"tools/util.py": "import x  # noqa\n"}),
    ("another-job", {GATE: ("  required:\n", "  docs:\n    runs-on: ubuntu-latest\n    if: false\n    steps: []\n  required:\n")}),
    ("another-event", {GATE: ("  merge_group:\n", "  merge_group:\n  workflow_dispatch:\n")}),
    ("another-branch", {GATE: ("[main]", "[main, release]")}),
    ("events-as-a-list", {GATE: (WORKFLOW.partition("permissions: {}")[0], "name: gate\non: [pull_request, merge_group, push]\n")}),
    ("owner-added", {".github/CODEOWNERS": ("/.flowgate/ @leads", "/.flowgate/ @leads @science")}),
    ("artifact-renamed", {NOISE: FLOW.replace("results", "scores"), TOML: ('"results", "an_', '"scores", "an_')}),
    ("condition-that-always-holds", {GATE: ("      - uses: flowgate", "      - if: ${{ always() }}\n        uses: flowgate")}),
    ("python-newer", {GATE: ("policy-from-base: true", "policy-from-base: true\n          python: python3.13")}),
    ("hook-written-out", {HOOK: ("id: flowgate-lint\n", "id: flowgate-lint\n        stages: [pre-commit, pre-push]\n")}),
    ("hook-for-a-second-folder", {HOOK: ("      - id: flowgate-review\n", "      - id: flowgate-review\n      - id: flowgate-lint\n        args: [-C, other]\n")}),
    ("harmless-noqa", {NOISE: FLOW.replace("import FlowSpec, step", "import FlowSpec, step  # noqa: E402")}),
    ("ledger-entry", {".flowgate/ledger.yaml": "version: 1\noverrides:\n  - finding: FG301-00000000\n    flow: flow/noise_flow.py\n    reason: for now\n    by: Ada\n    excuses: sha256:00\n"}),
]  # fmt: skip


@pytest.mark.parametrize("edits", [pytest.param(edits, id=name) for name, edits in FINE])
def test_what_only_looks_like_it_is_let_through(edits: Edit, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(base, edits)
    assert [one.message for one in against_main(base, monkeypatch) if one.severity == ERROR] == []


LINES = WORKFLOW.replace(
    "      - uses: flowgate/flowgate@1111111111111111111111111111111111111111\n        with:\n          policy-from-base: true\n",
    "      - run: |\n          pip install flowgate\n          flowgate gate --base-ref origin/main\n",
)
CALLED = LINES.replace("  gate:\n    runs-on: ubuntu-latest", "  gate:\n    runs-on: ubuntu-latest").replace(
    "      - run: |\n          pip install flowgate\n          flowgate gate --base-ref origin/main\n",
    "      - uses: ./.github/actions/check\n",
)
ACTION = "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: flowgate gate --base-ref origin/main\n"
GATE_LINE = "          flowgate gate --base-ref origin/main\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("flowgate gate --base-ref origin/main || true", "passes although"),
        ("flowgate gate --base-ref origin/main | tee log", "passes although"),
        ("flowgate gate --base-ref origin/main &", "passes although"),
        ("flowgate gate --base-ref origin/main || exit $((0))", "passes although"),
        ('test -n "flowgate gate --base-ref origin/main"', "does not run `flowgate gate"),
        ("PYTHONPATH=shim flowgate gate --base-ref origin/main", "does not run `flowgate gate"),
        ("cd /empty && flowgate gate --base-ref origin/main", "does not run `flowgate gate"),
        ("git -C . checkout -q origin/main\nflowgate gate --base-ref origin/main", "what the gate is to judge"),
        ("flowgate gate --base-ref origin/main; exit 0", "passes although"),
        ("set +e\nflowgate gate --base-ref origin/main\necho done", "passes although"),
        ("trap 'exit 0' EXIT\nflowgate gate --base-ref origin/main", "passes although"),
        ("flowgate lint", "does not run `flowgate gate"),
        ("flowgate gate", "does not run `flowgate gate --base-ref"),
        ("flowgate gate --base-ref HEAD", "does not run `flowgate gate --base-ref"),
        ("echo flowgate gate --base-ref origin/main", "does not run the gate any more"),
        ("# flowgate gate --base-ref origin/main", "does not run the gate any more"),
        ("cat <<'EOF'\nflowgate gate --base-ref origin/main\nEOF", "does not run the gate any more"),
        ("gate() {\nflowgate gate --base-ref origin/main\n}", "or whether it does"),
        ('if [ "$GITHUB_ACTOR" = ada ]; then exit 0; fi\nflowgate gate --base-ref origin/main', "or whether it does"),
        ("sed -i '/determinism/d' flowgate.toml\nflowgate gate --base-ref origin/main", "what the gate is to judge"),
        ("git checkout -q origin/main\nflowgate gate --base-ref origin/main", "what the gate is to judge"),
    ],
)
def test_a_script_that_hides_skips_or_misleads_the_gate_is_named(
    line: str, words: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(repository, FILES | {GATE: LINES})
    change(repository, {GATE: (GATE_LINE, "".join(f"          {one}\n" for one in line.split("\n")))})
    found = [one.message for one in against_main(repository, monkeypatch) if one.severity == ERROR]
    assert any(words in message for message in found), found


@pytest.mark.parametrize(
    "line",
    [
        "flowgate gate --base-ref origin/main --format github --summary s.md",
        "flowgate gate \\\n  --base-ref origin/main \\\n  --sarif s.sarif",
        "set -o pipefail\nflowgate gate --base-ref origin/main | tee log",
        'code=0\nflowgate gate --base-ref origin/main || code=$?\ncat log\nexit "$code"',
        'args=(--base-ref origin/main)\nflowgate gate "${args[@]}"',
        "if ! flowgate gate --base-ref origin/main; then\n  echo ::error::no\n  exit 1\nfi",
        "uv run flowgate gate --base-ref origin/main --no-cache",
        "set -euo pipefail\npython -m flowgate gate --base-ref origin/main",
    ],
)
def test_a_script_that_says_the_same_otherwise_is_let_through(
    line: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(repository, FILES | {GATE: LINES})
    change(repository, {GATE: (GATE_LINE, "".join(f"          {one}\n" for one in line.split("\n")))})
    assert [one.message for one in against_main(repository, monkeypatch) if one.severity == ERROR] == []


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"action.yml": ("origin/main", "origin/main || true")}, "passes although"),
        ({"action.yml": ("flowgate gate --base-ref origin/main", "true")}, "does not run the gate any more"),
        ({"gate.yml": ("      - uses: ./.github", "      - if: github.actor == 'ada'\n        uses: ./.github")}, "may be skipped"),
        ({"action.yml": ("origin/main\n", "origin/main --format github\n")}, ""),
        ({"gate.yml": ("      - uses: ./.github/actions/check\n", "      - run: flowgate gate --base-ref origin/main\n")}, ""),
    ],
)  # fmt: skip
def test_a_local_action_is_read_as_a_part_of_the_job(
    edits: dict[str, tuple[str, str]], words: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"action.yml": ".github/actions/check/action.yml", "gate.yml": GATE}
    committed(repository, FILES | {GATE: CALLED, places["action.yml"]: ACTION})
    change(repository, {places[name]: edit for name, edit in edits.items()})
    found = [one.message for one in against_main(repository, monkeypatch) if one.severity == ERROR]
    assert any(words in message for message in found) if words else found == [], found


HYDRA = {
    "flow/noise_flow.py": FLOW.replace("from metaflow import FlowSpec, step", "import os\n\nfrom metaflow import Config, FlowSpec, step").replace(
        "    @step\n    def start", "    cfg = Config('cfg', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), 'conf/config.yaml'))\n\n    @step\n    def start", 1
    ),
    "flow/conf/config.yaml": "defaults: [{contract: strict}, {experiment: noise}, _self_]\nclaims:\n  full: [gather.results, an_*.an_result]\nsurface: ${claims.full}\n",
    "flow/conf/contract/strict.yaml": "# @package _global_\nkind: order_independent\n",
    "flow/conf/contract/serial.yaml": "# @package _global_\nkind: single_worker\n",
    "flow/conf/experiment/_base.yaml": "determinism: ${kind}\nsurface: ${surface}\n",
    "flow/conf/experiment/noise.yaml": "defaults: [_base, _self_]\nname: noise\n",
    "flow/conf/experiment/wide.yaml": "defaults: [_base, _self_]\nname: wide\n",
    "flow/conf/experiment/extra/deep.yaml": "determinism: order_independent\nsurface: ${surface}\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"config.yaml": ("contract: strict", "contract: serial")}, "contract of NoiseFlow is weaker"),
        ({"config.yaml": ("an_*.an_result", "an_lift.an_result")}, "an_drop.an_result"),
        ({"contract/strict.yaml": ("order_independent", "nondeterministic")}, "contract of NoiseFlow is weaker"),
        ({"experiment/_base.yaml": ("surface: ${surface}", "surface: [gather.results]")}, "an_drop.an_result"),
        ({"experiment/wide.yaml": "# @package _global_\ndefaults:\n  - _base@experiment\n  - override /contract: serial\n  - _self_\nexperiment: {name: wide}\n"}, "contract of experiment wide"),
        ({"experiment/extra/deep.yaml": ("order_independent", "single_worker")}, "contract of experiment extra/deep"),
        ({"config.yaml": ("surface: ${claims.full}", "surface: [gather.results, an_*.an_result]")}, ""),
        ({"experiment/wide.yaml": ("name: wide", "name: wide\nsurface: ['*.an_result', gather.results]")}, ""),
    ],
)  # fmt: skip
def test_a_claim_is_followed_through_the_config(
    edits: Edit, words: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(repository, HYDRA)
    change(repository, {f"flow/conf/{name}": edit for name, edit in edits.items()})
    found = [one.message for one in against_main(repository, monkeypatch) if one.severity == ERROR]
    assert any(words in message for message in found) if words else found == [], found


def test_findings_point_to_where_the_base_was_left(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(base, {TOML: ("workers = 4", "# fewer, for now\nworkers = 2")})
    (found,) = against_main(base, monkeypatch)
    assert (found.path, found.line) == (TOML, 6) and "workers" in found.message


def test_a_second_noqa_of_the_same_words_counts_and_a_moved_one_does_not(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silenced = FLOW.replace("self.input * 2", "self.input * two  # noqa: F821")
    committed(repository, {"a_flow.py": silenced})
    change(repository, {"a_flow.py": None, "b_flow.py": silenced})
    assert against_main(repository, monkeypatch) == []
    (repository / "b_flow.py").write_text(silenced.replace("max(self.results)", "max(self.result)  # noqa: F821"))
    (found,) = against_main(repository, monkeypatch)
    assert "silences" in found.message


def test_config_behind_a_link_is_followed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = {name.replace("flow/conf/", "shared/"): text for name, text in HYDRA.items()}
    write(repository, real)
    (repository / "flow" / "conf").symlink_to("../shared")
    committed(repository, {})
    change(repository, {"shared/contract/strict.yaml": ("order_independent", "nondeterministic")})
    assert any("contract of NoiseFlow" in one.message for one in against_main(repository, monkeypatch))
    git(repository, "checkout", "-q", "main")
    git(repository, "branch", "-q", "-D", "change")
    write(repository, {name.replace("shared/", "other/"): text.replace("order_independent", "single_worker") for name, text in real.items() if name.startswith("shared/")})  # fmt: skip
    (repository / "flow" / "conf").unlink()
    (repository / "flow" / "conf").symlink_to("../other")
    assert any("contract of NoiseFlow" in one.message for one in against_main(repository, monkeypatch))


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("text", [BOMB + "exclude: *i\n", "repos: &r [*r]\n", "[" * 5_000, "\x00", ""])
@pytest.mark.parametrize("path", [HOOK, GATE])
def test_a_config_that_would_never_end_is_no_config(
    path: str, text: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(base, {path: text})
    assert any("gone" in one.message or "any more" in one.message for one in against_main(base, monkeypatch))


@pytest.mark.parametrize("surface", ["&s [*s]", "[[[[deep]]]]", "${surface}", "7"])
def test_a_surface_that_is_none_is_no_claim(surface: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(repository, HYDRA)
    change(repository, {"flow/conf/config.yaml": ("surface: ${claims.full}", f"surface: {surface}")})
    assert any("NoiseFlow" in one.message for one in against_main(repository, monkeypatch))


def test_anchors_that_end_are_read(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchored = WORKFLOW.replace("runs-on: ubuntu-latest", "runs-on: &os ubuntu-latest", 1)
    change(base, {GATE: anchored.replace("runs-on: ubuntu-latest", "runs-on: *os")})
    assert [one for one in against_main(base, monkeypatch) if one.severity == ERROR] == []


def test_the_state_behind_a_link_is_not_believed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(repository, {"flow.py": FLOW, "kept/cache/proofs/x.json": "{}"})
    (repository / ".flowgate").symlink_to("kept")
    assert any("is a link" in one.message for one in against_main(repository, monkeypatch))


def test_the_base_is_where_the_branch_left_it(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(base, "checkout", "-q", "-b", "early")
    git(base, "checkout", "-q", "main")
    (base / TOML).write_text(SETTINGS.replace("workers = 4", "workers = 8"))
    git(base, "commit", "-q", "-a", "-m", "main asks more by now")
    git(base, "checkout", "-q", "early")
    assert against_main(base, monkeypatch) == []
