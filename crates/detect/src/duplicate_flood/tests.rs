use serde_json::json;
use taster_core::{Role, Table, Texts, Values};
use taster_stats::math::mix;

use super::*;
use crate::testing::{category, fit, schema, table};

fn numbers(rows: u64, of: impl Fn(u64, u64) -> f64) -> (Schema, Table) {
    let column = |c: u64| Values::Numeric((0..rows).map(|row| of(row, c)).collect());
    (schema(&[("x", Role::Numeric), ("y", Role::Numeric)]), table(vec![column(0), column(1)], &[0, 1]))
}

fn random(row: u64, column: u64) -> f64 {
    mix(row, column) as f64 / u64::MAX as f64
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

fn words(row: u64, n: u64) -> String {
    (0..n).map(|i| format!("w{}", mix(row, i) % 500)).collect::<Vec<_>>().join(" ")
}

/// Texts with every tenth row a copy of one text in which one word is changed; row 0 is that text.
fn texts(rows: u64, edit: impl Fn(u64) -> String) -> (Schema, Table) {
    let mut texts = Texts::default();
    (0..rows).for_each(|row| {
        texts.push(Some(&if row % 10 == 3 { edit(row) } else { words(row, 20) }));
    });
    (schema(&[("text", Role::Text)]), table(vec![Values::Text(texts)], &[0]))
}

#[test]
fn planted_flood_is_found_and_the_clean_twin_is_silent() {
    let (schema, clean) = numbers(3000, random);
    assert!(fit(&*built(), &schema, &clean, None).score(&clean).iter().all(|&s| s < 0.01));

    let planted = |row: u64, c: u64| if row % 10 == 3 { 0.31 } else { random(row, c) };
    let (schema, poisoned) = numbers(3000, planted);
    let model = fit(&*built(), &schema, &poisoned, None);
    let scores = model.score(&poisoned);
    assert!((0..3000).all(|i| (scores[i] > 0.9) == (i % 10 == 3)));
    assert!(model.explain(&poisoned, 3).text.contains("300 times"), "{}", model.explain(&poisoned, 3).text);
}

#[test]
fn copies_with_noise_are_found() {
    let planted = |row: u64, c: u64| if row % 10 == 3 { 0.31 + 1e-4 * random(row, c) } else { random(row, c) };
    let (schema, poisoned) = numbers(1000, planted);
    let scores = fit(&*built(), &schema, &poisoned, None).score(&poisoned);
    assert!((0..1000).all(|i| (scores[i] > 0.9) == (i % 10 == 3)));
}

#[test]
fn edited_texts_are_found_and_the_original_is_kept() {
    let edit = |row: u64| {
        let original = words(0, 20);
        let mut copy: Vec<&str> = original.split(' ').collect();
        let (at, new) = ((mix(row, 77) % 20) as usize, format!("new{row}"));
        copy[at] = &new;
        copy.join(" ")
    };
    let (schema, poisoned) = texts(1000, edit);
    let model = fit(&*built(), &schema, &poisoned, None);
    let scores = model.score(&poisoned);
    assert!((0..1000).all(|i| (scores[i] > 0.9) == (i % 10 == 3)));
    assert_eq!(scores[0], 0.0);
    let listed = &model.observations()[0];
    assert!(listed.message.contains("near copies") && listed.evidence["clusters"][0]["flood"] == true, "{listed:?}");
}

#[test]
fn a_form_filled_in_is_no_flood() {
    let fill = |row: u64| format!("what is the name of the highest mountain of w{row} v{row} and why is it so");
    let (schema, form) = texts(1000, fill);
    assert!(fit(&*built(), &schema, &form, None).score(&form).iter().all(|&s| s < 0.1));
}

#[test]
fn natural_repetition_is_let_pass() {
    let few = |row: u64, c: u64| (random(row, c) * 5.0).floor();
    let (schema, table) = numbers(3000, few);
    assert!(fit(&*built(), &schema, &table, None).score(&table).iter().all(|&s| s < 0.2));
    // A power law of repetitions: the largest is what the others make likely.
    let mut texts = Texts::default();
    (1..400_u64).for_each(|rank| (0..400 / rank).for_each(|_| texts.push(Some(&words(rank, 12)))));
    let (schema, table) =
        (crate::testing::schema(&[("text", Role::Text)]), crate::testing::table(vec![Values::Text(texts)], &[0]));
    assert!(fit(&*built(), &schema, &table, None).score(&table).iter().all(|&s| s < 0.5));
}

/// Bookings of a tour are entered together, so a few equal rows with nothing like them stand beside larger such groups.
#[test]
fn a_small_group_among_larger_ones_is_let_pass() {
    let group = |row: u64| if row < 600 { row / 8 % 75 } else { row };
    let of = |row: u64, c: u64| match (row, c) {
        (0..600, 0) => (group(row) % 5) as f64,
        (0..600, _) => (group(row) % 3) as f64 + if row >= 592 { 0.5 } else { 0.0 },
        _ => random(row, c),
    };
    let (schema, tours) = numbers(6000, of);
    assert!(fit(&*built(), &schema, &tours, None).score(&tours).iter().all(|&s| s < 0.5));
}

#[test]
fn equal_rows_with_another_label_are_kept() {
    let values = |rows: u64| (0..rows).map(|r| if r % 10 == 3 { 0.5 } else { random(r, 0) }).collect();
    let labels: Vec<&str> = (0..1000).map(|r| if r == 13 { "honest" } else { "planted" }).collect();
    let columns = vec![Values::Numeric(values(1000)), Values::Numeric(values(1000)), category(&labels)];
    let schema = schema(&[("x", Role::Numeric), ("y", Role::Numeric), ("class", Role::Label)]);
    let table = table(columns, &[0, 1]);
    let scores = fit(&*built(), &schema, &table, None).score(&table);
    assert!(scores[3] > 0.9 && scores[13] < 0.01, "{} {}", scores[3], scores[13]);
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "copies": 1 })).is_err());
    assert!(build(&json!({ "sketch_bits": 40 })).is_err());
    assert!(build(&json!({ "copy": 5 })).is_err());
}
