"""The same flow as its faulty partner, but it claims one worker only, where the last task is always the same."""
# contract: single_worker
# surface: export.exported

import json
import os
import tempfile

from metaflow import FlowSpec, step


class SymlinkLatest(FlowSpec):
    @step
    def start(self):
        self.ckpts = tempfile.mkdtemp(prefix="ckpts")
        self.epochs = [10, 20, 30]
        self.next(self.train, foreach="epochs")

    @step
    def train(self):
        w = 1.0
        for _ in range(self.input):
            w *= 0.93
        name = f"ckpt-{self.input}.json"
        with open(os.path.join(self.ckpts, name), "w") as f:
            json.dump({"epochs": self.input, "w": w}, f)
        fresh = os.path.join(self.ckpts, f"latest.{self.input}")
        os.symlink(name, fresh)
        os.replace(fresh, os.path.join(self.ckpts, "latest"))
        self.next(self.join)

    @step
    def join(self, inputs):
        with open(os.path.join(inputs[0].ckpts, "latest")) as f:
            self.latest = json.load(f)
        self.next(self.export)

    @step
    def export(self):
        self.exported = round(self.latest["w"], 6)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SymlinkLatest()
