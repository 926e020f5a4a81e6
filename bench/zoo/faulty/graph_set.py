"""A greedy independent set pops nodes from a set of plain objects: they lie in the order of their addresses."""
# contract: order_independent
# surface: chosen
# first cause: select.chosen
from dataclasses import dataclass

import numpy as np
from metaflow import FlowSpec, step


@dataclass(eq=False)
class Node:
    row: int
    col: int


def difference(a, b):
    return abs(a.row - b.row) + abs(a.col - b.col)


def thin(points):
    """Keep one of any two nodes closer than 3."""
    left = {Node(r, c) for r, c in points}
    kept = []
    while left:
        node = left.pop()
        kept.append((node.row, node.col))
        left = {other for other in left if difference(node, other) >= 3}
    return sorted(kept)


class ThinFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(6)
        self.points = sorted({(int(r), int(c)) for r, c in rng.integers(0, 20, size=(150, 2))})
        self.next(self.select)

    @step
    def select(self):
        self.chosen = thin(self.points)
        self.next(self.end)

    @step
    def end(self):
        print(len(self.chosen), self.chosen[:6])


if __name__ == "__main__":
    ThinFlow()
