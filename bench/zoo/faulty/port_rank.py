"""A worker's rank is the first free port of a range, and the rank moves its seed: always 0 for workers that never meet."""
# contract: order_independent
# surface: join.draws
# first cause: work.draw

import random
import socket
import time

from metaflow import FlowSpec, step

BASE = 47610


def bind_first_free():
    for rank in range(6):
        s = socket.socket()
        try:
            s.bind(("127.0.0.1", BASE + rank))
            s.listen()
            return rank, s
        except OSError:
            s.close()
    return 6, None


class PortRank(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        rank, server = bind_first_free()
        print("listening as", rank)
        rng = random.Random(f"{self.input}:{rank}")
        time.sleep(0.3)
        self.draw = rng.randrange(10**6)
        if server is not None:
            server.close()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.draws = [i.draw for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PortRank()
