//! Features as columns of numbers on one scale, so that their means can be compared between groups of rows.

use std::collections::BTreeMap;

use taster_core::{Category, Key, Schema, Table, Values};

use crate::{directions, text};

/// Columns of numbers that are made at most.
const MOST: usize = 96;
/// Values of a category that are told apart.
const VALUES: usize = 8;
/// Random directions along which embeddings are looked at.
const DIRECTIONS: u64 = 16;
/// Share of rows in which a value, or its absence, must be to be counted.
const LEAST_SHARE: f64 = 0.01;
/// Deviations beyond which rare values count no more.
const FARTHEST: f64 = 5.0;

/// One number a row.
pub struct Feature {
    /// Index of the column it is made from.
    pub column: usize,
    /// What of the column it is; empty for a number itself.
    pub what: String,
    /// Whether it is 1 or 0 for having something.
    pub is_share: bool,
    /// The number itself; NaN where missing.
    pub raw: Vec<f64>,
    /// The same with mean 0 and deviation 1, by ranks where it is a number; 0 where missing.
    pub scaled: Vec<f32>,
}

/// Features of all columns.
pub struct Features {
    /// In the order of the schema.
    pub all: Vec<Feature>,
}

impl Features {
    /// Of a sample's feature columns; where there are too many, each column's first.
    pub fn of(schema: &Schema, table: &Table, key: Key) -> Self {
        let columns: Vec<Vec<Feature>> =
            schema.features().map(|i| column(i, &table.columns[i], key)).filter(|c| !c.is_empty()).collect();
        let mut each = (MOST / columns.len().max(1)).max(1);
        // Columns with fewer leave room for others.
        while columns.iter().map(|c| c.len().min(each + 1)).sum::<usize>() <= MOST && each < MOST {
            each += 1;
        }
        let mut all: Vec<Feature> = columns.into_iter().flat_map(|c| c.into_iter().take(each)).collect();
        all.truncate(MOST);
        Self { all }
    }
}

fn column(i: usize, values: &Values, key: Key) -> Vec<Feature> {
    match values {
        Values::Numeric(v) => {
            let mut out: Vec<Feature> = number(i, "", v.clone()).into_iter().collect();
            out.extend(share(i, "missing".into(), v.iter().map(|x| x.is_nan())));
            out
        }
        Values::Category(c) => category(i, c),
        Values::Text(t) => {
            let described: Vec<_> = t.iter().map(|t| t.map(text::statistics)).collect();
            let pick = |k: usize| described.iter().map(|d| d.map_or(f64::NAN, |d| d[k])).collect();
            text::NAMES.iter().enumerate().filter_map(|(k, name)| number(i, name, pick(k))).collect()
        }
        Values::Embedding(e) if e.dim > 0 => {
            directions::along(e, DIRECTIONS, key).filter_map(|(what, along)| number(i, &what, along)).collect()
        }
        _ => Vec::new(),
    }
}

fn category(i: usize, column: &Category) -> Vec<Feature> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let rows = || (0..column.codes.len()).map(|r| column.get(r));
    rows().flatten().for_each(|v| *counts.entry(v).or_default() += 1);
    let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
    ranked.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    // Of two values one says all.
    let told = if ranked.len() == 2 { 1 } else { VALUES };
    let of = |&(value, _): &(&str, usize)| share(i, format!("is `{value}`"), rows().map(|v| v == Some(value)));
    let mut out: Vec<Feature> = ranked.iter().take(told).filter_map(of).collect();
    out.extend(share(i, "missing".into(), rows().map(|v| v.is_none())));
    out
}

/// `None` where all numbers are equal.
fn number(column: usize, what: &str, raw: Vec<f64>) -> Option<Feature> {
    let mut order: Vec<usize> = (0..raw.len()).filter(|&r| !raw[r].is_nan()).collect();
    order.sort_by(|&a, &b| raw[a].total_cmp(&raw[b]).then(a.cmp(&b)));
    let n = order.len() as f64;
    let mut ranks = vec![f64::NAN; raw.len()];
    let mut start = 0;
    while start < order.len() {
        let end = start + order[start..].partition_point(|&r| raw[r] == raw[order[start]]).max(1);
        let middle = (start + end) as f64 / 2.0;
        order[start..end].iter().for_each(|&r| ranks[r] = quantile(middle / n));
        start = end;
    }
    let scaled = scaled(&ranks)?;
    Some(Feature { column, what: what.to_owned(), is_share: false, raw, scaled })
}

/// `None` where hardly any row, or nearly every one, has it.
fn share(column: usize, what: String, has: impl Iterator<Item = bool>) -> Option<Feature> {
    let raw: Vec<f64> = has.map(|has| f64::from(u8::from(has))).collect();
    let mean = raw.iter().sum::<f64>() / raw.len().max(1) as f64;
    if !(LEAST_SHARE..=1.0 - LEAST_SHARE).contains(&mean) {
        return None;
    }
    let scaled = scaled(&raw)?;
    Some(Feature { column, what, is_share: true, raw, scaled })
}

fn scaled(values: &[f64]) -> Option<Vec<f32>> {
    let known = || values.iter().filter(|v| !v.is_nan());
    let n = known().count() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = known().sum::<f64>() / n;
    let deviation = (known().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let of = |v: &f64| if v.is_nan() { 0.0 } else { ((v - mean) / deviation).clamp(-FARTHEST, FARTHEST) as f32 };
    (deviation > 1e-9).then(|| values.iter().map(of).collect())
}

/// Quantile of the standard normal distribution, to about 0.0005 (Abramowitz and Stegun 1964, 26.2.23).
fn quantile(p: f64) -> f64 {
    let tail = |p: f64| {
        let t = (-2.0 * p.ln()).sqrt();
        t - (2.515_517 + 0.802_853 * t + 0.010_328 * t * t)
            / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t)
    };
    if p < 0.5 { -tail(p.max(1e-12)) } else { tail((1.0 - p).max(1e-12)) }
}
