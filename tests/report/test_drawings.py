"""The graph and the plots of the page, for any flow and any numbers."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowgate.report.page.chart import charts
from flowgate.report.page.graph import drawn
from flowgate.report.page.plot import plots
from flowgate.usecases.report import Node

NAMES = [f"step{at}" for at in range(8)]
NODES = st.lists(
    st.builds(
        Node,
        st.sampled_from(NAMES),
        st.sampled_from(["linear", "foreach", "split", "join", "switch"]),
        st.lists(st.sampled_from([*NAMES, "nowhere"]), max_size=3, unique=True).map(tuple),
        st.sampled_from(["", "diverged", "follows"]),
    ),
    max_size=8,
    unique_by=lambda node: node.name,
)
NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(), st.booleans())
ROWS = st.lists(
    st.fixed_dictionaries({"lr": NUMBERS, "auc": NUMBERS, "method": st.text(max_size=5), "ci": st.text(max_size=12)}),
    max_size=45,
)


@given(NODES)
def test_no_two_steps_lie_on_each_other_and_no_line_leads_nowhere(nodes: list[Node]) -> None:
    graph = drawn(nodes)
    assert [box.name for box in sorted(graph.boxes, key=lambda box: box.name)] == sorted(node.name for node in nodes)
    for one, other in combinations(graph.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or abs(one.y - other.y) >= graph.box
    assert all(
        0 <= box.x <= box.x + box.width <= graph.width and box.y + graph.box <= graph.height for box in graph.boxes
    )
    known = {node.name for node in nodes}
    assert len(graph.lines) == sum(to in known for node in nodes for to in node.targets)


def test_steps_stand_after_those_that_lead_to_them() -> None:
    nodes = [Node("start", "split", ("a", "b"), ""), Node("a", "linear", ("c",), ""), Node("b", "linear", ("join",), ""),
             Node("c", "linear", ("join",), ""), Node("join", "join", ("end",), ""), Node("end", "linear", (), "")]  # fmt: skip
    at = {box.name: box.x for box in drawn(nodes).boxes}
    assert all(at[node.name] < at[to] for node in nodes for to in node.targets)


@given(ROWS, st.sampled_from([frozenset[str](), frozenset({"lr"})]))
def test_every_dot_lies_on_its_line(rows: list[dict[str, Any]], axes: frozenset[str]) -> None:
    for plot in plots({"name": "results", "type": "list", "rows": rows}, axes):
        assert plot.name not in axes and len(plot.dots) == len(rows) <= 40
        for dot in plot.dots:
            places = [dot.at, dot.low, dot.high, plot.zero]
            assert all(8 <= place <= 92 for place in places if place is not None) and dot.label


@given(ROWS, st.sampled_from([frozenset[str](), frozenset({"lr"})]))
def test_every_point_of_a_chart_lies_inside_it_and_lines_go_one_way(
    rows: list[dict[str, Any]], axes: frozenset[str]
) -> None:
    for chart in charts({"name": "results", "type": "list", "rows": rows}, axes):
        assert sum(len(line.points) for line in chart.lines) == len(rows) and len(chart.lines) <= 8
        for line in chart.lines:
            places = [point.x for point in line.points]
            assert places == sorted(places) and len({point.title for point in line.points}) == len(places)
            for point in line.points:
                heights = [height for height in (point.y, point.low, point.high) if height is not None]
                assert chart.left <= point.x <= chart.width and all(0 <= height <= chart.base for height in heights)


def test_an_interval_is_drawn_from_columns_or_from_text() -> None:
    rows = [{"auc": 0.5, "auc_low": 0.4, "auc_high": 0.6}, {"auc": 0.7, "auc_low": 0.6, "auc_high": 0.8}]
    (plot,) = plots({"name": "x", "type": "list", "rows": rows}, frozenset())
    assert [(dot.low, dot.high) for dot in plot.dots] == [(8.0, 50.0), (50.0, 92.0)]
    (plot,) = plots({"name": "x", "type": "list", "rows": [{"auc": 0.5, "ci": "[0.4, 0.6]"}] * 2}, frozenset())
    assert plot.dots[0].low == 8.0 and plot.dots[0].high == 92.0
