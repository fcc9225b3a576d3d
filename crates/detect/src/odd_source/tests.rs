use serde_json::json;
use taster_core::FileRecord;

use super::*;
use crate::testing::{KEY, category, fit, sample, schema, table};

fn random(row: u64, column: u64) -> f64 {
    Key::new(column).of(&row.to_le_bytes()) as f64 / u64::MAX as f64
}

/// What is done to the rows of the twelfth of twenty contributors, or from a row on.
#[derive(Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    Flips,
    Move,
    Copies,
    Late,
}

const ROWS: u64 = 4000;

/// Two numbers, a label that follows from them, a contributor and a time.
fn rows(planted: Planted) -> (Schema, Table) {
    let mine = |r: u64| random(r, 1) >= 0.55 && random(r, 1) < 0.60;
    let is = |r: u64, what: Planted| planted == what && mine(r);
    let number = |r: u64, c: u64| {
        let r = if is(r, Planted::Copies) && random(r, 9) < 0.5 { 7 } else { r };
        random(r, c) + random(r, c + 20) + if is(r, Planted::Move) { 0.2 } else { 0.0 }
    };
    let (a, b): (Vec<f64>, Vec<f64>) = (0..ROWS).map(|r| (number(r, 2), number(r, 3))).unzip();
    let late = |r: u64| planted == Planted::Late && r > 3300;
    let wrong = |r: u64| (is(r, Planted::Flips) || late(r)) && random(r, 4) < 0.25 || random(r, 5) < 0.05;
    let labels: Vec<&str> =
        (0..ROWS).map(|r| if (a[r as usize] + b[r as usize] > 2.0) == wrong(r) { "no" } else { "yes" }).collect();
    let names: Vec<String> = (0..ROWS).map(|r| format!("c{:02}", (random(r, 1) * 20.0) as u32)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let times = (0..ROWS).map(|r| r as f64 * 3600.0).collect();
    let columns =
        vec![Values::Numeric(a), Values::Numeric(b), category(&labels), category(&names), Values::Numeric(times)];
    let roles =
        [("a", Role::Numeric), ("b", Role::Numeric), ("y", Role::Label), ("by", Role::Source), ("at", Role::Time)];
    (schema(&roles), table(columns, &[0, 1]))
}

fn seen(planted: Planted) -> (Table, Box<dyn Model>) {
    let (schema, table) = rows(planted);
    let model = fit(&*build(&json!({})).unwrap(), &schema, &table, None);
    (table, model)
}

#[test]
fn contributors_who_are_alike_are_ranked_and_none_is_accused() {
    let (table, model) = seen(Planted::Nothing);
    let seen = model.observations();
    assert_eq!(seen.iter().map(|o| o.code).collect::<Vec<_>>(), ["sources-alike"], "{seen:?}");
    assert_eq!(seen[0].evidence["sources"].as_array().map(Vec::len), Some(20));
    assert!(model.score(&table).iter().all(|&s| s == 0.0));
}

#[test]
fn the_contributor_who_differs_is_named_with_what_differs() {
    for (planted, measure) in
        [(Planted::Flips, "contradicted-labels"), (Planted::Move, "all-features"), (Planted::Copies, "copies")]
    {
        let (table, model) = seen(planted);
        let seen = model.observations();
        let found = seen.iter().find(|o| o.code == "source-differs").unwrap_or_else(|| panic!("{measure}: {seen:?}"));
        let first = &found.evidence["sources"][0];
        assert_eq!((first["name"].as_str(), first["odd"].as_bool()), (Some("c11"), Some(true)), "{first}");
        let measures: Vec<_> = first["differences"].as_array().unwrap().iter().map(|d| d["measure"].clone()).collect();
        assert!(measures.contains(&json!(measure)), "{measures:?}");
        assert!(found.message.starts_with("1 of 20 in `by`"), "{}", found.message);
        let scores = model.score(&table);
        let mine = |r: &usize| table.columns[3].as_category().unwrap().get(*r) == Some("c11");
        assert!((0..table.len).all(|r| mine(&r) == (scores[r] > 0.0)), "{measure}");
        let row = (0..table.len).find(mine).unwrap();
        assert!(model.explain(&table, row).text.contains("c11"));
    }
}

#[test]
fn where_a_drip_began_is_told_by_time_and_by_order() {
    let seen = seen(Planted::Late).1.observations();
    let codes: Vec<_> = seen.iter().map(|o| o.code).collect();
    assert_eq!(codes, ["sources-alike", "time-differs", "stretch-differs"], "{seen:?}");
    assert!((3200..=3400).contains(&seen[2].evidence["from"].as_u64().unwrap()), "{}", seen[2].message);
}

/// Rows in the order of their label, or of a feature, are not poisoned.
#[test]
fn sorted_data_is_silent() {
    let (schema, table) = rows(Planted::Nothing);
    let numbers = table.columns[0].as_numeric().unwrap();
    let labels = table.columns[2].as_category().unwrap();
    let mut by_number: Vec<usize> = (0..table.len).collect();
    by_number.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut by_label: Vec<usize> = (0..table.len).collect();
    by_label.sort_by_key(|&r| labels.codes[r]);
    for order in [by_number, by_label] {
        let model = fit(&*build(&json!({})).unwrap(), &schema, &table.take(&order), None);
        let codes: Vec<_> = model.observations().iter().map(|o| o.code).collect();
        assert_eq!(codes, ["sources-alike"], "{:?}", model.observations());
    }
}

#[test]
fn files_are_sources_too() {
    let (schema, table) = rows(Planted::Late);
    let sample = sample(&table);
    let file = |i: u64| FileRecord {
        name: format!("part-{i}.csv"),
        format: "csv".into(),
        bytes: 0,
        sha256: taster_core::Digest([0; 32]),
        rows: if i < 9 { 365 } else { 715 },
        rows_root: taster_core::Digest([0; 32]),
    };
    let files: Vec<FileRecord> = (0..10).map(file).collect();
    let evidence = Evidence {
        schema: &schema,
        sample: &sample,
        files: &files,
        reference: None,
        trusted: None,
        margins: None,
        key: KEY,
    };
    let model = build(&json!({})).unwrap().state(&schema, KEY).fit(&evidence);
    let seen = model.observations();
    let found = seen.iter().find(|o| o.columns == ["file"]).unwrap();
    assert_eq!(found.code, "source-differs", "{found:?}");
    assert_eq!(found.evidence["sources"][0]["name"], "part-9.csv");
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "alpha": 0.0 })).is_err());
    assert!(build(&json!({ "least_row": 10 })).is_err());
    let nothing = schema(&[("y", Role::Label)]);
    assert!(build(&json!({})).unwrap().applies(&nothing, false).is_err());
}
