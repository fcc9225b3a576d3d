use serde_json::json;
use taster_core::Role;

use super::*;
use crate::testing::{category, fit, schema, table};

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

/// Approximately normal, a function of two numbers.
fn normal(row: u64, salt: u64) -> f64 {
    let uniform = |i: u64| Key::new(salt * 1000 + i).of(&row.to_le_bytes()) as f64 / u64::MAX as f64;
    (0..12).map(uniform).sum::<f64>() - 6.0
}

/// Numbers that go together, and a category; rows for which `poisoned` get values that are each common.
fn mixed(rows: u64, poisoned: impl Fn(u64) -> bool) -> (Schema, Table) {
    let a: Vec<f64> = (0..rows).map(|r| normal(r, 1)).collect();
    let sign = |r: u64| if poisoned(r) { -1.0 } else { 1.0 };
    let b: Vec<f64> = (0..rows).map(|r| sign(r) * (a[r as usize] + 0.2 * normal(r, 2) + 2.5)).collect();
    let c: Vec<f64> = (0..rows).map(|r| normal(r, 3).exp()).collect();
    let colours: Vec<&str> = (0..rows).map(|r| if normal(r, 4) > 0.0 { "red" } else { "green" }).collect();
    let schema =
        schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("c", Role::Numeric), ("colour", Role::Categorical)]);
    let columns = vec![Values::Numeric(a), Values::Numeric(b), Values::Numeric(c), category(&colours)];
    (schema, table(columns, &[0, 1, 2, 3]))
}

/// Probability that a poisoned row scores above a clean one.
fn roc_auc(scores: &[f64], poisoned: impl Fn(usize) -> bool) -> f64 {
    let (bad, good): (Vec<usize>, Vec<usize>) = (0..scores.len()).partition(|&r| poisoned(r));
    let wins = bad.iter().flat_map(|&b| good.iter().map(move |&g| f64::from(u8::from(scores[b] > scores[g]))));
    wins.sum::<f64>() / (bad.len() * good.len()) as f64
}

#[test]
fn planted_combinations_are_found_and_explained() {
    let poisoned = |r: usize| r.is_multiple_of(25);
    let (schema, table) = mixed(2000, |r| poisoned(r as usize));
    let model = fit(&*built(), &schema, &table, None);
    let auc = roc_auc(&model.score(&table), poisoned);
    assert!(auc > 0.97, "{auc}");
    let reason = model.explain(&table, 0);
    assert!(reason.columns.contains(&"b".to_owned()), "{reason:?}");
}

#[test]
fn clean_twin_is_silent() {
    let (schema, table) = mixed(2000, |_| false);
    let scores = fit(&*built(), &schema, &table, None).score(&table);
    let threshold = taster_stats::null::empirical_null(&scores).unwrap();
    let beyond = scores.iter().filter(|&&s| s > threshold).count();
    assert!(beyond <= 4, "{beyond} of 2000 beyond {threshold}");
}

#[test]
fn a_clump_of_outliers_does_not_hide_itself() {
    let (schema, mut table) = mixed(1000, |_| false);
    let Values::Numeric(c) = &mut table.columns[2] else { unreachable!() };
    (0..1000).filter(|r| r % 15 == 0).for_each(|r| c[r] = -200.0);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    let auc = roc_auc(&scores, |r| r.is_multiple_of(15));
    assert!(auc > 0.99, "{auc}");
    let threshold = taster_stats::null::empirical_null(&scores).unwrap();
    assert!(scores.iter().filter(|&&s| s > threshold).count() >= 50);
    assert!(model.explain(&table, 0).text.starts_with("c is -200 (median"), "{}", model.explain(&table, 0).text);
}

#[test]
fn rare_values_and_rare_pairs_are_named() {
    let mut first: Vec<&str> = (0..1000).map(|r| if r % 2 == 0 { "cat" } else { "dog" }).collect();
    let mut second: Vec<&str> = (0..1000).map(|r| if r % 2 == 0 { "meow" } else { "woof" }).collect();
    first[10] = "emu";
    second[20] = "woof";
    let schema = schema(&[("animal", Role::Categorical), ("sound", Role::Categorical)]);
    let table = table(vec![category(&first), category(&second)], &[0, 1]);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    assert!((0..1000).all(|r| r == 10 || r == 20 || scores[r] < scores[10].min(scores[20])));
    assert!(
        model.explain(&table, 10).text.contains("animal is \"emu\" (in 0.10 % of the rows)"),
        "{:?}",
        model.explain(&table, 10)
    );
    assert_eq!(model.explain(&table, 20).columns, ["animal", "sound"]);
}

#[test]
fn odd_texts_and_vectors_are_found() {
    let mut notes = taster_core::Texts::default();
    (0..500).for_each(|r| {
        notes.push(Some(if r == 3 { "%%~~ 0x9f 77 {{}} 31337" } else { ["all is well", "nothing to report"][r % 2] }));
    });
    let values = (0..500 * 8).map(|i| if i / 8 == 7 { 4.0 } else { normal(i, 9) as f32 * 0.3 + 1.0 }).collect();
    let schema = schema(&[("note", Role::Text), ("vector", Role::Embedding)]);
    let table = table(vec![Values::Text(notes), Values::Embedding(Embedding { dim: 8, values })], &[0]);
    let model = fit(&*built(), &schema, &table, None);
    let scores = model.score(&table);
    let mut order: Vec<usize> = (0..500).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    assert!(order[..2].contains(&3) && order[..2].contains(&7), "{:?}", &order[..4]);
    assert!(model.explain(&table, 7).columns.contains(&"vector".to_owned()));
    assert!(model.explain(&table, 3).columns.contains(&"note".to_owned()));
}

#[test]
fn bad_parameters_are_refused() {
    for bad in
        [json!({ "set_aside": 0.9 }), json!({ "fitted_rows": 1 }), json!({ "references": 0 }), json!({ "aside": 0.1 })]
    {
        assert!(build(&bad).is_err(), "{bad}");
    }
}
