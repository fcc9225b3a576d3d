use serde_json::json;
use taster_core::{Role, Values};

use super::*;
use crate::testing::{KEY, category, fit, schema, table};

fn uniform(row: usize, column: u64) -> f64 {
    KEY.derive("noise").of(&(row as u64 * 8 + column).to_le_bytes()) as f64 / u64::MAX as f64
}

fn truth(row: usize) -> usize {
    ((uniform(row, 0) + 0.5 * uniform(row, 1)) * 2.0) as usize
}

/// Rows of three classes; the label of those in `flipped` is the next class.
fn rows(n: usize, flipped: &[usize]) -> (Schema, Table) {
    let schema = schema(&[("x", Role::Numeric), ("z", Role::Numeric), ("y", Role::Label)]);
    let names = ["a", "b", "c"];
    let labels: Vec<&str> = (0..n).map(|r| names[(truth(r) + usize::from(flipped.contains(&r))) % 3]).collect();
    let column = |c| Values::Numeric((0..n).map(|r| uniform(r, c)).collect());
    (schema, table(vec![column(0), column(1), category(&labels)], &[0, 1]))
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

#[test]
fn planted_flips_are_found_and_the_clean_twin_is_silent() {
    let flipped: Vec<usize> = (0..2000).step_by(20).collect();
    let (schema, poisoned) = rows(2000, &flipped);
    let model = fit(&*built(), &schema, &poisoned, None);
    let scores = model.score(&poisoned);
    let over: Vec<usize> = (0..2000).filter(|&r| scores[r] > 0.5).collect();
    let hits = over.iter().filter(|r| flipped.contains(r)).count();
    assert!(hits >= 80 && hits * 10 >= over.len() * 8, "{hits} of {}", over.len());

    let (schema, clean) = rows(2000, &[]);
    let silent = fit(&*built(), &schema, &clean, None).score(&clean);
    assert!(silent.iter().filter(|&&s| s > 0.5).count() <= 10);
}

#[test]
fn flips_among_three_classes_are_listed_though_two_of_them_are_neighbours() {
    for step in [20, 30] {
        let flipped: Vec<usize> = (0..2000).step_by(step).collect();
        let (schema, poisoned) = rows(2000, &flipped);
        let scores = fit(&*built(), &schema, &poisoned, None).score(&poisoned);
        let hits = flipped.iter().filter(|&&r| scores[r] > 0.5).count();
        assert!(hits * 10 >= flipped.len() * 8, "{hits} of {}", flipped.len());
    }
}

#[test]
fn a_label_never_changes_the_models_that_judge_its_row() {
    let (schema, before) = rows(600, &[]);
    let (_, after) = rows(600, &[5]);
    let probabilities = |table: &Table| {
        let classes = classes::Classes::of(table, schema.label(), 10).unwrap();
        let labels = classes.codes(table);
        let encoder = view::Encoder::fit(&schema, table, KEY);
        let view = encoder.view(table, true);
        let task = members::Task { view: &view, dim: encoder.dim(), labels: &labels, classes: 3, seed: 7 };
        let (panel, _) = panel::Panel::fit(task, &schema, &Params::default());
        panel.raw(&view).into_iter().map(|scores| scores[15..18].to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(probabilities(&before), probabilities(&after));
}

#[test]
fn the_suggested_label_is_the_true_one() {
    let flipped: Vec<usize> = (0..2000).step_by(20).collect();
    let (schema, table) = rows(2000, &flipped);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    let sure: Vec<usize> = flipped.into_iter().filter(|&r| scores[r] > 0.5).collect();
    assert!(sure.len() >= 80, "{} of 100", sure.len());
    let right = sure.iter().filter(|&&r| {
        let reason = model.explain(&table, r);
        reason.suggested_label.is_some_and(|(name, _)| name == ["a", "b", "c"][truth(r)])
    });
    assert!(right.count() * 10 >= sure.len() * 9);
}

#[test]
fn reasons_tell_what_the_neighbours_are_labelled() {
    let flipped: Vec<usize> = (0..2000).step_by(25).collect();
    let (schema, table) = rows(2000, &flipped);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    let row = flipped.into_iter().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
    let text = model.explain(&table, row).text;
    assert!(text.contains("of the 10 rows nearest to it"), "{text}");
}

#[test]
fn one_class_is_not_examined() {
    let schema = schema(&[("x", Role::Numeric), ("y", Role::Label)]);
    let table = table(vec![Values::Numeric(vec![1.0, 2.0]), category(&["a", "a"])], &[0]);
    let model = fit(&*built(), &schema, &table, None);
    assert!(model.score(&table).iter().all(|s| s.is_nan()));
    assert_eq!(model.observations()[0].code, "not-examined");
}

#[test]
fn bad_parameters_are_refused() {
    for bad in [json!({ "trees": 0 }), json!({ "depth": 9 }), json!({ "classes_max": 1 }), json!({ "tree": 5 })] {
        assert!(build(&bad).is_err(), "{bad}");
    }
}
