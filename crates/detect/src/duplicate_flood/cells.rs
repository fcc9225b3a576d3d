//! Rows of numbers and values as cells: equal where the values are, or where the numbers fall between the same lines.

use std::collections::BTreeMap;

use taster_core::{Schema, Table, Values};
use taster_stats::math::mix;

use super::space::{Space, exact_cell};

/// Columns in which neighbours may differ; more would say no more.
const COLUMNS: usize = 24;

/// How each feature column's values become cells.
pub(super) struct Cells {
    columns: Vec<(usize, Cut)>,
    blanks: Vec<Blank>,
}

enum Cut {
    /// Each value is its own cell.
    Exact,
    /// Cells of this width; the first begins at this share of it.
    Grid { width: f64, offset: f64 },
}

/// What a column holds where nothing was measured.
enum Blank {
    Least(f64),
    Commonest(u64),
}

impl Cells {
    /// Each value is its own cell.
    pub fn exact(schema: &Schema, table: &Table) -> Self {
        let columns: Vec<(usize, Cut)> = schema.features().map(|c| (c, Cut::Exact)).collect();
        let blanks = columns.iter().map(|(c, _)| blank(&table.columns[*c])).collect();
        Self { columns, blanks }
    }

    /// The fractional columns of a space fall into cells of `width` standard deviations, with offsets of this seed; in every
    /// other column each value is its own cell.
    pub fn grid(space: &Space, schema: &Schema, width: f64, seed: u64) -> Self {
        let cut = |c: usize| match space.spread(c) {
            Some(spread) => Cut::Grid { width: width * spread, offset: mix(seed, c as u64) as f64 / u64::MAX as f64 },
            None => Cut::Exact,
        };
        Self { columns: schema.features().map(|c| (c, cut(c))).collect(), blanks: Vec::new() }
    }

    /// One hash a column.
    pub fn hashes(&self, table: &Table, row: usize, out: &mut Vec<u64>) {
        out.clear();
        out.extend(self.columns.iter().map(|(c, cut)| mix(*c as u64, cell(&table.columns[*c], row, cut))));
    }

    /// Whether nothing seems to be measured in this row: every number is missing or its column's least, and every other
    /// value is missing or its column's commonest.
    pub fn is_blank(&self, table: &Table, row: usize) -> bool {
        let blank = |((c, _), blank): (&(usize, Cut), &Blank)| match (&table.columns[*c], blank) {
            (Values::Numeric(v), Blank::Least(least)) => v[row].is_nan() || v[row] <= *least,
            (Values::Category(v), Blank::Commonest(key)) => v.key(row).is_none_or(|k| k == *key),
            _ => false,
        };
        self.columns.iter().zip(&self.blanks).all(blank)
    }
}

/// The key of a row's cells together.
pub(super) fn whole(hashes: &[u64]) -> u64 {
    hashes.iter().fold(0, |sum: u64, &h| sum.wrapping_add(h))
}

/// The key of a row's cells without one of them.
fn without(whole: u64, hashes: &[u64], column: usize) -> u64 {
    mix(column as u64, whole.wrapping_sub(hashes[column]))
}

fn cell(values: &Values, row: usize, cut: &Cut) -> u64 {
    match (values, cut) {
        (Values::Numeric(v), Cut::Grid { width, offset }) if !v[row].is_nan() => {
            ((v[row] / width + offset).floor() + 0.0).to_bits()
        }
        _ => exact_cell(values, row),
    }
}

fn blank(values: &Values) -> Blank {
    match values {
        Values::Category(c) => {
            let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
            (0..c.codes.len()).filter_map(|row| c.key(row)).for_each(|key| *counts.entry(key).or_default() += 1);
            Blank::Commonest(counts.into_iter().max_by_key(|&(_, n)| n).map_or(0, |(key, _)| key))
        }
        other => {
            let values = other.as_numeric().unwrap_or_default();
            Blank::Least(values.iter().copied().fold(f64::INFINITY, f64::min))
        }
    }
}

/// How many of some rows differ from a row in one column only.
pub(super) struct Neighbours {
    /// Columns in which they may differ.
    columns: Vec<usize>,
    /// Keys of the rows, and of the rows without each of the columns; ascending.
    wholes: Vec<u64>,
    parts: Vec<u64>,
}

impl Neighbours {
    pub fn fit(cells: &Cells, table: &Table, rows: &[usize]) -> Self {
        let mut columns: Vec<usize> = (0..cells.columns.len()).collect();
        columns.sort_by_key(|&c| mix(COLUMNS as u64, c as u64));
        columns.truncate(COLUMNS);
        let mut hashes = Vec::new();
        let (mut wholes, mut parts) = (Vec::new(), Vec::new());
        for &row in rows {
            cells.hashes(table, row, &mut hashes);
            let key = whole(&hashes);
            wholes.push(key);
            parts.extend(columns.iter().map(|&c| without(key, &hashes, c)));
        }
        wholes.sort_unstable();
        parts.sort_unstable();
        Self { columns, wholes, parts }
    }

    /// The number of the rows that differ from this row in one of the columns and agree in all others.
    pub fn of(&self, cells: &Cells, table: &Table, row: usize) -> usize {
        let mut hashes = Vec::new();
        cells.hashes(table, row, &mut hashes);
        let key = whole(&hashes);
        let own = occurrences(&self.wholes, key);
        self.columns.iter().map(|&c| occurrences(&self.parts, without(key, &hashes, c)).saturating_sub(own)).sum()
    }
}

fn occurrences(sorted: &[u64], key: u64) -> usize {
    let from = sorted.partition_point(|&k| k < key);
    sorted[from..].partition_point(|&k| k == key)
}
