"""Each task has a file of its own, beside the flow."""

# surface: results

from pathlib import Path

from metaflow import FlowSpec, step

HERE = Path(__file__).resolve().parent


class AFileForEveryTaskFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(HERE / f"part-{self.index}.txt", "w") as file:
            file.write(self.input)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [(HERE / f"part-{at}.txt").read_text() for at in range(4)]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AFileForEveryTaskFlow()
