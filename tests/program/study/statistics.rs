//! Statistics against SciPy and statsmodels, enumeration, and what they promise.

use hyaline::study::statistics::{
    Interval, bca, describe, holm, mean_interval, percentile, quantile, resampled_means, sorted,
    spearman, wilcoxon,
};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Reference {
    wilcoxon: Vec<WilcoxonCase>,
    spearman: Vec<SpearmanCase>,
    intervals: Vec<IntervalCase>,
    describe: Vec<DescribeCase>,
    holm: Vec<HolmCase>,
}

#[derive(Deserialize)]
struct WilcoxonCase {
    values: Vec<f64>,
    statistic: f64,
    p: f64,
    exact: bool,
    effect: f64,
}

#[derive(Deserialize)]
struct SpearmanCase {
    x: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
    p: f64,
}

#[derive(Deserialize)]
struct IntervalCase {
    values: Vec<f64>,
    means: Vec<f64>,
    percentile: [f64; 2],
    bca: [f64; 2],
    limit: [f64; 2],
}

#[derive(Deserialize)]
struct DescribeCase {
    values: Vec<f64>,
    mean: f64,
    standard_error: f64,
    median: f64,
    shares: Vec<f64>,
    quantiles: Vec<f64>,
}

#[derive(Deserialize)]
struct HolmCase {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/study/statistics.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Equal up to `tolerance`, relative.
#[track_caller]
fn close(ours: f64, theirs: f64, tolerance: f64) {
    let difference = (ours - theirs).abs();
    assert!(difference <= tolerance * theirs.abs(), "{ours} is not {theirs}");
}

#[test]
fn wilcoxon_is_scipys() {
    let cases = reference().wilcoxon;
    assert!(cases.len() > 45 && cases.iter().filter(|case| case.exact).count() > 6);
    for case in cases {
        let test = wilcoxon(&case.values).unwrap();
        assert_eq!((test.statistic, test.exact), (case.statistic, case.exact));
        // statrs's error function has ten digits; the exact distribution has them all.
        close(test.p, case.p, if case.exact { 1e-15 } else { 1e-9 });
        assert!((test.effect - case.effect).abs() < 1e-12);
    }
}

#[test]
fn spearman_is_scipys() {
    for case in reference().spearman {
        let correlation = spearman(&case.x, &case.y).unwrap();
        assert!((correlation.rho - case.rho).abs() < 1e-12);
        // At |ρ| = 1 rounding makes of 0 what it likes.
        let exact = (1.0 - case.rho.abs()) < 1e-12;
        if exact {
            assert!(correlation.p < 1e-6 && case.p < 1e-6);
        } else {
            close(correlation.p, case.p, 1e-9);
        }
    }
}

#[test]
fn intervals_are_scipys() {
    for case in reference().intervals {
        let pairs = [
            (percentile(&case.means, 0.95), case.percentile, 1e-12),
            (bca(&case.values, &case.means, 0.95), case.bca, 1e-9),
        ];
        for (Interval { low, high }, theirs, tolerance) in pairs {
            close(low, theirs[0], tolerance);
            close(high, theirs[1], tolerance);
        }
        // Own resamples come near the limit of many.
        let own = mean_interval(&case.values, 0.95, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
        let width = case.limit[1] - case.limit[0];
        let off = (own.low - case.limit[0]).abs().max((own.high - case.limit[1]).abs());
        assert!(off < 0.04 * width, "{own:?} is not near {:?}", case.limit);
    }
}

#[test]
fn descriptions_are_numpys() {
    for case in reference().describe {
        let described = describe(&case.values).unwrap();
        close(described.mean, case.mean, 1e-14);
        close(described.standard_error.unwrap(), case.standard_error, 1e-13);
        close(described.median, case.median, 1e-14);
        let ascending = sorted(&case.values);
        for (share, theirs) in case.shares.iter().zip(case.quantiles) {
            close(quantile(&ascending, *share), theirs, 1e-14);
        }
    }
}

#[test]
fn holm_is_statsmodels() {
    for case in reference().holm {
        for (ours, theirs) in holm(&case.p).into_iter().zip(case.adjusted) {
            close(ours, theirs, 1e-14);
        }
    }
}

#[test]
fn holm_keeps_order_and_never_helps() {
    let mut generator = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..200 {
        let n = generator.random_range(0..30);
        let p: Vec<f64> = (0..n).map(|_| generator.random::<f64>().powi(3)).collect();
        let adjusted = holm(&p);
        for (one, other) in p.iter().zip(&adjusted) {
            assert!(other >= one && *other <= 1.0);
        }
        for a in 0..n {
            for b in 0..n {
                assert!(p[a] > p[b] || adjusted[a] <= adjusted[b]);
            }
        }
    }
}

#[test]
fn exact_wilcoxon_is_every_choice_of_signs() {
    let mut generator = ChaCha8Rng::seed_from_u64(9);
    for n in 1..=10usize {
        let differences: Vec<f64> = (0..n).map(|_| generator.random_range(-1.0..1.0)).collect();
        let test = wilcoxon(&differences).unwrap();
        assert!(test.exact);
        let total = n * (n + 1) / 2;
        let smaller = |signs: u32| {
            let positive: usize = (0..n).filter(|i| signs >> i & 1 == 1).map(|i| i + 1).sum();
            positive.min(total - positive)
        };
        let all = 1u32 << n;
        let as_far = (0..all).filter(|signs| smaller(*signs) as f64 <= test.statistic).count();
        close(test.p, as_far as f64 / f64::from(all), 1e-15);
    }
}

#[test]
fn wilcoxon_doesnt_depend_on_order_and_turns_with_the_sign() {
    let mut generator = ChaCha8Rng::seed_from_u64(2);
    for n in [4usize, 24, 60] {
        let values: Vec<f64> = (0..n).map(|_| generator.random_range(-1.0..2.0f64)).collect();
        let test = wilcoxon(&values).unwrap();
        let backwards: Vec<f64> = values.iter().rev().copied().collect();
        assert_eq!(wilcoxon(&backwards).unwrap(), test);
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        let turned = wilcoxon(&turned).unwrap();
        assert_eq!((turned.p, turned.effect), (test.p, -test.effect));
    }
}

/// Of intervals for samples of a skewed distribution, about the level's share holds the mean.
#[test]
fn intervals_cover() {
    let mut generator = ChaCha8Rng::seed_from_u64(11);
    let (mut by_percentile, mut by_bca) = (0, 0);
    let rounds = 400;
    for _ in 0..rounds {
        let values: Vec<f64> = (0..40).map(|_| -(1.0 - generator.random::<f64>()).ln()).collect();
        let means = resampled_means(&values, 800, &mut generator);
        let covers = |interval: Interval| interval.low <= 1.0 && 1.0 <= interval.high;
        by_percentile += usize::from(covers(percentile(&means, 0.95)));
        by_bca += usize::from(covers(bca(&values, &means, 0.95)));
    }
    for covered in [by_percentile, by_bca] {
        let share = covered as f64 / f64::from(rounds);
        assert!((0.90..0.98).contains(&share), "{share}");
    }
}
