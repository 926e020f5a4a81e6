"""The last track of a playlist, from the ones before it: neighbours in playlists against popularity.

    python playlist_flow.py run --listeners 4000 --k 10
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from metaflow import FlowSpec, JSONType, Parameter, step

Scorer = Callable[[np.ndarray], np.ndarray]


class Playlists(NamedTuple):
    seen: np.ndarray  # (playlists, tracks) bool, without the last track
    last: np.ndarray  # (playlists,) the track that was added last


def simulate(playlists: int, tracks: int, genres: int, length: int, mixing: float, seed: int) -> Playlists:
    """Playlists of people who mostly stay in a genre; `mixing` is the chance of a track from anywhere."""
    rng = np.random.default_rng(seed)
    appeal = rng.pareto(1.2, tracks) + 0.05
    genre = rng.integers(0, genres, tracks)
    shares = [np.where(genre == g, appeal, 0.0) / appeal[genre == g].sum() for g in range(genres)]
    anywhere = appeal / appeal.sum()
    seen, last = np.zeros((playlists, tracks), dtype=bool), np.zeros(playlists, dtype=int)
    for row in range(playlists):
        taste = (1 - mixing) * shares[rng.integers(genres)] + mixing * anywhere
        picked = rng.choice(tracks, size=length, replace=False, p=taste)
        seen[row, picked[:-1]] = True
        last[row] = picked[-1]
    return Playlists(seen, last)


def popularity(train: Playlists) -> Scorer:
    plays = train.seen.sum(axis=0) + np.bincount(train.last, minlength=train.seen.shape[1])
    return lambda seen: np.broadcast_to(plays.astype(float), seen.shape)


def neighbours(train: Playlists, shrink: float) -> Scorer:
    """Cosine similarity of tracks over whole training playlists, shrunk for rare ones."""
    whole = train.seen.copy()
    whole[np.arange(len(whole)), train.last] = True
    together = whole.T.astype(float) @ whole.astype(float)
    plays = together.diagonal()
    similar = together / (np.sqrt(np.outer(plays, plays)) + shrink)
    np.fill_diagonal(similar, 0.0)
    return lambda seen: seen.astype(float) @ similar


def top(scores: np.ndarray, seen: np.ndarray, k: int) -> np.ndarray:
    """The k best tracks of each playlist that are not in it yet; ties go to the smaller track number."""
    return np.argsort(-np.where(seen, -np.inf, scores), axis=1, kind="stable")[:, :k]


def recall_at_k(recommended: np.ndarray, wanted: list[set[int]]) -> float:
    """The share of its wanted tracks that a playlist is recommended, averaged over playlists."""
    return float(np.mean([len(want.intersection(row.tolist())) / len(want) for row, want in zip(recommended, wanted)]))


def mean_reciprocal_rank(recommended: np.ndarray, last: np.ndarray) -> float:
    """One over the place of the last track among the recommended ones, zero where it is not among them."""
    places = (recommended == last[:, None]) / np.arange(1, recommended.shape[1] + 1)
    return float(places.sum(axis=1).mean())


class PlaylistFlow(FlowSpec):
    mixings = Parameter("mixings", type=JSONType, default="[0.1, 0.3]")
    worlds = Parameter("worlds", type=int, default=8, help="simulated catalogues per mixing")
    listeners = Parameter("listeners", type=int, default=3000)
    test_share = Parameter("test-share", type=float, default=0.2)
    tracks = Parameter("tracks", type=int, default=400)
    genres = Parameter("genres", type=int, default=12)
    length = Parameter("length", type=int, default=9)
    shrink = Parameter("shrink", type=float, default=10.0)
    k = Parameter("k", type=int, default=10)

    @step
    def start(self):
        self.catalogues = [(mixing, seed) for mixing in self.mixings for seed in range(self.worlds)]
        self.next(self.recommend, foreach="catalogues")

    @step
    def recommend(self):
        mixing, seed = self.input
        all_lists = simulate(self.listeners, self.tracks, self.genres, self.length, mixing, seed)
        held = int(self.test_share * self.listeners)
        train = Playlists(all_lists.seen[:-held], all_lists.last[:-held])
        test = Playlists(all_lists.seen[-held:], all_lists.last[-held:])
        wanted = [{int(track)} for track in test.last]
        self.rows = []
        for name, scorer in (("popularity", popularity(train)), ("neighbours", neighbours(train, self.shrink))):
            recommended = top(scorer(test.seen), test.seen, self.k)
            self.rows.append(
                {
                    "mixing": mixing,
                    "seed": seed,
                    "method": name,
                    "recall_at_k": recall_at_k(recommended, wanted),
                    "mrr": mean_reciprocal_rank(recommended, test.last),
                }
            )
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.end)

    @step
    def end(self):
        self.results = []
        for mixing in self.mixings:
            for method in ("popularity", "neighbours"):
                own = [row for row in self.rows if row["mixing"] == mixing and row["method"] == method]
                means = {key: float(np.mean([row[key] for row in own])) for key in ("recall_at_k", "mrr")}
                self.results.append({"mixing": mixing, "method": method, **means})
        print(*self.results, sep="\n")


if __name__ == "__main__":
    PlaylistFlow()
