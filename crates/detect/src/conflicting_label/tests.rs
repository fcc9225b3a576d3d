use serde_json::json;
use taster_core::{Role, Table, Values};

use super::*;
use crate::testing::{category, fit, schema, table};

fn rows(values: &[(f64, &str)]) -> (Schema, Table) {
    let schema = schema(&[("x", Role::Numeric), ("y", Role::Label)]);
    let numbers = Values::Numeric(values.iter().map(|v| v.0).collect());
    let labels: Vec<&str> = values.iter().map(|v| v.1).collect();
    (schema, table(vec![numbers, category(&labels)], &[0]))
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

/// Forty rows in four groups of ten, all agreeing.
fn clean() -> Vec<(f64, &'static str)> {
    (0..40).map(|i| (f64::from(i % 4), if i % 4 < 2 { "a" } else { "b" })).collect()
}

#[test]
fn planted_conflict_is_found_and_the_clean_twin_is_silent() {
    let (schema, clean_table) = rows(&clean());
    let silent = fit(&*built(), &schema, &clean_table, None);
    assert!(silent.score(&clean_table).iter().all(|&s| s == 0.0));
    assert!(silent.observations().is_empty());

    let mut poisoned: Vec<_> = (0..2000).map(|i| (f64::from(i % 200), "a")).collect();
    poisoned[7].1 = "b";
    let (schema, table) = rows(&poisoned);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    assert!(scores[7] > 0.9, "{}", scores[7]);
    assert_eq!(scores.iter().filter(|&&s| s > 0.5).count(), 1);
    assert_eq!(model.explain(&table, 7).suggested_label, Some(("a".to_owned(), 0.9)));
}

#[test]
fn a_dataset_that_disagrees_everywhere_accuses_no_row() {
    let noisy: Vec<_> = (0..400).map(|i| (f64::from(i % 20), if i % 3 == 0 { "a" } else { "b" })).collect();
    let (schema, table) = rows(&noisy);
    assert!(fit(&*built(), &schema, &table, None).score(&table).iter().all(|&s| s < 0.2));
}

#[test]
fn beyond_its_size_it_says_what_it_left_out() {
    let values: Vec<_> = (0..100).map(|i| (f64::from(i), "a")).collect();
    let (schema, table) = rows(&values);
    let model = fit(&*build(&json!({ "groups": 10 })).unwrap(), &schema, &table, None);
    assert_eq!(model.score(&table).iter().filter(|s| s.is_nan()).count(), 90);
    assert_eq!(model.observations()[0].code, "partly-examined");
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "groups": 0 })).is_err());
    assert!(build(&json!({ "group": 5 })).is_err());
}
