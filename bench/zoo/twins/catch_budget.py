"""All queries note what they pay in one file under a lock, but a query is refused, and caught, for its own price alone."""
# contract: order_independent
# surface: join.answers

import fcntl
import os
import tempfile

from metaflow import FlowSpec, catch, step

COST = {"short": 3, "long": 5, "code": 2, "proof": 6, "poem": 4}
BUDGET = 12


def pay(path, cost):
    with open(path, "r+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        spent = int(f.read())
        if cost > BUDGET // 2 - 1:
            raise RuntimeError("402: budget exceeded")
        f.seek(0)
        f.write(f"{spent + cost:08d}")


class CatchBudget(FlowSpec):
    @step
    def start(self):
        fd, self.ledger = tempfile.mkstemp(prefix="ledger")
        os.write(fd, b"00000000")
        os.close(fd)
        self.queries = list(COST)
        self.next(self.ask, foreach="queries")

    @catch(var="error", print_exception=False)
    @step
    def ask(self):
        pay(self.ledger, COST[self.input])
        self.answer = self.input.upper()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.answers = [getattr(i, "answer", None) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CatchBudget()
