"""The shared file lies wherever the flow is started."""

# surface: results
# first cause: work.value

from metaflow import FlowSpec, step


class FileInTheCurrentFolderFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open("progress.csv", "a") as file:
            file.write(f"{self.index},")
        with open("progress.csv") as file:
            self.value = len(file.read())
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FileInTheCurrentFolderFlow()
