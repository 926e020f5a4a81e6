"""Two runs that exist, compared by their hashes first: in a local store, and on a server that speaks S3."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import SCHEMAS, Flowgate, environment, run, write
from tests.functional.flows import SHARED, fan, settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_store")]


def made(folder: Path, **extra: str) -> str:
    """Run the flow plainly; its pathspec."""
    done = run(
        [sys.executable, "flow.py", "--no-pylint", "run", "--run-id-file", "run_id"], folder, METAFLOW_USER="x", **extra
    )
    assert done.code == 0, done
    return f"FanFlow/{(folder / 'run_id').read_text().strip()}"


def test_equal_runs_are_equal_by_their_hashes(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("{self.input: [1.5]}"), "flowgate.toml": settings()})
    first, second = made(tmp_path), made(tmp_path)
    done = flowgate(tmp_path, "prove", "--compare", first, second, "--format", "json")
    document = done.json()
    jsonschema.validate(document, json.loads((SCHEMAS / "proof.json").read_text()))
    assert (done.code, document["verdict"]) == (0, "pass")


def test_equal_values_with_other_hashes_are_equal(flowgate: Flowgate, tmp_path: Path) -> None:
    flow = fan("{'auc', 'f1', 'loss', 'recall', self.input}")
    write(tmp_path, {"flow.py": flow, "flowgate.toml": settings()})
    first, second = made(tmp_path, PYTHONHASHSEED="1"), made(tmp_path, PYTHONHASHSEED="2")
    shas = [
        set((tmp_path / ".metaflow/FanFlow" / name.split("/")[1] / "end").rglob("*.data.json"))
        for name in (first, second)
    ]
    texts = [json.loads(one.pop().read_text())["objects"]["results"] for one in shas]
    assert texts[0] != texts[1], "the pickles differ"
    assert flowgate(tmp_path, "prove", "--compare", first, second).code == 0


def test_a_difference_is_followed_to_its_first_cause(flowgate: Flowgate, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "flow.py": fan(
                "Score(hash(('a', self.input)))",
                before="class Score:\n    def __init__(self, value):\n        self.value = value\n",
            ),
            "flowgate.toml": settings(),
        },
    )
    first, second = made(tmp_path, PYTHONHASHSEED="1"), made(tmp_path, PYTHONHASHSEED="2")
    done = flowgate(tmp_path, "prove", "--compare", first, second, "--format", "json")
    (proof,) = done.json()["proofs"]
    divergence = proof["divergence"]
    assert (done.code, divergence["step"], divergence["index"]) == (1, "work", "[work:0]")
    assert divergence["path"] == "value.value"
    assert [divergence["left"]["arm"], divergence["right"]["arm"]] == [first, second]


@pytest.mark.parametrize(
    ("runs", "code", "words"),
    [
        (("FanFlow", "FanFlow/2"), 2, "`Flow/run`"),
        (("FanFlow/1", "OtherFlow/2"), 2, "runs of two flows"),
        (("OtherFlow/1", "OtherFlow/2"), 2, "no flow named 'OtherFlow'"),
        (("FanFlow/1", "FanFlow/2"), 3, "FanFlow/1 is not in"),
    ],
)
def test_runs_that_cannot_be_compared(
    runs: tuple[str, str], code: int, words: str, flowgate: Flowgate, tmp_path: Path
) -> None:
    write(tmp_path, {"flow.py": fan("1"), "flowgate.toml": settings()})
    done = flowgate(tmp_path, "prove", "--compare", *runs)
    assert done.code == code and words in done.err, done


def test_a_run_that_failed_decides_nothing(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("self.index"), "flowgate.toml": settings()})
    whole = made(tmp_path)
    write(tmp_path, {"flow.py": fan("1 / (self.index - 2)")})
    run([sys.executable, "flow.py", "--no-pylint", "run", "--run-id-file", "run_id"], tmp_path, METAFLOW_USER="x")
    failed = f"FanFlow/{(tmp_path / 'run_id').read_text().strip()}"
    done = flowgate(tmp_path, "prove", "--compare", whole, failed)
    assert done.code == 3 and "did not come to its end" in done.err, done


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """A server that speaks S3, with a bucket: the environment that leads to it, and its log of requests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "s3.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
    environ = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    try:
        _make_bucket(environ)
        yield environ, log
    finally:
        server.terminate()
        server.wait(30)


def _make_bucket(environ: dict[str, str]) -> None:
    program = (
        "import boto3, os; boto3.client('s3', endpoint_url=os.environ['METAFLOW_S3_ENDPOINT_URL'])"
        ".create_bucket(Bucket='bucket')"
    )
    for _ in range(60):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment() | environ, capture_output=True, check=False
        )
        if done.returncode == 0:
            return
        time.sleep(0.5)
    raise AssertionError(done.stderr.decode())


def test_arms_in_s3_are_compared_without_downloading_what_is_equal(
    s3: tuple[dict[str, str], Path], flowgate: Flowgate, tmp_path: Path
) -> None:
    environ, log = s3
    folder = tmp_path / "project"
    flow = fan("list(range(1000 * self.input))", parts=2)
    write(folder, {"flow.py": flow, "flowgate.toml": settings()})
    done = flowgate(folder, "prove", "--format", "json", **environ)
    assert done.code == 0, done
    arms = set(re.findall(r"PUT /bucket/metaflow/flowgate/run-\w+/(\w+)/FanFlow/data", log.read_text()))
    assert arms == {"forward", "adversarial"}
    assert not list(folder.rglob("*.data.json")), "nothing was stored here"

    first, second = made(folder, **environ), made(folder, **environ)
    before = log.stat().st_size
    compared = flowgate(folder, "prove", "--compare", first, second, "--format", "json", **environ)
    assert compared.code == 0, compared
    loaded = set(re.findall(r"GET /bucket/metaflow/FanFlow/data/\w+/(\w+)", log.read_text()[before:]))
    surface = compared.json()["proofs"][0]["surface"]["end.results"].removeprefix("sha1:")
    assert surface not in loaded and len(loaded) <= 2, "only where the tasks stand was looked up"

    write(folder, {"flow.py": fan("note(self.index)", before=SHARED, parts=2)})
    blocked = flowgate(folder, "prove", "--format", "json", **environ)
    divergence = blocked.json()["proofs"][0]["divergence"]
    assert (blocked.code, divergence["left"]["value"], divergence["right"]["value"]) == (1, "'0 '", "'1 0 '")


def test_a_remote_store_without_a_root_is_a_configuration_error(flowgate: Flowgate, tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": fan("1"), "flowgate.toml": settings()})
    done = flowgate(tmp_path, "prove", METAFLOW_DEFAULT_DATASTORE="s3", METAFLOW_HOME=os.fspath(tmp_path))
    assert done.code == 2 and "METAFLOW_DATASTORE_SYSROOT_S3" in done.err, done
