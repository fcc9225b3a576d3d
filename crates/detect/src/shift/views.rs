//! A column as numbers: itself, or what describes its texts or vectors.

use taster_core::{Embedding, Key, Texts, Values};

use crate::text;

/// Random directions along which embeddings are compared.
const DIRECTIONS: u64 = 8;

/// One number a row of both sides; NaN where missing.
pub struct View {
    /// What of the column it is; empty for a number itself.
    pub what: String,
    /// The dataset's.
    pub current: Vec<f64>,
    /// The reference's.
    pub reference: Vec<f64>,
}

/// The numbers that a column of both sides is compared by; none for categories.
pub fn views(current: &Values, reference: &Values, key: Key) -> Vec<View> {
    match (current, reference) {
        (Values::Numeric(a), Values::Numeric(b)) => {
            vec![View { what: String::new(), current: a.clone(), reference: b.clone() }]
        }
        (Values::Text(a), Values::Text(b)) => texts(a, b),
        (Values::Embedding(a), Values::Embedding(b)) if a.dim == b.dim && a.dim > 0 => vectors(a, b, key),
        _ => Vec::new(),
    }
}

fn texts(current: &Texts, reference: &Texts) -> Vec<View> {
    let of = |texts: &Texts| texts.iter().map(|t| t.map(text::statistics)).collect::<Vec<_>>();
    let (a, b) = (of(current), of(reference));
    let pick = |rows: &[Option<[f64; text::NAMES.len()]>], k: usize| rows.iter().flatten().map(|s| s[k]).collect();
    let view = |(k, name): (usize, &&str)| View { what: (*name).into(), current: pick(&a, k), reference: pick(&b, k) };
    text::NAMES.iter().enumerate().map(view).collect()
}

fn vectors(current: &Embedding, reference: &Embedding, key: Key) -> Vec<View> {
    let mut views = Vec::new();
    for direction in 0..DIRECTIONS {
        let signs = key.derive(&format!("direction {direction}"));
        let sign = |i: usize| if signs.of(&i.to_le_bytes()) & 1 == 0 { 1.0 } else { -1.0 };
        let along: Vec<f64> = (0..current.dim).map(sign).collect();
        let project = |e: &Embedding| e.values.chunks_exact(e.dim).map(|v| dot(v, &along)).collect();
        let what = format!("direction {direction}");
        views.push(View { what, current: project(current), reference: project(reference) });
    }
    // The mean of both, so that neither side's rows lie nearer to it by construction.
    let mean = mean(&[current, reference]);
    let distance = |e: &Embedding| e.values.chunks_exact(e.dim).map(|v| squared(v, &mean).sqrt()).collect();
    let what = "distance from the mean".into();
    views.push(View { what, current: distance(current), reference: distance(reference) });
    views
}

fn dot(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * y).sum()
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
