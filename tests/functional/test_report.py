"""The page of a repository that was gated for real: one flow proven, one diverged, one override; and its picture in the docs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Flowgate, git, write
from tests.functional.flows import COUNTED, fan
from tests.report.test_page import Opened, browser

__all__ = ["browser"]
pytestmark = pytest.mark.slow

PICTURE = REPOSITORY / "docs" / "images" / "report.png"
ROWS = "[{'dose': one.value / 10, 'effect': one.value * 0.13 - 0.2, 'ci': f'[{one.value * 0.13 - 0.3:.2f}, {one.value * 0.13 - 0.1:.2f}]'} for one in inputs]"
FILES = {
    "flow/dose_flow.py": fan("self.input", ROWS).replace("FanFlow", "DoseFlow"),
    "flow/count_flow.py": fan("count(self.index)", before=COUNTED).replace("FanFlow", "CountFlow"),
    "flow/grid_flow.py": fan("self.input * EPOCHS", before="EPOCHS = 15\n").replace("FanFlow", "GridFlow"),
    "flowgate.toml": "".join(f'[flow."flow/{name}_flow.py"]\ndeterminism = "order_independent"\nsurface = ["results"]\n' for name in ("dose", "count")),
    ".gitignore": ".flowgate/cache/\n.metaflow/\n",
}  # fmt: skip


@pytest.mark.usefixtures("own_store")
def test_the_page_of_a_gated_repository(
    browser: object, repository: Path, flowgate: Flowgate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write(repository, FILES)
    listed = flowgate(repository, "lint", "--format", "json").json()["findings"]
    (found,) = (one for one in listed if one["severity"] == "error")
    reason = "the grid is fixed by the protocol"
    assert flowgate(repository, "override", found["id"], "--reason", reason, "--by", "Ada").code == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "three flows")
    page = tmp_path_factory.mktemp("page") / "report.html"
    assert flowgate(repository, "gate", "--html", str(page)).code == 1
    again = page.with_name("again.html")
    assert flowgate(repository, "report", "--html", str(again)).code == 1
    for path in (page, again):
        opened = Opened(browser, path, viewport={"width": 1100, "height": 800})  # type: ignore[arg-type]
        shown = opened.page
        assert opened.said == [] and opened.asked == [path.as_uri()]
        assert shown.locator("h1").inner_text() == "flowgate: ✗ blocked"
        assert shown.locator("rect.box.diverged").count() == 1 and shown.locator("rect.box.follows").count() == 2
        assert "FP101" in shown.locator("#findings").inner_text() and "CountFlow" in shown.locator("nav").inner_text()
        assert reason in shown.locator("table", has_text="Accepted findings").inner_text()
        assert shown.locator(".chart svg[role=img] .mark").count() == 5, "an effect for each of five doses"
        assert "flow/count_flow.py:22" in shown.content() and str(repository) not in shown.content()
        assert shown.locator("td", has_text="0 days").count() == 1
    if os.environ.get("FLOWGATE_PICTURE"):
        PICTURE.parent.mkdir(exist_ok=True)
        shown.screenshot(path=str(PICTURE), full_page=True)
    assert PICTURE.read_bytes().startswith(b"\x89PNG"), "`make picture` makes it"


def test_a_page_that_cannot_be_written_is_an_error(repository: Path, flowgate: Flowgate) -> None:
    write(repository, {"flow.py": fan("self.input")})
    done = flowgate(repository, "report", "--html", "nowhere/report.html")
    assert done.code == 2 and "cannot be written" in done.err
