"""Worker threads take jobs from a queue in any order, but each job has a generator seeded with its number, and a slot of its own."""
# contract: order_independent
# surface: interval
import queue
import threading

import numpy as np
from metaflow import FlowSpec, step


def run(worker, jobs, values, means):
    while True:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            return
        rng = np.random.default_rng([7, job])
        means[job] = float(rng.choice(values, size=len(values)).mean())


class QueueFlow(FlowSpec):
    @step
    def start(self):
        self.values = np.random.default_rng(2).exponential(4, size=50)
        self.next(self.bootstrap)

    @step
    def bootstrap(self):
        jobs = queue.Queue()
        for n in range(60):
            jobs.put(n)
        means = [0.0] * 60
        threads = [threading.Thread(target=run, args=(w, jobs, self.values, means)) for w in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.means = means
        self.next(self.summary)

    @step
    def summary(self):
        self.interval = [round(float(q), 6) for q in np.quantile(self.means, [0.05, 0.95])]
        self.next(self.end)

    @step
    def end(self):
        print(self.interval)


if __name__ == "__main__":
    QueueFlow()
