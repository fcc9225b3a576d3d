use taster_core::{Schema, Table, Values};

/// The item of a row without a value, or with one that few have.
pub const NONE: u32 = u32::MAX;
/// Rows that must have a value for it to be an item.
const ROWS_MIN: usize = 4;

/// Different numbers a column must have for its order to be used.
const ORDERED_MIN: usize = 20;
/// Rows that are looked at on either side of a value.
const AROUND_MIN: usize = 25;

/// Columns of a table as exact values that several rows have.
pub struct Items {
    /// Columns of the schema, in order.
    pub columns: Vec<usize>,
    /// For each of the columns, each row's item.
    pub codes: Vec<Vec<u32>>,
    /// For each of the columns, the value of each item.
    pub values: Vec<Vec<u64>>,
    /// For each of the columns, the rows of each item.
    pub rows: Vec<Vec<Vec<u32>>>,
    /// For each numeric column of many values, the rows in the order of their values.
    order: Vec<Option<Vec<u32>>>,
}

impl Items {
    /// The items of the numeric and categorical feature columns.
    pub fn of(schema: &Schema, table: &Table) -> Self {
        let mut items =
            Self { columns: Vec::new(), codes: Vec::new(), values: Vec::new(), rows: Vec::new(), order: Vec::new() };
        for column in schema.features() {
            if !matches!(table.columns[column], Values::Numeric(_) | Values::Category(_)) {
                continue;
            }
            let mut sorted: Vec<(u64, u32)> =
                (0..table.len).filter_map(|r| Some((value(&table.columns[column], r)?, r as u32))).collect();
            sorted.sort_unstable();
            let (mut codes, mut values, mut rows) = (vec![NONE; table.len], Vec::new(), Vec::new());
            for run in sorted.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() >= ROWS_MIN) {
                for &(_, row) in run {
                    codes[row as usize] = values.len() as u32;
                }
                values.push(run[0].0);
                rows.push(run.iter().map(|&(_, row)| row).collect());
            }
            let distinct = sorted.chunk_by(|a, b| a.0 == b.0).count();
            let ordered = matches!(table.columns[column], Values::Numeric(_)) && distinct >= ORDERED_MIN;
            items.order.push(ordered.then(|| sorted.iter().map(|s| s.1).collect()));
            items.columns.push(column);
            items.codes.push(codes);
            items.values.push(values);
            items.rows.push(rows);
        }
        items
    }

    /// Whether a column's values have neighbours.
    pub fn is_ordered(&self, column: usize) -> bool {
        self.order[column].is_some()
    }

    /// The rows whose values are nearest to an item's on both sides; `None` where the column has no order.
    pub fn around(&self, column: usize, item: u32) -> Option<Vec<u32>> {
        let order = self.order[column].as_ref()?;
        let own = &self.rows[column][item as usize];
        let start = order.iter().position(|&r| self.codes[column][r as usize] == item)?;
        let (end, width) = (start + own.len(), own.len().max(AROUND_MIN));
        let before = &order[start.saturating_sub(width)..start];
        Some(before.iter().chain(&order[end..(end + width).min(order.len())]).copied().collect())
    }
}

/// A row's exact value as a number to compare, in the order of numbers where it is one; `None` where missing or of another kind.
pub fn value(column: &Values, row: usize) -> Option<u64> {
    match column {
        Values::Numeric(v) => (!v[row].is_nan()).then(|| ascending(v[row] + 0.0)),
        Values::Category(c) => c.key(row),
        _ => None,
    }
}

/// Bits that are in the order of the numbers.
fn ascending(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
