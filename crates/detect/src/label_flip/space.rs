use std::collections::BTreeMap;

use taster_core::{Category, Schema, Table, Values};

use crate::text;

/// Dimensions at most; further ones are left out.
const DIMENSIONS: usize = 192;
/// Values of a categorical column that have a dimension of their own.
const VALUES: usize = 50;
/// Rows that must have a value for it to have a dimension of its own.
const ROWS_MIN: u32 = 3;
/// Standard deviations beyond which a number is not farther away.
const FARTHEST: f64 = 4.0;
/// Two different values of a category are as far apart as numbers two standard deviations apart.
const VALUE_STEP: f32 = std::f32::consts::SQRT_2;

/// Rows as points: numbers in standard deviations, a dimension for each frequent value of a category.
pub struct Space {
    axes: Vec<(usize, Axes)>,
    dim: usize,
}

enum Axes {
    Number(Standard),
    Values(BTreeMap<u64, usize>),
    Text(Vec<Standard>),
    Vector { scale: f32, dim: usize },
}

/// Centre and spread of a number.
struct Standard {
    mean: f64,
    scale: f64,
}

impl Space {
    /// Learns centres, spreads and frequent values of the feature columns.
    pub fn fit(schema: &Schema, table: &Table) -> Self {
        let mut space = Self { axes: Vec::new(), dim: 0 };
        for column in schema.features() {
            let axes = Axes::fit(&table.columns[column], DIMENSIONS - space.dim);
            if axes.dim() > 0 {
                space.dim += axes.dim();
                space.axes.push((column, axes));
            }
        }
        space
    }

    /// Dimensions.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The table's rows as points, row by row.
    pub fn points(&self, table: &Table) -> Vec<f32> {
        let mut out = vec![0.0; table.len * self.dim];
        let mut at = 0;
        for (column, axes) in &self.axes {
            axes.write(&table.columns[*column], &mut Slots { out: &mut out, at, dim: self.dim });
            at += axes.dim();
        }
        out
    }
}

/// Where one column's coordinates go.
struct Slots<'a> {
    out: &'a mut [f32],
    at: usize,
    dim: usize,
}

impl Slots<'_> {
    fn set(&mut self, row: usize, axis: usize, value: f32) {
        self.out[row * self.dim + self.at + axis] = value;
    }
}

impl Axes {
    fn fit(column: &Values, room: usize) -> Self {
        match column {
            Values::Numeric(v) if room > 0 => Self::Number(Standard::of(v.iter().copied())),
            Values::Category(c) => Self::Values(frequent(c, room.min(VALUES))),
            Values::Text(t) if room >= text::NAMES.len() => {
                let rows: Vec<_> = t.iter().flatten().map(text::statistics).collect();
                Self::Text((0..text::NAMES.len()).map(|k| Standard::of(rows.iter().map(|r| r[k]))).collect())
            }
            Values::Embedding(e) => {
                let present = e.values.iter().filter(|v| v.is_finite());
                let (sum, count) = present.fold((0.0_f64, 0_u64), |(s, n), &v| (s + f64::from(v).powi(2), n + 1));
                let root = (sum / count.max(1) as f64).sqrt();
                let scale = if root > 0.0 && root.is_finite() { (1.0 / root) as f32 } else { 0.0 };
                Self::Vector { scale, dim: e.dim.min(room) }
            }
            _ => Self::Values(BTreeMap::new()),
        }
    }

    fn dim(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Values(axes) => axes.len(),
            Self::Text(standards) => standards.len(),
            Self::Vector { dim, .. } => *dim,
        }
    }

    fn write(&self, column: &Values, slots: &mut Slots<'_>) {
        match (self, column) {
            (Self::Number(standard), Values::Numeric(v)) => {
                v.iter().enumerate().for_each(|(row, &x)| slots.set(row, 0, standard.apply(x)));
            }
            (Self::Values(axes), Values::Category(c)) => {
                for row in 0..c.codes.len() {
                    if let Some(&axis) = c.key(row).and_then(|key| axes.get(&key)) {
                        slots.set(row, axis, VALUE_STEP);
                    }
                }
            }
            (Self::Text(standards), Values::Text(t)) => {
                for (row, text) in t.iter().enumerate() {
                    let Some(numbers) = text.map(text::statistics) else { continue };
                    standards.iter().enumerate().for_each(|(k, s)| slots.set(row, k, s.apply(numbers[k])));
                }
            }
            (Self::Vector { scale, dim }, Values::Embedding(e)) => {
                for row in 0..e.values.len().checked_div(e.dim).unwrap_or(0) {
                    for (axis, &x) in e.row(row).iter().take(*dim).enumerate() {
                        slots.set(row, axis, if x.is_finite() { x * scale } else { 0.0 });
                    }
                }
            }
            _ => {}
        }
    }
}

impl Standard {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let count = finite.clone().count().max(1) as f64;
        let mean = finite.clone().sum::<f64>() / count;
        let spread = (finite.map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
        let scale = if spread > 0.0 && spread.is_finite() { 1.0 / spread } else { 0.0 };
        Self { mean, scale }
    }

    /// Standard deviations from the mean; 0 where missing.
    fn apply(&self, value: f64) -> f32 {
        if value.is_nan() || self.scale == 0.0 {
            return 0.0;
        }
        ((value - self.mean) * self.scale).clamp(-FARTHEST, FARTHEST) as f32
    }
}

/// The most frequent values' keys, each with its axis.
fn frequent(column: &Category, most: usize) -> BTreeMap<u64, usize> {
    let mut counts: BTreeMap<(&str, u64), u32> = BTreeMap::new();
    for row in 0..column.codes.len() {
        if let (Some(value), Some(key)) = (column.get(row), column.key(row)) {
            *counts.entry((value, key)).or_insert(0) += 1;
        }
    }
    let mut ranked: Vec<_> = counts.into_iter().filter(|&(_, count)| count >= ROWS_MIN).collect();
    ranked.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    ranked.into_iter().take(most).zip(0..).map(|(((_, key), _), axis)| (key, axis)).collect()
}
