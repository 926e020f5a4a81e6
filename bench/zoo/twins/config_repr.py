"""The seed is a digest of the config's text, in which a function stands by its name."""
# contract: order_independent
# surface: interval
import hashlib

import numpy as np
from metaflow import FlowSpec, step


def huber(r):
    return np.where(np.abs(r) < 1, 0.5 * r * r, np.abs(r) - 0.5)


CONFIG = {"loss": huber, "draws": 300, "levels": (0.1, 0.9)}


def digest(config):
    text = str(sorted((k, getattr(v, "__name__", v)) for k, v in config.items()))
    return hashlib.sha256(text.encode()).hexdigest()


class ConfigFlow(FlowSpec):
    @step
    def start(self):
        self.seed = int(digest(CONFIG)[:8], 16)
        self.residuals = np.random.default_rng(9).standard_t(3, size=60)
        self.next(self.bootstrap)

    @step
    def bootstrap(self):
        rng = np.random.default_rng(self.seed)
        losses = [CONFIG["loss"](rng.choice(self.residuals, 60)).mean() for _ in range(CONFIG["draws"])]
        self.interval = [round(float(q), 4) for q in np.quantile(losses, CONFIG["levels"])]
        self.next(self.end)

    @step
    def end(self):
        print(self.interval)


if __name__ == "__main__":
    ConfigFlow()
