"""Writes statistics.json: what SciPy and statsmodels make of small samples.

    python make.py [FOLDER]

Needs numpy, scipy and statsmodels.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
EXACT_UP_TO = 25


def differences(generator, n, kind):
    values = generator.normal(0.3, 1, n)
    match kind:
        case "ties":
            values = np.round(values * 4) / 4 + 0.125
        case "zeros":
            values[generator.choice(n, max(n // 5, 1), replace=False)] = 0
        case "strong":
            values += 3
        case "both":
            values = np.round(values * 2) / 2
    return values


def wilcoxon(generator, n, kind):
    values = differences(generator, n, kind)
    nonzero = np.abs(values[values != 0])
    if len(nonzero) == 0:
        return None
    exact = len(nonzero) == n <= EXACT_UP_TO and len(np.unique(nonzero)) == n
    method = "exact" if exact else "asymptotic"
    result = stats.wilcoxon(values, zero_method="wilcox", correction=True, method=method)
    ranks = stats.rankdata(nonzero)
    signs = np.sign(values[values != 0])
    return dict(values=values.tolist(), statistic=result.statistic, p=result.pvalue, exact=exact,
                effect=float((ranks * signs).sum() / ranks.sum()))


def spearman(generator, n, slope, decimals):
    x = generator.normal(size=n).round(decimals)
    y = (slope * x + generator.normal(size=n)).round(decimals)
    if len(np.unique(x)) == 1 or len(np.unique(y)) == 1:
        return None
    result = stats.spearmanr(x, y)
    return dict(x=x.tolist(), y=y.tolist(), rho=result.statistic, p=result.pvalue)


def interval(generator, n, draw):
    values = draw(n)
    found = dict(values=values.tolist())
    for name in ["percentile", "BCa"]:
        result = stats.bootstrap((values,), np.mean, n_resamples=499, method=name,
                                 rng=np.random.default_rng(1))
        found["means"] = np.sort(result.bootstrap_distribution).tolist()
        found[name.lower()] = list(result.confidence_interval)
    many = stats.bootstrap((values,), np.mean, n_resamples=100_000, method="BCa", rng=generator)
    found["limit"] = list(many.confidence_interval)
    return found


def describe(values):
    shares = [0, 0.05, 0.25, 0.5, 0.77, 0.95, 1]
    return dict(values=values.tolist(), mean=values.mean(), standard_error=stats.sem(values),
                median=np.median(values), shares=shares, quantiles=np.quantile(values, shares).tolist())


def holm(p):
    return dict(p=list(p), adjusted=multipletests(p, method="holm")[1].tolist())


def main():
    generator = np.random.default_rng(7)
    kinds = ["plain", "ties", "zeros", "both", "strong"]
    sizes = [1, 2, 3, 5, 8, 13, 20, 25, 26, 40, 90]
    cases = [wilcoxon(generator, n, kind) for n in sizes for kind in kinds]
    correlations = [spearman(generator, n, slope, decimals) for n in [3, 4, 10, 50, 200]
                    for slope in [0, 0.5, 3] for decimals in [0, 6]]
    draws = [generator.normal, generator.exponential, lambda n: generator.beta(0.5, 3, n)]
    reference = dict(
        wilcoxon=[case for case in cases if case],
        spearman=[case for case in correlations if case],
        intervals=[interval(generator, 12, lambda n: draws[0](size=n)),
                   interval(generator, 30, lambda n: draws[1](size=n)),
                   interval(generator, 60, draws[2])],
        describe=[describe(generator.normal(5, 2, n)) for n in [2, 3, 10, 101]],
        holm=[holm(generator.uniform(0, 0.2, n)) for n in [1, 2, 7, 20]] + [holm([0.01, 0.01, 0.03, 0.9])],
    )
    text = json.dumps(reference)
    (FOLDER / "statistics.json").write_text(text + "\n")
    print(len(text), "bytes")


main()
