//! The fractional columns of a table as a space in which distances are in standard deviations.

use taster_core::{Kind, Schema, Table, Values};
use taster_stats::math::mix;

/// Columns by kind.
pub(super) struct Space {
    /// Fractional columns, and the standard deviation of each.
    fractional: Vec<(usize, f64)>,
    /// All other feature columns: near means equal.
    others: Vec<usize>,
}

impl Space {
    /// `None` if no column holds varying fractional numbers.
    pub fn fit(schema: &Schema, table: &Table) -> Option<Self> {
        let (mut fractional, mut others) = (Vec::new(), Vec::new());
        for c in schema.features() {
            let spread = match (&table.columns[c], &schema.columns[c].kind) {
                (Values::Numeric(values), Kind::Float | Kind::Decimal { .. }) => spread(values),
                _ => 0.0,
            };
            if spread > 0.0 && spread.is_finite() {
                fractional.push((c, spread));
            } else {
                others.push(c);
            }
        }
        (!fractional.is_empty()).then_some(Self { fractional, others })
    }

    /// Fractional columns.
    pub fn dimensions(&self) -> usize {
        self.fractional.len()
    }

    /// Standard deviation of this column; `None` if it is not fractional.
    pub fn spread(&self, column: usize) -> Option<f64> {
        self.fractional.iter().find(|(c, _)| *c == column).map(|(_, spread)| *spread)
    }

    /// The row's numbers in standard deviations. What is missing or infinite is far from everything else.
    pub fn point(&self, table: &Table, row: usize) -> Vec<f64> {
        self.coordinates(table, row).collect()
    }

    /// How far a row is from a point; `None` where that is more than `most`.
    pub fn distance(&self, table: &Table, row: usize, point: &[f64], most: f64) -> Option<f64> {
        let mut square = 0.0_f64;
        for (a, b) in point.iter().zip(self.coordinates(table, row)) {
            square += (a - b) * (a - b);
            if square.sqrt() > most {
                return None;
            }
        }
        Some(square.sqrt())
    }

    fn coordinates<'a>(&'a self, table: &'a Table, row: usize) -> impl Iterator<Item = f64> + 'a {
        const FAR: f64 = 1e9;
        self.fractional.iter().map(move |&(c, spread)| {
            let value = table.columns[c].as_numeric().map_or(f64::NAN, |v| v[row] / spread);
            if value.is_nan() { FAR } else { value.clamp(-FAR, FAR) }
        })
    }

    /// A key that is equal for rows that agree in all other columns.
    pub fn exact(&self, table: &Table, row: usize) -> u64 {
        self.others.iter().fold(0, |key, &c| mix(key, exact_cell(&table.columns[c], row)))
    }
}

/// Bits that stand for a value; the same for every missing one.
pub(super) fn exact_cell(values: &Values, row: usize) -> u64 {
    const ABSENT: u64 = u64::MAX;
    match values {
        Values::Numeric(v) if v[row].is_nan() => ABSENT,
        Values::Numeric(v) => (v[row] + 0.0).to_bits(),
        Values::Category(c) => c.key(row).unwrap_or(ABSENT),
        _ => 0,
    }
}

/// Standard deviation of the known values, without the outermost thousandth on each side.
fn spread(values: &[f64]) -> f64 {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let cut = known.len() / 1000;
    if cut > 0 {
        known.select_nth_unstable_by(cut, f64::total_cmp);
        known.drain(..cut);
        let kept = known.len() - cut;
        known.select_nth_unstable_by(kept, f64::total_cmp);
        known.truncate(kept);
    }
    let inner = &known;
    let mean = inner.iter().sum::<f64>() / inner.len().max(1) as f64;
    (inner.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / inner.len().max(1) as f64).sqrt()
}
