use serde_json::json;
use taster_core::{Role, Values};

use super::*;
use crate::testing::{category, fit, schema};

fn random(row: u64, column: u64) -> f64 {
    Key::new(column).of(&row.to_le_bytes()) as f64 / u64::MAX as f64
}

/// Rows of two dependent numbers and a colour; the share `new` of them comes from elsewhere.
fn rows(range: std::ops::Range<u64>, new: f64) -> Table {
    let is_new = |r: u64| random(r, 9) < new;
    let a = range.clone().map(|r| random(r, 0) + if is_new(r) { 2.0 } else { 0.0 }).collect();
    let b = range.clone().map(|r| random(r, 0) + 0.1 * random(r, 1)).collect();
    let colours: Vec<&str> = range.map(|r| if random(r, 2) < 0.5 { "red" } else { "blue" }).collect();
    crate::testing::table(vec![Values::Numeric(a), Values::Numeric(b), category(&colours)], &[0, 1, 2])
}

fn mixed() -> Schema {
    schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("colour", Role::Categorical)])
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

#[test]
fn admixture_is_found_with_its_rows_and_the_clean_twin_is_silent() {
    let (reference, clean, poisoned) = (rows(0..2000, 0.0), rows(2000..4000, 0.0), rows(2000..4000, 0.1));
    let model = fit(&*built(), &mixed(), &clean, Some(&reference));
    assert!(model.observations().is_empty(), "{:?}", model.observations());
    assert!(model.score(&clean).iter().all(|&s| s < 0.5));

    let model = fit(&*built(), &mixed(), &poisoned, Some(&reference));
    let seen = model.observations();
    assert!(seen.iter().any(|o| o.code == "column-changed" && o.columns == ["a"]), "{seen:?}");
    let flagged: Vec<u64> = (2000..4000).zip(model.score(&poisoned)).filter(|x| x.1 > 0.5).map(|x| x.0).collect();
    let hits = flagged.iter().filter(|&&r| random(r, 9) < 0.1).count();
    assert!(hits > 150 && hits * 10 > flagged.len() * 9, "{hits} of {}", flagged.len());
    let row = (0..2000).find(|r| random(2000 + r, 9) < 0.1).unwrap() as usize;
    assert_eq!(model.explain(&poisoned, row).columns[0], "a");
}

#[test]
fn dependence_is_found_with_unchanged_margins() {
    let reference = rows(0..2000, 0.0);
    let mut current = rows(2000..4000, 0.0);
    if let Values::Numeric(a) = &mut current.columns[0] {
        a.reverse();
    }
    let seen = fit(&*built(), &mixed(), &current, Some(&reference)).observations();
    assert_eq!(seen.iter().map(|o| o.code).collect::<Vec<_>>(), ["dependence-changed"]);
}

#[test]
fn eight_rows_do_not_drift() {
    let model = fit(&*built(), &mixed(), &rows(0..8, 1.0), Some(&rows(0..2000, 0.0)));
    assert_eq!(model.observations()[0].code, "too-few-rows");
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "alpha": 0.0 })).is_err());
    assert!(build(&json!({ "efect": 0.1 })).is_err());
    assert!(built().applies(&mixed(), false).is_err());
}
