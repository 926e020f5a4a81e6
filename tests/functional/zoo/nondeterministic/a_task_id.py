"""The seed is Metaflow's task id, and so the order of launch."""

# surface: results
# first cause: work.shard

from metaflow import FlowSpec, current, step


class ATaskIdFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.shard = int(current.task_id) % 3
        self.value = self.shard * 10
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ATaskIdFlow()
