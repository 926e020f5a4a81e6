"""The bundle's digest covers names and contents; times, owners and modes are set to constants first."""
# contract: order_independent
# surface: bundle_id
import hashlib
import io
import json
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from metaflow import FlowSpec, step


def normal(info):
    info.mtime = 0
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.isdir() else 0o644
    return info


def digest(folder):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for path in sorted(Path(folder).iterdir()):
            tar.add(path, arcname=path.name, filter=normal)
    return hashlib.sha256(data.getvalue()).hexdigest()


class BundleFlow(FlowSpec):
    @step
    def start(self):
        self.weights = np.random.default_rng(1).normal(size=8).round(6).tolist()
        self.next(self.pack)

    @step
    def pack(self):
        with tempfile.TemporaryDirectory() as folder:
            for layer in range(2):
                with open(Path(folder) / f"layer{layer}.json", "w") as f:
                    json.dump(self.weights[layer * 4 : layer * 4 + 4], f)
            self.bundle_id = digest(folder)
        self.next(self.end)

    @step
    def end(self):
        print(self.bundle_id[:16])


if __name__ == "__main__":
    BundleFlow()
