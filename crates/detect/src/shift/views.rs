//! A column as numbers: itself, or what describes its texts or vectors.

use rayon::prelude::*;
use taster_core::{Embedding, Key, Schema, Table, Texts, Values};

use super::compared;
use crate::{directions, text};

/// Random directions along which embeddings are compared.
const DIRECTIONS: u64 = 8;

/// One number a row of both sides, in order.
pub struct View {
    /// What of the column it is; empty for a number itself.
    pub what: String,
    /// The dataset's.
    pub current: Side,
    /// The reference's.
    pub reference: Side,
}

/// The numbers of one side.
pub struct Side {
    /// Ascending, those that are there.
    pub sorted: Vec<f64>,
    /// How many are missing.
    pub missing: usize,
}

impl Side {
    fn of(mut values: Vec<f64>) -> Self {
        let rows = values.len();
        values.retain(|v| !v.is_nan());
        values.sort_unstable_by(f64::total_cmp);
        Self { missing: rows - values.len(), sorted: values }
    }
}

impl View {
    fn of(what: impl Into<String>, current: Vec<f64>, reference: Vec<f64>) -> Self {
        Self { what: what.into(), current: Side::of(current), reference: Side::of(reference) }
    }

    /// The numbers of both sides in order, each with whether it is the dataset's.
    pub fn both(&self) -> Vec<(f64, bool)> {
        let (a, b) = (&self.current.sorted, &self.reference.sorted);
        let mut both = Vec::with_capacity(a.len() + b.len());
        let mut i = 0;
        for &value in b {
            let before = a[i..].iter().take_while(|v| **v < value).count();
            both.extend(a[i..i + before].iter().map(|&v| (v, true)));
            both.push((value, false));
            i += before;
        }
        both.extend(a[i..].iter().map(|&v| (v, true)));
        both
    }
}

/// The views of every column of both sides, in the order of the schema; none of columns that are not compared.
pub fn of_columns(schema: &Schema, current: &Table, reference: &Table, key: Key) -> Vec<Vec<View>> {
    let of = |i: usize| {
        let seen = compared(schema.columns[i].role);
        if seen { views(&current.columns[i], &reference.columns[i], key) } else { Vec::new() }
    };
    (0..schema.columns.len()).into_par_iter().map(of).collect()
}

/// The numbers that a column of both sides is compared by; none for categories.
fn views(current: &Values, reference: &Values, key: Key) -> Vec<View> {
    match (current, reference) {
        (Values::Numeric(a), Values::Numeric(b)) => vec![View::of("", a.clone(), b.clone())],
        (Values::Text(a), Values::Text(b)) => texts(a, b),
        (Values::Embedding(a), Values::Embedding(b)) if a.dim == b.dim && a.dim > 0 => vectors(a, b, key),
        _ => Vec::new(),
    }
}

fn texts(current: &Texts, reference: &Texts) -> Vec<View> {
    let of = |texts: &Texts| texts.iter().map(|t| t.map(text::statistics)).collect::<Vec<_>>();
    let (a, b) = (of(current), of(reference));
    let pick = |rows: &[Option<[f64; text::NAMES.len()]>], k: usize| rows.iter().flatten().map(|s| s[k]).collect();
    let view = |(k, name): (usize, &&str)| View::of(*name, pick(&a, k), pick(&b, k));
    text::NAMES.iter().enumerate().map(view).collect()
}

fn vectors(current: &Embedding, reference: &Embedding, key: Key) -> Vec<View> {
    let sides = directions::along(current, DIRECTIONS, key).zip(directions::along(reference, DIRECTIONS, key));
    let mut views: Vec<View> = sides.map(|((what, a), (_, b))| View::of(what, a, b)).collect();
    // The mean of both, so that neither side's rows lie nearer to it by construction.
    let mean = mean(&[current, reference]);
    let distance = |e: &Embedding| e.values.chunks_exact(e.dim).map(|v| squared(v, &mean).sqrt()).collect();
    views.push(View::of("distance from the mean", distance(current), distance(reference)));
    views
}

fn squared(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| (f64::from(x) - y).powi(2)).sum()
}

fn mean(sides: &[&Embedding]) -> Vec<f64> {
    let (mut sums, mut rows) = (vec![0.0; sides[0].dim], 0.0f64);
    let vectors = sides.iter().flat_map(|e| e.values.chunks_exact(e.dim));
    for v in vectors.filter(|v| v.iter().all(|x| x.is_finite())) {
        rows += 1.0;
        sums.iter_mut().zip(v).for_each(|(s, &x)| *s += f64::from(x));
    }
    sums.iter().map(|s| s / rows.max(1.0)).collect()
}
