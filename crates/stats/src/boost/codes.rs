use serde::{Deserialize, Serialize};

/// Whether the order of a column's codes means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Codes are bins of an ordered value; 0 is missing.
    Ordered,
    /// Codes name values of a set.
    Nominal,
}

/// One column of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeColumn {
    /// One code a row, each below `bins`.
    pub codes: Vec<u8>,
    /// Number of codes, 1 to 256.
    pub bins: usize,
    /// Whether their order means something.
    pub order: Order,
}

impl CodeColumn {
    /// A column whose codes are bins in order.
    pub fn ordered(codes: Vec<u8>, bins: usize) -> Self {
        Self { codes, bins, order: Order::Ordered }
    }

    /// A column whose codes name values of a set.
    pub fn nominal(codes: Vec<u8>, bins: usize) -> Self {
        Self { codes, bins, order: Order::Nominal }
    }

    fn coarser(&self, bins: usize) -> Self {
        if self.order == Order::Nominal || self.bins <= bins.max(2) {
            return self.clone();
        }
        // Missing values, code 0, stay apart.
        let joined = (self.bins - 1).div_ceil(bins.max(2) - 1);
        let code = |&code: &u8| (code as usize).div_ceil(joined) as u8;
        Self::ordered(self.codes.iter().map(code).collect(), (self.bins - 1).div_ceil(joined) + 1)
    }
}

/// A table of codes, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    rows: usize,
    columns: Vec<CodeColumn>,
}

impl Codes {
    /// A table of these columns, which must be of one length.
    pub fn new(columns: Vec<CodeColumn>) -> Self {
        let rows = columns.first().map_or(0, |c| c.codes.len());
        assert!(columns.iter().all(|c| c.codes.len() == rows), "columns of codes must be of one length");
        Self { rows, columns }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns, in order.
    pub fn columns(&self) -> &[CodeColumn] {
        &self.columns
    }

    /// The same table with at most `bins` bins a column: neighbouring bins of ordered columns are joined.
    #[must_use]
    pub fn coarser(&self, bins: usize) -> Self {
        Self { rows: self.rows, columns: self.columns.iter().map(|c| c.coarser(bins)).collect() }
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let column = |c: &CodeColumn| CodeColumn {
            codes: rows.iter().map(|&r| c.codes[r as usize]).collect(),
            bins: c.bins,
            order: c.order,
        };
        Self { rows: rows.len(), columns: self.columns.iter().map(column).collect() }
    }
}

/// Where a numeric column is cut into bins: by value where it has few, else by quantile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cuts {
    /// Ascending.
    edges: Vec<f64>,
    /// The lowest cut, where the first cell of `starts` begins.
    low: f64,
    cells_per_unit: f64,
    /// For each of as many equal cells, and one more, how many cuts lie in earlier cells: where a search begins and ends.
    starts: Vec<u8>,
}

/// Cells for each cut.
const CELLS: usize = 4;

impl Cuts {
    /// Cuts values into at most `bins` bins (at most 256), the first of which is for missing ones.
    pub fn fit(values: &[f64], bins: usize) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let cuts = cut_points(&sorted, bins.clamp(2, 256) - 1);
        let (low, high) = (cuts.first().copied().unwrap_or(0.0), cuts.last().copied().unwrap_or(0.0));
        let cells = cuts.len() * CELLS;
        let per_unit = cells as f64 / (high - low);
        let cells_per_unit = if per_unit.is_finite() { per_unit } else { 0.0 };
        let mut fitted = Self { edges: cuts, low, cells_per_unit, starts: vec![0; cells + 2] };
        for i in 0..fitted.edges.len() {
            let cell = fitted.cell(fitted.edges[i]);
            fitted.starts[cell + 1..].fill(i as u8 + 1);
        }
        fitted
    }

    /// Number of codes, the one for missing values included.
    pub fn bins(&self) -> usize {
        self.edges.len() + 2
    }

    /// 0 for NaN, else one more than the number of cuts below the value.
    #[inline]
    pub fn code(&self, value: f64) -> u8 {
        if value.is_nan() {
            return 0;
        }
        // The cell never falls as the value rises, so cuts in earlier cells are below it and those in later ones are not.
        let cell = self.cell(value);
        let (mut position, end) = (self.starts[cell], self.starts[cell + 1]);
        while position < end && self.edges[usize::from(position)] < value {
            position += 1;
        }
        position + 1
    }

    #[inline]
    fn cell(&self, value: f64) -> usize {
        (((value - self.low) * self.cells_per_unit) as usize).min(self.starts.len().saturating_sub(2))
    }

    /// The code of each value.
    pub fn codes(&self, values: &[f64]) -> Vec<u8> {
        values.iter().map(|&v| self.code(v)).collect()
    }
}

/// At most `parts - 1` cuts between distinct neighbours of the sorted values.
fn cut_points(sorted: &[f64], parts: usize) -> Vec<f64> {
    let n = sorted.len();
    let changes: Vec<usize> = (1..n).filter(|&i| sorted[i - 1] < sorted[i]).collect();
    let chosen: Vec<usize> = if changes.len() < parts { changes } else { spread(&changes, n, parts) };
    chosen.into_iter().map(|i| between(sorted[i - 1], sorted[i])).collect()
}

/// Picks the changes of value nearest after each of `parts - 1` equal steps, with what is left shared out anew after a
/// heavily repeated value.
fn spread(changes: &[usize], n: usize, parts: usize) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(parts);
    let (mut start, mut left) = (0, parts);
    for (i, &change) in changes.iter().enumerate() {
        let goal = start + (n - start).div_ceil(left.max(1));
        let next = changes.get(i + 1).copied().unwrap_or(n);
        // Cut here if this is at least as near to an equal share as the next possible place.
        if left > 1 && (change >= goal || goal - change <= next.saturating_sub(goal)) {
            chosen.push(change);
            (start, left) = (change, left - 1);
        }
    }
    chosen
}

/// A number `c` with `low <= c < high`.
fn between(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle >= low && middle < high { middle } else { low }
}
