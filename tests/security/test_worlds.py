"""What an arm does stays in its world: nothing of it reaches the next arm, the checkout, the machine or flowgate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from flowgate.prove.sandbox import why_not
from tests.conftest import Done, Flowgate, environment, git, run
from tests.security.flows import FAN, LINE, proof, repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not("/")), reason=f"no world can be made here: {why_not('/')}"),
]

# Everything that a flow might try on the machine, one function each; what one returns is noted as its success.
ATTEMPTS = """
import ctypes, socket, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path.home()
TRIED = {}


def attempt(function):
    TRIED[function.__name__] = function
    return function


@attempt
def writes_to_the_ledger():
    path = HERE / ".flowgate/ledger.yaml"
    seen = path.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_text("version: 1\\n")
    return seen


@attempt
def writes_a_receipt():
    for path in HERE.glob(".flowgate/cache/proofs/*"):
        if path.is_dir():
            (path / "receipt.json").write_text("{}")


@attempt
def edits_a_tracked_file():
    (HERE / "tracked.txt").write_text("changed")


@attempt
def removes_a_tracked_file():
    (HERE / "removed.txt").unlink()


@attempt
def edits_the_next_flow():
    (HERE / "other_flow.py").write_text("changed")


@attempt
def edits_the_settings():
    (HERE / "flowgate.toml").write_text("flows = []")


@attempt
def edits_by_a_shell():
    subprocess.run("echo changed > tracked.txt; rm -rf data; mkdir -p a/b; echo > a/b/c", shell=True, cwd=HERE)


@attempt
def edits_by_c():
    library = ctypes.CDLL(None)
    handle = library.open(os.fsencode(HERE / "by_c.txt"), os.O_CREAT | os.O_WRONLY, 0o644)
    library.write(handle, b"changed", 7)


@attempt
def commits():
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", "commit", "-qam", "by the flow"], cwd=HERE)


@attempt
def puts_a_hook_into_git():
    (HERE / ".git/hooks").mkdir(exist_ok=True)
    (HERE / ".git/hooks/post-checkout").write_text("#!/bin/sh\\ntouch escaped\\n")


@attempt
def configures_git():
    subprocess.run(["git", "config", "core.fsmonitor", "touch escaped"], cwd=HERE)


@attempt
def reads_the_token_of_git():
    places = [HERE / ".git/config", HERE / ".git/FETCH_HEAD", Path("/proc/1/cmdline"), Path("/proc/1/environ")]
    held = "".join(path.read_text(errors="replace") for path in places if os.access(path, os.R_OK))
    return "AUTHORIZATION" in held or "hunter2" in held


@attempt
def reads_the_token_of_the_job():
    return [name for name in os.environ if name.startswith(("GITHUB_", "ACTIONS_", "RUNNER_")) or name == "GH_TOKEN"]


@attempt
def tells_the_runner():
    for folder in (os.environ.get("WHERE_THE_RUNNER_LISTENS"), ):
        if folder and os.path.isdir(folder):
            for name in ("output", "env", "summary"):
                with open(os.path.join(folder, name), "a") as file:
                    file.write("verdict=pass\\n")


@attempt
def leaves_files_everywhere():
    for folder in (HOME, "/tmp", "/var/tmp", "/dev/shm", HOME / ".cache", "/opt", "/"):
        try:
            Path(folder).mkdir(exist_ok=True)
            (Path(folder) / MARK).write_text("left")
        except OSError:
            pass


@attempt
def edits_its_own_environment():
    site = Path(sys.prefix) / "lib"
    for folder in site.glob("python*/site-packages"):
        (folder / (MARK + ".pth")).write_text("import os")


@attempt
def edits_flowgate():
    import importlib.util

    spec = importlib.util.find_spec("flowgate")
    if spec is not None:
        Path(spec.origin).write_text("changed")


@attempt
def sees_flowgate():
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\\0", b" ").decode()
        except OSError:
            continue
        if "prove" in line.split() and "enter.py" not in line:
            found.append(line)
    return found


@attempt
def kills_its_parents():
    # Everything it can see but itself and those that started it: the first process of a world is out of reach.
    try:
        os.kill(1, 9)
    except OSError:
        return False
    time.sleep(0.1)
    return not os.path.exists("/proc/1")


@attempt
def unmounts():
    return any(subprocess.run(["umount", place], capture_output=True).returncode == 0 for place in (str(HERE), "/tmp", "/"))


@attempt
def makes_namespaces_of_its_own():
    script = "umount -l /proc/sys; umount -l " + str(HERE) + "; mount --bind /proc/1/root /mnt && touch /mnt/" + MARK
    subprocess.run(["unshare", "-Urm", "sh", "-c", script], capture_output=True)


@attempt
def enters_the_namespaces_of_the_first():
    return subprocess.run(["nsenter", "-t", "1", "-a", "true"], capture_output=True).returncode == 0


@attempt
def traces_the_first():
    return ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0  # PTRACE_ATTACH


@attempt
def makes_a_device():
    os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))
    return True


@attempt
def reads_a_disk():
    return [str(path) for path in Path("/dev").glob("[vsn][dv]*")]


@attempt
def changes_the_kernel():
    Path("/proc/sys/kernel/panic").write_text("7")
    return True


@attempt
def talks_to_services():
    found = []
    for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.connect(path)
                found.append(path)
            except OSError:
                pass
    return found


@attempt
def leaves_a_daemon():
    program = f'''
import os, signal, time
for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(one, signal.SIG_IGN)
if os.fork() or (os.setsid() and False) or os.fork():
    os._exit(0)
time.sleep(20)
open({str(HERE / "by_daemon.txt")!r}, "w").write("late")
time.sleep(3600)  # {MARK}
'''
    subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stdout=-3, stderr=-3)


@attempt
def prints_commands():
    print("::set-output name=verdict::pass")
    print("::error::not true")


@attempt
def breaks_out_by_links():
    (HERE / "way_out").symlink_to("/proc/1/root/old")
    return (HERE / "way_out").exists()


@attempt
def swaps_the_folder_of_its_records():
    home = os.environ.get("FLOW" + "GATE_PROBE_HOME", "")
    os.symlink("/etc", os.path.join(home, "left"))


def work():
    done = {}
    for name, function in TRIED.items():
        try:
            done[name] = bool(function())
        except Exception:
            done[name] = False
    return sorted(name for name, worked in done.items() if worked)
"""


class Tried(NamedTuple):
    """A repository after a proof of a flow that tried everything."""

    folder: Path
    runner: Path
    done: Done
    before: dict[str, bytes]
    mark: str
    variables: dict[str, str]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    mark = f"flowgate-mark-{os.getpid()}"
    folder, runner = tmp_path_factory.mktemp("tried"), tmp_path_factory.mktemp("runner")
    for name in ("output", "env", "summary"):
        (runner / name).touch()
    files = {"tracked.txt": "as it was\n", "removed.txt": "here\n", "other_flow.py": "VALUE = 1\n", "data/a.csv": "1\n"}
    repository(folder, LINE.format(before=f"MARK = {mark!r}\n" + ATTEMPTS), files)
    git(folder, "config", "http.https://github.example/.extraheader", "AUTHORIZATION: basic c2VjcmV0")
    git(folder, "remote", "add", "origin", "https://ada:hunter2@github.example/lab.git")
    (folder / ".git/FETCH_HEAD").write_text("0 branch 'main' of https://ada:hunter2@github.example/lab\n")
    (folder / ".flowgate").mkdir()
    (folder / ".flowgate/ledger.yaml").write_text("version: 1\noverrides: []\n")
    before = contents(folder)
    variables = {"RUNNER_TEMP": str(runner), "WHERE_THE_RUNNER_LISTENS": str(runner), "GITHUB_TOKEN": "secret"}
    variables |= {"GITHUB_OUTPUT": str(runner / "output"), "ACTIONS_RUNTIME_TOKEN": "secret", "GH_TOKEN": "secret"}
    command = [sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--format", "json"]
    yield Tried(folder, runner, run(command, folder, **variables), before, mark, variables)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a repository, git's own included; what flowgate keeps in its cache is left out."""
    files = (path for path in folder.rglob("*") if ".flowgate/cache" not in str(path) and path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "index"}


def test_the_flow_ran_and_nothing_that_it_tried_worked(tried: Tried) -> None:
    (proof,) = tried.done.json()["proofs"]
    assert (proof["verdict"], proof["sealed"]) == ("pass", True), tried.done
    shown = run(
        [sys.executable, "-I", "-m", "flowgate", "results", "flow.py", "--format", "csv"],
        tried.folder,
        **tried.variables,
    )
    assert shown.code == 0 and len(shown.out.splitlines()) <= 1, f"some of it worked: {shown}"


def test_the_checkout_is_as_it_was(tried: Tried) -> None:
    after = contents(tried.folder)
    assert after == tried.before
    assert git(tried.folder, "log", "--format=%s").out.split("\n")[0] == "a flow"


def test_no_receipt_but_flowgates_own(tried: Tried) -> None:
    found = [path.read_text() for path in tried.folder.glob(".flowgate/cache/proofs/*/receipt*.json")]
    assert len(found) == 1 and '"verdict": "pass"' in found[0]


def test_the_runner_is_told_nothing(tried: Tried) -> None:
    assert [path.read_text() for path in sorted(tried.runner.iterdir())] == ["", "", ""]
    assert "::set-output" not in tried.done.out + tried.done.err


@pytest.mark.parametrize("place", ["~", "/tmp", "/var/tmp", "/dev/shm", "~/.cache", "/opt", "/"])
def test_nothing_is_left_on_the_machine(place: str, tried: Tried) -> None:
    folder = Path(place).expanduser()
    assert not (folder / tried.mark).exists()


def test_the_environment_is_untouched(tried: Tried) -> None:
    assert not list((Path(sys.prefix) / "lib").glob(f"python*/site-packages/{tried.mark}.pth"))


def test_the_daemon_is_gone(tried: Tried) -> None:
    alive = [one for one in psutil.process_iter(["cmdline"]) if tried.mark in " ".join(one.info["cmdline"] or [])]
    assert not alive
    assert not (tried.folder / "by_daemon.txt").exists()


# Ways by which the first arm may leave its answer to the next: each task returns how many had come before it.
WAYS = {
    "a file in the cache of the home folder": "PLACE = os.path.expanduser('~/.cache/flowgate-test-answer')",
    "a file in /var/tmp": "PLACE = '/var/tmp/flowgate-test-answer'",
    "a file in /dev/shm": "PLACE = '/dev/shm/flowgate-test-answer'",
    "a file beside the flow": "PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'answer')",
    "a file in git's folder": "PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '.git', 'answer')",
}
REMEMBERED = """
{place}
SCRATCH = os.environ["TMPDIR"]

def work(index):
    # What this run counts, each task one more than those before it: it depends on their order.
    with open(os.path.join(SCRATCH, "count"), "a") as file:
        file.write("x")
    mine = os.path.getsize(os.path.join(SCRATCH, "count"))
    # What the first run counted stands where the next ones look first.
    kept = f"{{PLACE}}-{{index}}"
    {keep}
"""
BY_PYTHON = """if not os.path.exists(kept):
        open(kept, "w").write(str(mine))
    return int(open(kept).read())
"""
BY_SHELL = """script = f'test -f {kept} || echo {mine} > {kept}; cat {kept}'
    return int(subprocess.check_output(["sh", "-c", script]))
"""
BY_C = """import ctypes
    library = ctypes.CDLL(None)
    handle = library.open(os.fsencode(kept), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    if handle >= 0:
        text = str(mine).encode()
        library.write(handle, text, len(text))
        library.close(handle)
    held = ctypes.create_string_buffer(16)
    handle = library.open(os.fsencode(kept), os.O_RDONLY)
    library.read(handle, held, 16)
    return int(held.value)
"""


PAIRS = [(way, BY_PYTHON) for way in WAYS] + [(next(iter(WAYS)), BY_SHELL), (next(iter(WAYS)), BY_C)]


@pytest.mark.parametrize(("way", "keep"), PAIRS, ids=[*WAYS, "by a shell", "by C code"])
def test_an_answer_does_not_reach_the_next_arm(way: str, keep: str, tmp_path: Path) -> None:
    flow = FAN.format(before=REMEMBERED.format(place=WAYS[way], keep=keep))
    repository(tmp_path, flow)
    done = run([sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--format", "json"], tmp_path)
    assert done.json()["verdict"] == "blocked", done


OTHER_WAYS = {
    "shared memory": """
import ctypes
library = ctypes.CDLL(None)
library.shmat.restype = ctypes.c_void_p

def kept(index, mine):
    number = library.shmget(7340 + index, 4096, 0o1666)  # IPC_CREAT
    place = ctypes.cast(library.shmat(number, None, 0), ctypes.POINTER(ctypes.c_int))
    if place[0] == 0:
        place[0] = mine
    return place[0]
""",
    "a daemon that answers": """
import socket, textwrap
PROGRAM = textwrap.dedent('''
    import os, socket, sys
    held = {}
    one = socket.socket(socket.AF_UNIX)
    one.bind(chr(0) + "flowgate-test-daemon")
    one.listen()
    if os.fork() or (os.setsid() and False) or os.fork():
        os._exit(0)
    while True:
        asked, _ = one.accept()
        index, mine = asked.recv(100).split()
        asked.send(held.setdefault(index, mine))
        asked.close()
''')

def kept(index, mine):
    one = socket.socket(socket.AF_UNIX)
    if one.connect_ex(chr(0) + "flowgate-test-daemon"):
        subprocess.run([sys.executable, "-c", PROGRAM], stdout=-3, stderr=-3)
        one.connect(chr(0) + "flowgate-test-daemon")
    one.send(f"{index} {mine}".encode())
    return int(one.recv(100))
""",
    "the kernel's keys": """
import ctypes
library = ctypes.CDLL(None)

def kept(index, mine):
    name = f"flowgate-test-{index}".encode()
    found = library.syscall(249, b"user", name, None, -4)  # request_key, in the user's keyring
    if found < 0:
        text = str(mine).encode()
        library.syscall(248, b"user", name, text, len(text), -4)  # add_key
        return mine
    held = ctypes.create_string_buffer(16)
    library.syscall(250, 11, found, held, 16, 0)  # keyctl read
    return int(held.value or 0)
""",
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_an_answer_does_not_reach_the_next_arm_in_memory(way: str, tmp_path: Path) -> None:
    before = OTHER_WAYS[way] + REMEMBERED.format(place="PLACE = ''", keep="return kept_of(index, mine)")
    repository(tmp_path, FAN.format(before=before.replace("kept_of", "globals()['kept']")))
    command = [sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--format", "json", "--jobs", "1"]
    done = run(command, tmp_path)
    assert done.json()["verdict"] in ("blocked", "inconclusive"), done


def test_the_twin_that_keeps_its_contract_passes_and_may_write_where_it_likes(tmp_path: Path) -> None:
    before = """
import tempfile

def work(index):
    places = [os.path.expanduser("~/.cache"), tempfile.gettempdir(), "/dev/shm", os.path.dirname(os.path.abspath(__file__))]
    for folder in places:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"flowgate-test-{index}"), "w") as file:
            file.write(str(index))
    subprocess.run(["sh", "-c", f"echo {index} > by-shell-{index}"])
    return sum(int(open(os.path.join(folder, f"flowgate-test-{index}")).read()) for folder in places)
"""
    repository(tmp_path, FAN.format(before=before))
    done = run([sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--format", "json"], tmp_path)
    assert done.json()["verdict"] == "pass", done
    assert git(tmp_path, "status", "--porcelain").out == ""


@pytest.mark.parametrize(("network", "verdict"), [("on", "pass"), ("off", "inconclusive")])
def test_the_network_can_be_left_out(network: str, verdict: str, tmp_path: Path) -> None:
    """A server on this machine stands for another one: a world without a network does not reach it either."""
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=served(tmp_path / "served"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().split(" port ")[1].split()[0]
        before = f"""
import urllib.request

def work():
    return urllib.request.urlopen("http://127.0.0.1:{port}/value").read().decode()
"""
        folder = repository(tmp_path / "project", LINE.format(before=before), more=f'network = "{network}"')
        done = run([sys.executable, "-I", "-m", "flowgate", "prove", "flow.py", "--format", "json"], folder)
        assert done.json()["verdict"] == verdict, done
    finally:
        server.send_signal(signal.SIGKILL)
        server.communicate()


def served(folder: Path) -> Path:
    folder.mkdir()
    (folder / "value").write_text("42")
    return folder


def test_a_token_of_the_repository_is_not_seen_from_a_worktree_of_it(tmp_path: Path, flowgate: Flowgate) -> None:
    before = """
def work():
    common = subprocess.check_output(["git", "rev-parse", "--path-format=absolute", "--git-common-dir"], cwd=os.path.dirname(__file__))
    with open(os.path.join(common.decode().strip(), "config")) as file:
        return "hunter2" in file.read()
"""
    folder = repository(tmp_path / "main", LINE.format(before=before))
    git(folder, "remote", "add", "origin", "https://ada:hunter2@github.example/lab.git")
    git(folder, "worktree", "add", "-q", str(tmp_path / "beside"))
    (tmp_path / "beside" / ".metaflow").mkdir()
    assert proof(flowgate, tmp_path / "beside")["verdict"] == "pass"
    shown = flowgate(tmp_path / "beside", "results", "flow.py", "--format", "json")
    assert '"value": false' in shown.out.lower(), shown
