use serde_json::json;
use taster_core::{Role, Table, Values};

use super::*;
use crate::testing::{fit, schema, table};

fn numbers(values: impl Iterator<Item = f64>) -> (Schema, Table) {
    (schema(&[("x", Role::Numeric)]), table(vec![Values::Numeric(values.collect())], &[0]))
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

#[test]
fn planted_flood_is_found_and_the_clean_twin_is_silent() {
    let (schema, clean) = numbers((0..3000).map(f64::from));
    assert!(fit(&*built(), &schema, &clean, None).score(&clean).iter().all(|&s| s == 0.0));

    let (schema, poisoned) = numbers((0..3000).map(|i| if i % 10 == 3 { -1.0 } else { f64::from(i) }));
    let model = fit(&*built(), &schema, &poisoned, None);
    let scores = model.score(&poisoned);
    assert!((0..3000).all(|i| (scores[i] > 0.8) == (i % 10 == 3)));
    assert!(model.explain(&poisoned, 3).text.contains("300 times"), "{}", model.explain(&poisoned, 3).text);
}

#[test]
fn natural_repetition_is_let_pass() {
    let (schema, table) = numbers((0..3000).map(|i| f64::from(i % 25)));
    assert!(fit(&*built(), &schema, &table, None).score(&table).iter().all(|&s| s < 0.2));
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "copies": 1 })).is_err());
    assert!(build(&json!({ "sketch_bits": 40 })).is_err());
    assert!(build(&json!({ "copy": 5 })).is_err());
}
