"""The first caller of a cold model server is refused once, and its second attempt draws with a seed moved by the attempt."""
# contract: order_independent
# surface: join.samples
# first cause: sample.draw

import os
import random
import tempfile

from metaflow import FlowSpec, current, retry, step


def wake(folder):
    """True for the one call that finds the server cold."""
    fd, mine = tempfile.mkstemp(dir=folder)
    os.close(fd)
    try:
        os.link(mine, os.path.join(folder, "warm"))
        return True
    except FileExistsError:
        return False
    finally:
        os.unlink(mine)


class RetryLink(FlowSpec):
    @step
    def start(self):
        self.server = tempfile.mkdtemp(prefix="server")
        self.prompts = ["sum", "sort", "plan"]
        self.next(self.sample, foreach="prompts")

    @retry(times=2, minutes_between_retries=0)
    @step
    def sample(self):
        if wake(self.server):
            raise RuntimeError("503: the model is loading")
        rng = random.Random(f"{self.input}-{current.retry_count}")
        self.draw = [rng.randrange(1000) for _ in range(3)]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.samples = [i.draw for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RetryLink()
