use serde_json::json;
use taster_core::{Embedding, Role, Values};

use super::*;
use crate::testing::{KEY, category, fit, schema, table};

const DIM: usize = 48;
const ROWS: usize = 900;
const CLASSES: [&str; 3] = ["ant", "bee", "cat"];

/// A number about as a normal distribution has them.
fn normal(row: usize, at: usize) -> f32 {
    let uniform = |k: usize| KEY.derive("normal").of(&((row * 64 + at) * 8 + k).to_le_bytes()) as f32 / u64::MAX as f32;
    (0..6).map(|k| uniform(k) - 0.5).sum::<f32>() * std::f32::consts::SQRT_2
}

/// A row of a class, whose dimensions follow in part from those before, in widths that differ a hundredfold.
fn vector(row: usize, class: usize) -> Vec<f32> {
    let mut out: Vec<f32> = (0..DIM).map(|i| normal(row, i)).collect();
    for i in 1..DIM {
        out[i] = 0.6 * out[i - 1] + 0.8 * out[i];
    }
    out[3 * class] += 8.0;
    out.iter_mut().enumerate().for_each(|(i, x)| *x *= 10.0_f32.powi(i as i32 % 3));
    out
}

/// Where a planted row is moved to: no farther than rows are from each other.
fn offset(i: usize) -> f32 {
    4.0 * normal(ROWS + 1, i) * 10.0_f32.powi(i as i32 % 3)
}

/// Embeddings of three classes. Rows in `planted` are moved if `by_offset`, and labelled with the first class.
fn embeddings(planted: &[usize], by_offset: bool) -> (Schema, Table) {
    let schema = schema(&[("vector", Role::Embedding), ("y", Role::Label)]);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let class = row % CLASSES.len();
        let is_planted = planted.contains(&row);
        let moved = |(i, x): (usize, f32)| if is_planted && by_offset { x + offset(i) } else { x };
        values.extend(vector(row, class).into_iter().enumerate().map(moved));
        labels.push(CLASSES[if is_planted { 0 } else { class }]);
    }
    let mut table = table(vec![Values::Embedding(Embedding { dim: DIM, values }), category(&labels)], &[]);
    table.feature_keys = table.row_keys.clone(); // no two vectors are the same
    (schema, table)
}

fn fitted((schema, table): &(Schema, Table)) -> Box<dyn Model> {
    fit(&*build(&json!({})).unwrap(), schema, table, None)
}

fn over(scores: &[f64]) -> Vec<usize> {
    (0..scores.len()).filter(|&r| scores[r] >= 0.5).collect()
}

#[test]
fn rows_moved_by_one_offset_are_found_and_named() {
    let planted: Vec<usize> = (0..9).map(|i| 50 + 82 * i).filter(|r| r % CLASSES.len() != 0).collect();
    let data = embeddings(&planted, true);
    let model = fitted(&data);
    assert_eq!(over(&model.score(&data.1)), planted);
    let messages: Vec<String> = model.observations().into_iter().map(|o| o.message).collect();
    let named = format!("all \"ant\": {} rows, 0 expected", planted.len());
    assert!(messages.len() == 1 && messages[0].contains(&named), "{messages:?}");
    let reason = model.explain(&data.1, planted[0]);
    let class = CLASSES[planted[0] % CLASSES.len()];
    assert!(reason.text.contains(class) && reason.columns == ["vector"], "{}", reason.text);
}

#[test]
fn clean_embeddings_and_plain_label_errors_are_no_offset() {
    let wrong: Vec<usize> = (0..20).map(|i| 1 + 42 * i).filter(|r| r % CLASSES.len() != 0).collect();
    for data in [embeddings(&[], false), embeddings(&wrong, false)] {
        let model = fitted(&data);
        assert!(over(&model.score(&data.1)).is_empty() && model.observations().is_empty());
    }
}

#[test]
fn a_natural_group_of_one_class_is_no_offset() {
    // Moved, and with the label of the class it came from.
    let group: Vec<usize> = (0..12).map(|i| 3 * (7 + 20 * i)).collect();
    let data = embeddings(&group, true);
    assert!(over(&fitted(&data).score(&data.1)).is_empty());
}

#[test]
fn vectors_with_numbers_missing_are_left_out() {
    let planted: Vec<usize> = (0..9).map(|i| 50 + 82 * i).filter(|r| r % CLASSES.len() != 0).collect();
    let (schema, mut table) = embeddings(&planted, true);
    if let Values::Embedding(vectors) = &mut table.columns[0] {
        vectors.values[planted[0] * DIM + 5] = f32::NAN;
    }
    let scores = fitted(&(schema, table.take(&(0..ROWS).collect::<Vec<_>>()))).score(&table);
    assert_eq!(over(&scores), planted[1..]);
}
