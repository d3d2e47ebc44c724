"""Reference values for the tests of package eval.

Python 3.11, with these versions:
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 ER-Evaluation==2.3.0
    pandas==3.1.1 statsmodels==0.15.0 krippendorff==0.9.0

    python3 reference.py > reference.json

Cases are drawn from a fixed seed. Pairwise and exact clusters come from
er_evaluation. Its B-cubed takes the mean over gold clusters, not over pages as
the paper does, so B-cubed is enumerated by page here. ARI, AMI, NMI and V from scikit-learn; the CEAF-e matching from
scipy's linear_sum_assignment on the dense matrix; BLANC from its definition by
enumeration of all pairs; kappas, alpha and Wilson intervals from scikit-learn,
statsmodels and krippendorff.
"""
import itertools
import json
import sys

import er_evaluation as ee
import krippendorff
import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn import metrics as sk
from statsmodels.stats import inter_rater, proportion

rng = np.random.default_rng(20150701)


def f1(p, r):
    return 2 * p * r / (p + r) if p + r else 0.0


def blanc(g, c):
    n = {k: 0 for k in itertools.product((0, 1), repeat=2)}
    for i, j in itertools.combinations(range(len(g)), 2):
        n[int(g[i] == g[j]), int(c[i] == c[j])] += 1
    pc, rc = n[1, 1] / (n[1, 1] + n[0, 1]), n[1, 1] / (n[1, 1] + n[1, 0])
    pn, rn = n[0, 0] / (n[0, 0] + n[1, 0]), n[0, 0] / (n[0, 0] + n[0, 1])
    return [(pc + pn) / 2, (rc + rn) / 2, (f1(pc, rc) + f1(pn, rn)) / 2]


def bcubed(g, c):
    p = r = 0.0
    for i in range(len(g)):
        mine, theirs = set(np.flatnonzero(g == g[i])), set(np.flatnonzero(c == c[i]))
        p += len(mine & theirs) / len(theirs) / len(g)
        r += len(mine & theirs) / len(mine) / len(g)
    return [p, r, f1(p, r)]


def ceaf_e(g, c):
    table = sk.cluster.contingency_matrix(g, c)
    phi = 2 * table / (table.sum(1)[:, None] + table.sum(0)[None, :])
    rows, cols = linear_sum_assignment(phi, maximize=True)
    s = phi[rows, cols].sum()
    p, r = s / table.shape[1], s / table.shape[0]
    return [p, r, f1(p, r)]


def clustering(name, g, c):
    index = [f"p{i:05d}" for i in range(len(g))]
    gold, run = pd.Series(g, index=index), pd.Series(c, index=index)

    def prf(kind):
        p = getattr(ee, kind + "_precision")(run, gold)
        r = getattr(ee, kind + "_recall")(run, gold)
        return [float(p), float(r), f1(p, r)]

    h, k, v = sk.homogeneity_completeness_v_measure(g, c)
    return {
        "name": name, "gold": [int(x) for x in g], "run": [int(x) for x in c],
        "bcubed": bcubed(g, c), "pairwise": prf("pairwise"), "exact": prf("cluster"),
        "ari": float(sk.adjusted_rand_score(g, c)),
        "nmi": float(sk.normalized_mutual_info_score(g, c)),
        "ami": float(sk.adjusted_mutual_info_score(g, c)),
        "v": [float(h), float(k), float(v)],
        "ceaf_e": ceaf_e(g, c), "blanc": blanc(g, c),
    }


def cases():
    yield "hand", [0, 0, 0, 0, 0, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1, 1, 2, 2, 0]
    # A long chain: each run cluster holds the end of a gold cluster and the
    # beginning of the next.
    n = 120
    yield "chain", [i // 4 for i in range(n)], [(i + 2) // 4 for i in range(n)]
    for size, k in ((12, 3), (60, 10), (200, 60)):
        yield f"random-{size}", rng.integers(0, k, size), rng.integers(0, k, size)
    for size, k, noise in ((150, 40, 0.1), (400, 90, 0.3), (300, 5, 0.2)):
        g = rng.integers(0, k, size)
        c = np.where(rng.random(size) < noise, rng.integers(0, k + 10, size), g)
        yield f"noisy-{size}-{k}", g, c
    # Sizes as in news: many small stories, few large ones, some merged.
    g = np.repeat(np.arange(130), np.minimum(rng.zipf(1.8, 130), 40))
    c = np.where(g % 7 == 0, g // 2, g)
    c = np.where(rng.random(len(g)) < 0.1, 1000 + np.arange(len(g)), c)
    yield "zipf", g, c


def agreement():
    for items, raters, labels, missing in ((30, 2, 2, 0), (40, 3, 3, 0), (50, 4, 3, 0.2), (45, 2, 4, 0.1)):
        truth = rng.integers(0, labels, items)
        m = np.where(rng.random((items, raters)) < 0.7, truth[:, None], rng.integers(0, labels, (items, raters))).astype(float)
        m[rng.random((items, raters)) < missing] = np.nan
        out = {
            "labels": [["" if np.isnan(x) else f"l{int(x)}" for x in row] for row in m],
            "alpha": float(krippendorff.alpha(reliability_data=m.T, level_of_measurement="nominal")),
        }
        if not missing:
            counts, _ = inter_rater.aggregate_raters(m.astype(int))
            out["fleiss"] = float(inter_rater.fleiss_kappa(counts))
            if raters == 2:
                out["cohen"] = float(sk.cohen_kappa_score(m[:, 0], m[:, 1]))
        yield out


def wilson():
    for k, n in ((0, 10), (1, 20), (30, 30), (47, 100), (9993, 10000)):
        low, high = proportion.proportion_confint(k, n, alpha=0.05, method="wilson")
        yield {"k": k, "n": n, "low": float(low), "high": float(high)}


json.dump({
    "clusterings": [clustering(name, np.asarray(g), np.asarray(c)) for name, g, c in cases()],
    "agreement": list(agreement()),
    "wilson": list(wilson()),
}, sys.stdout, separators=(",", ":"))
print()
