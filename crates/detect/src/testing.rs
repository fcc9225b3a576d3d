//! Small tables for the tests of detectors.

use std::sync::Arc;

use taster_core::{
    Category, Column, Detector, Evidence, Key, Kind, MISSING, Model, Role, Sample, Schema, Table, Values,
};

/// A seed for tests.
pub const KEY: Key = Key::new(7);

/// A schema of these names and roles.
pub fn schema(columns: &[(&str, Role)]) -> Schema {
    let kind = |role| if role == Role::Numeric { Kind::Float } else { Kind::String };
    let column =
        |&(name, role): &(&str, Role)| Column { name: name.into(), kind: kind(role), role, why: String::new() };
    Schema { columns: columns.iter().map(column).collect() }
}

/// A categorical column; empty text is missing. The dictionary is sorted.
pub fn category(values: &[&str]) -> Values {
    let mut distinct: Vec<Arc<str>> = values.iter().filter(|v| !v.is_empty()).map(|&v| v.into()).collect();
    distinct.sort();
    distinct.dedup();
    let code = |v: &&str| distinct.iter().position(|d| **d == **v).map_or(MISSING, |c| c as u32);
    let codes = values.iter().map(code).collect();
    let keys = distinct.iter().map(|v| KEY.of(v.as_bytes())).collect();
    Values::Category(Category { values: distinct, keys, codes })
}

/// A table of these columns; `features` says which make up the feature key.
pub fn table(columns: Vec<Values>, features: &[usize]) -> Table {
    let len = columns.iter().map(length).max().unwrap_or(0);
    let shown = |c: &Values, row: usize| c.show(row).unwrap_or_else(|| "∅".into());
    let feature_key = |row| {
        let parts: Vec<String> = features.iter().map(|&f| shown(&columns[f], row)).collect();
        KEY.of(parts.join("\u{1f}").as_bytes())
    };
    let feature_keys = (0..len).map(feature_key).collect();
    let row_keys = (0..len as u64).map(|row| KEY.derive("row").of(&row.to_le_bytes())).collect();
    Table { len, columns, row_keys, feature_keys }
}

fn length(values: &Values) -> usize {
    match values {
        Values::Numeric(v) => v.len(),
        Values::Category(c) => c.codes.len(),
        Values::Text(t) => t.len(),
        Values::Embedding(e) => e.values.len() / e.dim.max(1),
        Values::Skipped => 0,
    }
}

/// The whole table as its own sample.
pub fn sample(table: &Table) -> Sample {
    let rows: Vec<usize> = (0..table.len).collect();
    Sample { table: table.take(&rows), positions: (0..table.len as u64).collect(), rows: table.len as u64 }
}

/// Observes a table in parts that end at `cuts`, merged in the order given, and fits.
pub fn fit_in_parts(
    detector: &dyn Detector,
    schema: &Schema,
    table: &Table,
    reference: Option<&Table>,
    parts: &[std::ops::Range<usize>],
) -> Box<dyn Model> {
    let mut state = detector.state(schema, KEY);
    for part in parts {
        let mut one = detector.state(schema, KEY);
        one.observe(&table.take(&part.clone().collect::<Vec<_>>()));
        state.merge(one);
    }
    let (sample, reference) = (sample(table), reference.map(sample));
    let trusted = reference.as_ref().map(|r| r.halves(KEY)).map(|[fitted, _]| fitted);
    state.fit(&Evidence {
        schema,
        sample: &sample,
        files: &[],
        reference: reference.as_ref(),
        trusted: trusted.as_ref(),
        margins: None,
        key: KEY,
    })
}

/// Observes a whole table and fits.
pub fn fit(detector: &dyn Detector, schema: &Schema, table: &Table, reference: Option<&Table>) -> Box<dyn Model> {
    fit_in_parts(detector, schema, table, reference, std::slice::from_ref(&(0..table.len)))
}
