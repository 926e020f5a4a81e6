"""Forked children write into one pipe; the order of the lines is stored."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import os
from metaflow import FlowSpec, step


class ForkFlow(FlowSpec):
    @step
    def start(self):
        reader, writer = os.pipe()
        children = []
        for i in range(4):
            child = os.fork()
            if child == 0:
                total = sum(k * k % 7 for k in range(300_000))
                os.write(writer, f"{i}:{total + i}\n".encode())
                os._exit(0)
            children.append(child)
        os.close(writer)
        with os.fdopen(reader) as stream:
            lines = stream.read().split()
        for child in children:
            os.waitpid(child, 0)
        self.result = lines
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    ForkFlow()
