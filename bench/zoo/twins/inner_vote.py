"""The vote is taken by an inner run of inner.py, whose tie goes to the first name in the alphabet; the run's id is off the surface."""
# contract: order_independent
# surface: order
from pathlib import Path

from metaflow import FlowSpec, Runner, step

HERE = Path(__file__).resolve().parent
INNER = next(p for p in (HERE / "inner.py", HERE / "inner_vote.files" / "inner.py") if p.exists())


def run(script):
    with Runner(str(script), pylint=False, show_output=False).run() as done:
        return done.run


class VoteFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.vote)

    @step
    def vote(self):
        inner = run(INNER)
        self.inner_id = inner.pathspec
        self.order = inner["end"].task["order"].data
        self.next(self.end)

    @step
    def end(self):
        print(self.order, self.inner_id)


if __name__ == "__main__":
    VoteFlow()
