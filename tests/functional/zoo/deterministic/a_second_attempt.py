"""A task fails once and is tried again."""

# surface: results

from metaflow import FlowSpec, current, retry, step


class ASecondAttemptFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count == 0 and self.index == 1:
            raise ValueError("the first attempt fails")
        self.value = self.index
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASecondAttemptFlow()
