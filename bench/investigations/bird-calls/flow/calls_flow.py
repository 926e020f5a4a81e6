"""Which warbler is it? Mean spectrum against ridge line, both with a k-nearest-neighbour vote."""

from dataclasses import dataclass

import numpy as np
from metaflow import FlowSpec, JSONType, Parameter, current, step
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier


@dataclass(frozen=True)
class Scene:
    """What one set of recordings has in common."""

    seed: int
    rain: float
    species: int = 5
    frames: int = 40
    bins: int = 32

    def stream(self, offset):
        return np.random.default_rng(offset + self.seed)


def sing(scene: Scene, n: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """n calls as power spectrograms of shape (n, frames, bins), and the species of each.

    A species is a start, a sweep and a trill rate; individuals differ a little in all three.
    """
    who = rng.integers(0, scene.species, n)
    start = 8 + 3.0 * who + rng.normal(0, 1.0, n)
    sweep = np.array([6.0, -4.0, 0.0, 5.0, -5.0])[who % 5] + rng.normal(0, 1.0, n)
    trill = np.array([2, 3, 5, 4, 6])[who % 5] + rng.normal(0, 0.2, n)
    t = np.linspace(0, 1, scene.frames)[None, :]
    centre = start[:, None] + sweep[:, None] * t + 1.5 * np.sin(2 * np.pi * trill[:, None] * t)
    bins = np.arange(scene.bins)[None, None, :]
    voice = np.exp(-0.5 * ((bins - centre[:, :, None]) / 1.2) ** 2)
    rain = scene.rain * rng.exponential(1.0, voice.shape)
    return voice + rain, who


def mean_spectrum(spectrogram):
    return np.log(spectrogram.mean(axis=1))


def ridge_line(spectrogram):
    """The loudest bin of every second frame."""
    return spectrogram.argmax(axis=2)[:, ::2].astype(float)


FEATURES = {"spectrum": mean_spectrum, "ridge": ridge_line}


class CallsFlow(FlowSpec):
    seeds = Parameter("seeds", type=int, default=12)
    rain = Parameter("rain", type=JSONType, default="[0.2, 0.4, 0.6]", help="power of the rain, a call has power 1")
    n_train = Parameter("n-train", type=int, default=500)
    n_test = Parameter("n-test", type=int, default=500)
    neighbours = Parameter("neighbours", type=int, default=7)
    test_offset = Parameter("test-offset", type=int, default=9000)

    @step
    def start(self):
        levels = list(self.rain)
        self.scenes = [Scene(seed=seed, rain=levels[seed % len(levels)]) for seed in range(self.seeds)]
        self.next(self.listen, foreach="scenes")

    @step
    def listen(self):
        scene = self.input
        learn, known = sing(scene, self.n_train, scene.stream(0))
        judge, truth = sing(scene, self.n_test, scene.stream(self.test_offset))
        self.scores = {}
        for name, features in FEATURES.items():
            vote = KNeighborsClassifier(n_neighbors=self.neighbours).fit(features(learn), known)
            self.scores[name] = float(balanced_accuracy_score(truth, vote.predict(features(judge))))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.per_scene = [branch.scores for branch in inputs]
        self.next(self.compare)

    @step
    def compare(self):
        """Mean balanced accuracy of each feature over the scenes, and how often the ridge line wins."""
        spectrum = np.array([scores["spectrum"] for scores in self.per_scene])
        ridge = np.array([scores["ridge"] for scores in self.per_scene])
        self.result = {
            "spectrum": float(spectrum.mean()),
            "ridge": float(ridge.mean()),
            "lead": float((ridge - spectrum).mean()),
            "wins": int((ridge > spectrum).sum()),
            "scenes": len(ridge),
        }
        self.next(self.end)

    @step
    def end(self):
        print(f"{current.flow_name}: {self.result}")


if __name__ == "__main__":
    CallsFlow()
