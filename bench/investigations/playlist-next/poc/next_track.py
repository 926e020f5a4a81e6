# next track: popularity vs item neighbours, fake playlists
import sys

import numpy as np

N, T, G, LEN, K, SHRINK = 3000, 400, 12, 9, 10, 10.0


def world(mix, seed):
    r = np.random.default_rng(seed)
    pop = r.pareto(1.2, T) + 0.05
    g = r.integers(0, G, T)
    out = []
    inside = [np.where(g == k, pop, 0) / pop[g == k].sum() for k in range(G)]
    for _ in range(N):
        p = (1 - mix) * inside[r.integers(G)] + mix * pop / pop.sum()
        out.append(r.choice(T, LEN, replace=False, p=p))
    return np.array(out)


def onehot(lists):
    m = np.zeros((len(lists), T))
    for row, l in zip(m, lists):
        row[l] = 1
    return m


def rank(score, seen):
    score = np.where(seen > 0, -np.inf, score)
    return np.argsort(-score, axis=1, kind="stable")[:, :K]


def hit_rate(rec, last):
    return np.mean([l in row for row, l in zip(rec, last)])


def mrr(rec, last):
    return np.mean([1 / (1 + list(row).index(l)) if l in row else 0 for row, l in zip(rec, last)])


def main(seeds):
    for mix in (0.1, 0.3):
        res = []
        for s in range(seeds):
            lists = world(mix, s)
            n = N - int(0.2 * N)
            m = onehot(lists[:n])
            seen, last = onehot(lists[n:, :-1]), lists[n:, -1]
            co = m.T @ m
            d = np.diag(co)
            sim = co / (np.sqrt(np.outer(d, d)) + SHRINK)
            np.fill_diagonal(sim, 0)
            a, b = rank(np.tile(m.sum(0), (len(seen), 1)), seen), rank(seen @ sim, seen)
            res.append([hit_rate(a, last), mrr(a, last), hit_rate(b, last), mrr(b, last)])
        print("mix %.1f  pop HR@10 %.3f MRR %.3f | knn HR@10 %.3f MRR %.3f" % (mix, *np.mean(res, 0)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
