# errors.tsv -> gain and interval. paired since the second debate
import sys

import numpy as np

B = 2000


def read(stream):
    lines = [line.split("\t") for line in stream.read().strip().splitlines()]
    head, rows = lines[0], lines[1:]
    return {name.strip(): np.array([float(r[i]) for r in rows]) for i, name in enumerate(head)}


def boot(v, rng):
    return v[rng.integers(0, len(v), (B, len(v)))].mean(axis=1)


def main():
    t = read(open(sys.argv[1]) if len(sys.argv) > 1 else sys.stdin)
    g = t["lin"] - t["gbr"]
    lo, hi = np.percentile(boot(g, np.random.default_rng(0)), [2.5, 97.5])
    print("mae additive %.2f  boosted %.2f" % (t["lin"].mean(), t["gbr"].mean()))
    print("val gap (boosted) %.2f" % (t["gbr_val"] - t["gbr"]).mean())
    print("gain %.2f [%.2f, %.2f]" % (g.mean(), lo, hi))
    print("boosted trees ahead in %d of %d cuts" % ((g > 0).sum(), len(g)))


if __name__ == "__main__":
    main()
