"""What is told of a log in which something failed."""

from __future__ import annotations

from pathlib import Path

from flowgate.prove.crash import crash_of

LOG = """\
2026-11-23 22:19:34.110 [17/work/4 (pid 9)] Task is starting.
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] Traceback (most recent call last):
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] File "/env/lib/site-packages/metaflow/task.py", line 700, in run_step
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] self._exec_step_function(step_func)
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] File "/home/ada/flow.py", line 12, in work
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] self.value = fit(self.input)
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] ^^^^^^^^^^^^^^^
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] File "/home/ada/near.py", line 3, in fit
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] raise ValueError("two lines:\\nthe second")
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] ValueError: two lines:
2026-11-23 22:19:35.110 [17/work/4 (pid 9)] the second
2026-11-23 22:19:35.110 [17/work/4 (pid 9)]
2026-11-23 22:19:36.110 Terminating 0 active tasks...
"""


def told(folder: Path, text: str, code: int = 1) -> str:
    log = folder / "log.txt"
    log.write_text(text)
    return str(crash_of("forward", code, str(log)))


def test_the_users_own_frames_and_the_exception_are_told(tmp_path: Path) -> None:
    text = told(tmp_path, LOG)
    assert [line.strip() for line in text.splitlines()[1:]] == [
        'File "/home/ada/flow.py", line 12, in work',
        "self.value = fit(self.input)",
        'File "/home/ada/near.py", line 3, in fit',
        'raise ValueError("two lines:\\nthe second")',
        "ValueError: two lines:",
        "the second",
    ]


def test_a_log_without_a_traceback_is_told_from_its_end(tmp_path: Path) -> None:
    text = told(tmp_path, "".join(f"line {n}\n" for n in range(100)), code=3)
    assert "exit code 3" in text and "line 99" in text and "line 80" not in text


def test_an_empty_log_is_no_traceback_of_ours(tmp_path: Path) -> None:
    assert "was killed" in told(tmp_path, "", code=-9)
