"""The page in a real browser: it renders, filters, asks nobody for anything, and holds nothing but text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flowgate.finding import ERROR, OPEN, OVERRIDDEN, WARNING, Finding
from flowgate.ledger.match import HOLDS, Standing
from flowgate.ledger.store import Entry
from flowgate.prove.diverge import Divergence, Side
from flowgate.prove.proof import Proof
from flowgate.report.page import render
from flowgate.usecases.report import Excused, FlowPage, Held, Material, Node, Quoted
from flowgate.verdict import FlowVerdict, Layer, Verdict

HOSTILE = "<script>document.title='owned'</script>\"' onmouseover=alert(1) {{ 7*7 }} \u202e \x1b[31m"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, which `make test` installs."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed; `make browser` installs it"
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=[*quiet, "--disable-sync", "--no-first-run"])
        yield started
        started.close()


class Opened:
    """A page in the browser, with everything that it said or asked for."""

    def __init__(self, browser: Browser, path: Path, **options: Any) -> None:
        self.page: Page = browser.new_page(**options)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())


def findings(count: int) -> Iterator[Held]:
    for at in range(count):
        found = Finding(
            rule=f"FG{(at % 5) + 301}",
            layer=("lint", "review", "prove", "gate")[at % 4],
            severity=WARNING if at % 3 else ERROR,
            flow="flow/noise_flow.py",
            name="NoiseFlow",
            path=f"flow/{HOSTILE}.py" if at == 7 else "flow/noise_flow.py",
            line=at + 1,
            step="train",
            code=f"x = {at}",
            message=f"finding nr{at}x",
            mend="mend it",
            state=OVERRIDDEN if at % 10 == 9 else OPEN,
            note=HOSTILE,
        )
        quotes = (Quoted("flow/noise_flow.py", at + 1, HOSTILE, True), Quoted("docs/notes.md", 3, "as it was", False))
        yield Held(found, quotes)


def shown(count: int) -> Material:
    """A page with everything on it."""
    held = tuple(findings(count))
    layers = Layer("blocked", HOSTILE), Layer("stale", "reviewed before it changed"), Layer("blocked", "")
    flow = FlowVerdict("flow/noise_flow.py", f"Noise{HOSTILE}", "order_independent", *layers)
    sides = Side("forward", HOSTILE, "str"), Side("adversarial", "0.9", "float")
    apart = Divergence("train", "[1]", "auc", "auc[0]", *sides, 12, "flow/noise_flow.py", "x", 3, 2, "end.results")
    proof = Proof("flow/noise_flow.py", flow.name, "blocked", "order_independent", "", divergence=apart)
    nodes = (
        Node("start", "foreach", ("train",), ""),
        Node("train", "linear", ("gather",), "diverged"),
        Node("gather", "join", ("end",), "follows"),
        Node("end", "linear", (), "follows"),
    )
    rows = [{"method": "a", "auc": 0.9, "ci": "[0.8, 0.95]"}, {"method": HOSTILE, "auc": -0.2, "ci": "[-0.3, 0.1]"}]
    conclusions = ({"name": "end.results", "type": "list", "rows": rows},)
    entry = Entry("FG301-00000000", "flow/noise_flow.py", HOSTILE, "Ada", "sha256:0")
    verdict = Verdict((flow,), tuple(one.finding for one in held), (proof,), ())
    pages = (FlowPage(flow, nodes, proof, conclusions, frozenset({"method"}), ""),)
    return Material(verdict, HOSTILE, "0" * 12, "2026-11-26", pages, held, (Excused(Standing(entry, HOLDS), 12),))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(shown(5_000)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(shown(60)), encoding="utf-8")
    return path


def shown_rows(page: Page) -> list[str]:
    """The layers of the findings that are shown."""
    rows = "rows => rows.filter(row => !row.hidden && row.offsetHeight > 0).map(row => row.dataset.layer)"
    found: list[str] = page.locator("#findings > li").evaluate_all(rows)
    return found


def test_it_renders_five_thousand_findings_and_filters_them(browser: Browser, large: Path) -> None:
    opened = Opened(browser, large)
    page = opened.page
    rows = page.locator("#findings > li")
    assert rows.first.evaluate("row => getComputedStyle(row).display") == "block", "numbered rows are hidden in seconds"
    assert rows.count() == 5_000 and page.locator("#shown").inner_text() == "5000 of 5000 findings"
    page.locator("input[name=words]").fill("finding nr4999x")
    assert len(shown_rows(page)) == 1
    page.locator("input[name=words]").fill("")
    page.locator("select[name=state]").select_option("overridden")
    assert page.locator("#shown").inner_text() == "500 of 5000 findings"
    page.locator("select[name=layer]").select_option("review")
    assert set(shown_rows(page)) == {"review"}
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#shown")).to_have_text("5000 of 5000 findings")
    assert opened.said == [] and opened.asked == [large.as_uri()]


def test_whatever_stands_in_it_is_text(browser: Browser, usual: Path) -> None:
    opened = Opened(browser, usual)
    page = opened.page
    assert page.title().startswith("flowgate: blocked") and "owned" in page.title(), "the name is there, as text"
    assert page.locator("script").count() == 1 and page.locator("[onmouseover]").count() == 0
    assert "49" not in page.locator("#overrides + div").inner_text() and "{{ 7*7 }}" in page.content()
    assert "\u202e" not in page.content() and "\x1b" not in page.content()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    assert any("Content Security Policy" in said for said in opened.said), "and what got in would not be loaded"


def test_the_graph_marks_where_the_arms_part(browser: Browser, usual: Path) -> None:
    page = Opened(browser, usual).page
    assert page.locator("rect.box.diverged").count() == 1 and page.locator("rect.box.follows").count() == 2
    graph = page.locator("svg", has=page.locator("rect.box"))
    assert "differs first" in graph.first.text_content()  # type: ignore[operator]
    assert page.locator("circle.dot").count() == 2 and page.locator("line.span").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_by_light_in_the_dark_and_in_print(browser: Browser, scheme: str, usual: Path) -> None:
    page = Opened(browser, usual, color_scheme=scheme).page
    for selector in ("body", ".blocked", ".faint", ".warning", "a"):
        assert _contrast(page, selector) >= 4.5, selector
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible() and not page.locator("nav").is_visible()
    assert page.locator("#findings > li").first.is_visible()


def test_it_is_used_with_the_keyboard_and_a_screen_reader(browser: Browser, usual: Path) -> None:
    page = Opened(browser, usual, viewport={"width": 360, "height": 640}).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than a phone"
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    assert page.locator("html").get_attribute("lang") == "en" and page.locator("main").count() == 1
    for table in page.locator("table").all():
        assert table.locator("caption").count() == 1 and table.locator("thead th[scope=col]").count() > 0
    for image in page.locator("[role=img]").all():
        assert image.get_attribute("aria-label") or image.locator("title").text_content()
    unnamed = page.locator("input, select, button").evaluate_all(
        "all => all.filter(one => !one.labels?.length && !one.textContent)"
    )
    assert unnamed == []


def test_it_says_what_there_is_not(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "empty.html"
    path.write_text(render(Material(Verdict((), (), (), ()), "empty", "", "2026-11-26", (), (), ())))
    opened = Opened(browser, path)
    assert "There is no flow." in opened.page.content() and opened.said == []


def investigation(name: str, result: str = "pass", rows: list[dict[str, Any]] | None = None) -> FlowPage:
    """One flow of a page, with what it concluded."""
    layer = Layer(result, "")
    verdict = FlowVerdict(f"flow/{name}_flow.py", f"{name}Flow", "order_independent", layer, layer, layer)
    conclusions = ({"name": "aggregate.results", "type": "list", "rows": rows},) if rows else ()
    return FlowPage(
        verdict, (), None, conclusions, frozenset({"noise"}), "", question="Does the lead survive wrong labels?"
    )


LINES = [
    {"method": method, "noise": noise, "accuracy": 0.9123456789012345 - noise / 3 + at / 50, "interval": f"[{0.8123456789012345 - noise / 3}, {0.9523456789012345 - noise / 3}]"}
    for at, method in enumerate(("centroid", "logistic", "forest"))
    for noise in (0.0, 0.1, 0.3)
]  # fmt: skip


def opened_with(browser: Browser, folder: Path, flows: list[FlowPage], **options: Any) -> Page:
    verdict = Verdict(tuple(flow.verdict for flow in flows), (), (), ())
    path = folder / "report.html"
    path.write_text(render(Material(verdict, "lab", "0" * 12, "2026-11-26", tuple(flows), (), ())), encoding="utf-8")
    return Opened(browser, path, **options).page


def test_conclusions_come_first_with_the_question_that_they_answer(browser: Browser, tmp_path: Path) -> None:
    page = opened_with(browser, tmp_path, [investigation("noise", rows=LINES)])
    headings = page.locator("h2, h3").all_inner_texts()
    assert headings[:3] == ["Conclusions", "Does the lead survive wrong labels?", "Flows"]


def test_methods_are_told_apart_and_lines_are_drawn_over_a_numeric_axis(browser: Browser, tmp_path: Path) -> None:
    page = opened_with(browser, tmp_path, [investigation("noise", rows=LINES)])
    lines = page.locator(".chart svg[role=img] .line")
    assert lines.count() == 3
    look = "lines => lines.map(line => [getComputedStyle(line).stroke, getComputedStyle(line).strokeDasharray].join())"
    assert len(set(lines.evaluate_all(look))) == 3, "by colour and dash"
    marks = page.locator(".chart svg[role=img] .mark").evaluate_all(
        "marks => marks.map(mark => mark.getAttribute('d'))"
    )
    assert len(marks) == 9 and len(set(marks)) == 3, "and by mark, for who sees no colours"
    assert page.locator(".chart svg[role=img] .whisker").count() == 9
    assert page.locator(".legend li").all_inner_texts() == ["centroid", "logistic", "forest"]


def test_without_a_numeric_axis_there_are_dots(browser: Browser, tmp_path: Path) -> None:
    rows = [{"method": "a", "accuracy": 0.5}, {"method": "b", "accuracy": 0.7}]
    page = opened_with(browser, tmp_path, [investigation("noise", rows=rows)])
    assert page.locator(".chart").count() == 0 and page.locator("circle.dot").count() == 2


@pytest.mark.parametrize("width", [1280, 768, 400])
def test_numbers_are_short_and_whole(width: int, browser: Browser, tmp_path: Path) -> None:
    page = opened_with(
        browser, tmp_path, [investigation("noise", rows=LINES)], viewport={"width": width, "height": 800}
    )
    cells = page.locator(".values td.number")
    texts = cells.all_inner_texts()
    assert "0.9123" in texts and "[0.8123, 0.9523]" in texts
    assert not any(len(text) > 18 for text in texts)
    lines = """cells => cells.map(cell => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length;
    })"""
    assert set(cells.evaluate_all(lines)) == {1}, "no number is broken in its middle"
    assert cells.first.get_attribute("title"), "all of its digits are there for who asks"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_forty_flows_are_folded_but_for_those_that_do_not_pass(browser: Browser, tmp_path: Path) -> None:
    flows = [investigation(f"n{at}", "blocked" if at in (3, 17) else "pass") for at in range(40)]
    page = opened_with(browser, tmp_path, flows)
    assert "40 flows: 38 pass, 2 do not" in page.locator("section[aria-labelledby=flows]").inner_text()
    rows = page.locator("section[aria-labelledby=flows] tbody tr")
    assert rows.count() == 40 and sum(row.is_visible() for row in rows.all()) == 2
    page.get_by_text("38 flows that pass").click()
    assert sum(row.is_visible() for row in rows.all()) == 40


def _contrast(page: Page, selector: str) -> float:
    """The contrast of an element's text with the page behind it (W3C, WCAG 2.2, 1.4.3)."""
    colours = page.evaluate(
        "s => [getComputedStyle(document.querySelector(s)).color, getComputedStyle(document.body).backgroundColor]",
        selector,
    )
    light, dark = sorted((_luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[4:-1].split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
