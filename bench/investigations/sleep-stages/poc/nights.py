# simulated nights
import numpy as np

CENTRES = np.random.default_rng(2024).normal(0, 0.6, (5, 8))


def night(r, n=300):
    s = [0]
    while len(s) < n:
        s.append(r.integers(5) if r.random() < 0.08 else s[-1])
    s = np.array(s, dtype=np.int64)
    habit = r.normal(0, 0.3, 8)
    return (CENTRES[s] + habit + r.normal(0, 1, (n, 8))).astype(np.float32), s


def cohort(seed, n=24):
    r = np.random.default_rng(seed)
    return [night(r) for _ in range(n)]


def stack(nights, k):
    xs = []
    for p, _ in nights:
        q = np.concatenate([p[:1]] * k + [p] + [p[-1:]] * k)
        xs.append(np.concatenate([q[i : i + len(p)] for i in range(2 * k + 1)], 1))
    return np.concatenate(xs), np.concatenate([s for _, s in nights])


if __name__ == "__main__":
    c = cohort(0)
    print(len(c), c[0][0].shape, np.bincount(np.concatenate([s for _, s in c])))
