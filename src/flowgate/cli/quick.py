"""`flowgate lint [PATH]...` without click: the answer before the commit."""

from __future__ import annotations

import gc
import os
import sys

from flowgate.errors import FlowgateError


def lint(paths: list[str], fresh: bool, as_committed: bool) -> int:
    """Lint and print as `flowgate lint` does; the exit code."""
    gc.disable()  # the process ends before there is anything to sweep up
    try:
        from flowgate.project import asked_project, open_project
        from flowgate.usecases.lint import check

        project = asked_project(open_project(os.getcwd()), paths)
        if sys.stderr.isatty():
            from flowgate.report.progress import Progress

            with Progress(False) as progress:
                tell = progress.tell_files
                report = check(project, paths, fresh=fresh, tell=tell, as_committed=as_committed)
        else:
            report = check(project, paths, fresh=fresh, as_committed=as_committed)
        from flowgate.report.findings import show
        from flowgate.report.style import use_color

        sys.stdout.write(show(report, "text", False, use_color("auto")))
        sys.stdout.flush()
        return 1 if report.blocks else 0
    except FlowgateError as error:
        print(f"flowgate: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception:
        from flowgate.cli.group import unexpected

        return unexpected()
