//! Every method and every score has a test of its numbers: a closed form, or those of another program.

use crate::{
    cams, faithfulness, golden, localisation, masks, methods, segments, similarity, statistics,
};
use hyaline::attribution::{METHODS, Method};
use hyaline::score::SCORES;
use std::collections::BTreeSet;

/// The identifiers that tests are run for: rows of tables that tests go through, and of `held!`.
fn held() -> BTreeSet<&'static str> {
    let lists = [
        cams::HELD,
        faithfulness::HELD,
        golden::HELD,
        localisation::HELD,
        masks::HELD,
        methods::HELD,
        segments::HELD,
        &localisation::OVERLAPS,
    ];
    let references = golden::GOLDEN.iter().chain(golden::REFERENCES).map(|row| row.0);
    let averages = golden::AVERAGES.iter().map(|(average, _)| average.description().id);
    let modified = golden::MODIFIED.iter().map(|row| row.0);
    let cams = cams::REFERENCES.iter().map(|row| row.1);
    let shares = localisation::SHARES.iter().map(|row| row.0);
    let similarities = similarity::REFERENCES.iter().map(|row| row.0);
    let statistics = statistics::STATISTICS.iter().map(|row| row.0);
    let of_methods = references.chain(averages).chain(modified).chain(cams);
    let of_scores = shares.chain(similarities).chain(statistics);
    lists.into_iter().flatten().copied().chain(of_methods).chain(of_scores).collect()
}

#[test]
fn every_method_and_score_has_a_test_of_its_numbers() {
    let methods = METHODS.iter().map(|method| method.description().id);
    let all: BTreeSet<_> = methods.chain(SCORES.iter().map(|score| score.id)).collect();
    let held = held();
    let missing: Vec<_> = all.difference(&held).collect();
    assert!(missing.is_empty(), "nothing tests the numbers of {missing:?}");
    let unknown: Vec<_> = held.difference(&all).collect();
    assert!(unknown.is_empty(), "tests name {unknown:?}, which are not there");
}
