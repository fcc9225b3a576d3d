//! Laws that every detector in the list keeps.

use std::collections::BTreeSet;

use serde_json::json;
use taster_core::{
    Detector, Embedding, Role, Schema, Table, Texts, Values,
    crosswalk::{self, Subject},
};

use crate::{
    ALL,
    testing::{category, fit, fit_in_parts, schema, table},
};

const ROLES: &[(&str, Role)] = &[
    ("a", Role::Numeric),
    ("b", Role::Numeric),
    ("colour", Role::Categorical),
    ("note", Role::Text),
    ("vector", Role::Embedding),
    ("class", Role::Label),
];

fn mixed(rows: u64, salt: u64) -> (Schema, Table) {
    let random = |row: u64, column: u64| {
        let key = taster_core::Key::new(salt * 100 + column).of(&row.to_le_bytes());
        key as f64 / u64::MAX as f64
    };
    let a: Vec<f64> = (0..rows).map(|r| random(r, 0)).collect();
    let b = (0..rows).map(|r| if r % 11 == 0 { f64::NAN } else { a[r as usize] + 0.3 * random(r, 1) }).collect();
    let colours: Vec<&str> = (0..rows).map(|r| ["red", "green", "blue", ""][(random(r, 2) * 4.0) as usize]).collect();
    let classes: Vec<&str> =
        (0..rows).map(|r| if a[r as usize] + 0.2 * random(r, 3) > 0.6 { "yes" } else { "no" }).collect();
    let mut notes = Texts::default();
    (0..rows).for_each(|r| {
        notes.push((r % 7 > 0).then(|| format!("note {} of {}", r % 13, classes[r as usize])).as_deref());
    });
    let vectors = Embedding { dim: 3, values: (0..rows * 3).map(|i| random(i, 4) as f32).collect() };
    let columns = vec![
        Values::Numeric(a),
        Values::Numeric(b),
        category(&colours),
        Values::Text(notes),
        Values::Embedding(vectors),
        category(&classes),
    ];
    (schema(ROLES), table(columns, &[0, 1, 2, 3, 4]))
}

fn detectors() -> impl Iterator<Item = Box<dyn Detector>> {
    ALL.iter().map(|entry| (entry.build)(&json!({})).expect("defaults are valid"))
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
}

#[test]
fn ids_are_unique_and_readmes_have_every_section() {
    let ids: BTreeSet<_> = ALL.iter().map(|e| e.about.id).collect();
    assert_eq!(ids.len(), ALL.len());
    for entry in ALL {
        let readme = entry.about.readme;
        assert!(readme.starts_with(&format!("# {}\n", entry.about.id)), "{}", entry.about.id);
        for section in ["Finds", "Why it matters", "How it scores", "Blind spots", "Parameters", "References"] {
            assert!(readme.contains(&format!("\n## {section}\n")), "{} has no section {section}", entry.about.id);
        }
        let tags = crosswalk::tags(Subject::Detector, entry.about.id);
        assert!(!tags.is_empty(), "{} is not in crates/core/src/crosswalk.json", entry.about.id);
        assert!(tags.iter().any(|tag| tag.catalogue == "STRIDE"), "{} has no STRIDE category", entry.about.id);
    }
}

#[test]
fn split_and_merge_order_do_not_matter() {
    let (schema, table) = mixed(400, 1);
    let reference = mixed(300, 2).1;
    for detector in detectors() {
        let whole = fit(&*detector, &schema, &table, Some(&reference)).score(&table);
        for parts in [vec![0..399, 399..400], vec![0..1, 1..200, 200..400], vec![200..400, 0..137, 137..200]] {
            let model = fit_in_parts(&*detector, &schema, &table, Some(&reference), &parts);
            assert!(same(&model.score(&table), &whole), "{}: {parts:?}", detector.about().id);
        }
    }
}

#[test]
fn a_row_has_the_same_score_in_any_batch() {
    let (schema, table) = mixed(400, 1);
    let reference = mixed(300, 2).1;
    for detector in detectors() {
        let model = fit(&*detector, &schema, &table, Some(&reference));
        let whole = model.score(&table);
        for size in [1, 7, 64] {
            let rows: Vec<usize> = (0..400).collect();
            let parts: Vec<f64> = rows.chunks(size).flat_map(|rows| model.score(&table.take(rows))).collect();
            assert!(same(&parts, &whole), "{} in batches of {size}", detector.about().id);
        }
        assert!(whole.iter().all(|s| s.is_nan() || (0.0..=1.0).contains(s)), "{}", detector.about().id);
    }
}

#[test]
fn threads_do_not_matter() {
    let (schema, table) = mixed(400, 3);
    let reference = mixed(300, 2).1;
    for detector in detectors() {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            pool.install(|| fit(&*detector, &schema, &table, Some(&reference)).score(&table))
        };
        assert!(same(&with(1), &with(3)), "{}", detector.about().id);
    }
}

/// Nothing, one row, constants, nothing but missing values: no panic, and no score where nothing is known.
#[test]
fn degenerate_data_is_survived() {
    let constant = |n: usize, value: f64, word: &str| {
        let mut notes = Texts::default();
        (0..n).for_each(|_| notes.push((!word.is_empty()).then_some(word)));
        let vectors = Embedding { dim: 3, values: vec![value as f32; 3 * n] };
        let words = vec![word; n];
        let numbers = || Values::Numeric(vec![value; n]);
        let columns = vec![
            numbers(),
            numbers(),
            category(&words),
            Values::Text(notes),
            Values::Embedding(vectors),
            category(&words),
        ];
        table(columns, &[0, 1, 2, 3, 4])
    };
    let schema = schema(ROLES);
    for detector in detectors() {
        for n in [0, 1, 2, 30] {
            for (value, word) in [(1.0, "x"), (f64::NAN, ""), (f64::INFINITY, "y")] {
                let table = constant(n, value, word);
                for reference in [None, Some(&table)] {
                    let model = fit(&*detector, &schema, &table, reference);
                    let scores = model.score(&table);
                    assert_eq!(scores.len(), n, "{}", detector.about().id);
                    assert!(scores.iter().all(|s| s.is_nan() || (0.0..=1.0).contains(s)), "{}", detector.about().id);
                    model.observations();
                    (0..n).for_each(|row| drop(model.explain(&table, row)));
                }
            }
        }
    }
}
