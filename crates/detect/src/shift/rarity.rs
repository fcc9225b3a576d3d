//! How many rows of both sides have the very value that a row has, as columns for the classifier.
//!
//! What comes from elsewhere has values of its own: prices, agents, codes that few rows have. No tree can learn each of them
//! from a handful of rows, but that a value is rare they have in common. The counts are of both sides together, so with nothing
//! changed they tell nothing of which side a row is of.

use std::collections::HashMap;

use taster_core::{Table, Values};
use taster_stats::boost::CodeColumn;

/// A column of fewer different values is told value by value already.
const FEW: usize = 128;
/// Share of the rows that must have a value which others have too; else all values are rare.
const REPEATED: f64 = 0.05;
/// Codes of missing values and of counts: two for each doubling.
const CODES: usize = 65;

/// The columns that have rare and frequent values, each with the counts of its values.
pub struct Rarity {
    /// Only looked up, never gone through in order.
    columns: Vec<(usize, HashMap<u64, u32>)>,
}

impl Rarity {
    /// Counts values of these columns on both sides.
    pub fn of(columns: impl Iterator<Item = usize>, sides: [&Table; 2]) -> Self {
        let counted = |column: usize| {
            let mut counts: HashMap<u64, u32> = HashMap::new();
            for side in sides {
                each(&side.columns[column], |_, value| *counts.entry(value).or_default() += 1);
            }
            // Sums over whole numbers, in whatever order.
            let rows: usize = counts.values().map(|&count| count as usize).sum();
            let alone = counts.values().filter(|&&count| count == 1).count();
            let telling = counts.len() > FEW && (rows - alone) as f64 >= REPEATED * rows as f64;
            telling.then_some((column, counts))
        };
        Self { columns: columns.filter_map(counted).collect() }
    }

    /// The columns, in order.
    pub fn origins(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|column| column.0)
    }

    /// Each row's count, by column; 0 where a value is missing.
    pub fn codes(&self, table: &Table) -> Vec<CodeColumn> {
        let of = |(column, counts): &(usize, HashMap<u64, u32>)| {
            let mut codes = vec![0; table.len];
            // A row that was not sampled has its value itself.
            each(&table.columns[*column], |row, value| codes[row] = code(counts.get(&value).copied().unwrap_or(1)));
            CodeColumn::ordered(codes, CODES)
        };
        self.columns.iter().map(of).collect()
    }
}

fn code(count: u32) -> u8 {
    let doublings = count.max(1).ilog2();
    // Whether it is beyond one and a half times the last power of two.
    let half = count >> doublings.saturating_sub(1) & 1;
    1 + (2 * doublings + if doublings > 0 { half } else { 0 }) as u8
}

/// Calls `seen` for each row that has a value.
fn each(values: &Values, mut seen: impl FnMut(usize, u64)) {
    match values {
        Values::Numeric(numbers) => {
            let present = numbers.iter().enumerate().filter(|(_, x)| !x.is_nan());
            present.for_each(|(row, x)| seen(row, (x + 0.0).to_bits()));
        }
        Values::Category(category) => {
            let present = category.codes.iter().enumerate();
            present
                .filter_map(|(row, &code)| Some((row, *category.keys.get(code as usize)?)))
                .for_each(|(row, key)| seen(row, key));
        }
        Values::Text(_) | Values::Embedding(_) | Values::Skipped => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;

    #[test]
    fn values_that_some_rows_have_are_counted_on_both_sides() {
        let numbers = |rows: std::ops::Range<u32>| Values::Numeric(rows.map(|i| f64::from(i % 200)).collect());
        let few = |rows: std::ops::Range<u32>| Values::Numeric(rows.map(|i| f64::from(i % 20)).collect());
        let alone = |rows: std::ops::Range<u32>| Values::Numeric(rows.map(f64::from).collect());
        let side =
            |rows: std::ops::Range<u32>| table(vec![numbers(rows.clone()), few(rows.clone()), alone(rows)], &[0, 1, 2]);
        let (here, there) = (side(0..250), side(1000..1200));
        let rarity = Rarity::of(0..3, [&here, &there]);
        assert_eq!(rarity.origins().collect::<Vec<_>>(), [0]);
        let codes = rarity.codes(&here);
        // The first values are in three rows, the others in two.
        assert_eq!((codes[0].codes[0], codes[0].codes[100]), (code(3), code(2)));
        let unseen = table(vec![Values::Numeric(vec![999.0, f64::NAN]), few(0..2), alone(0..2)], &[0, 1, 2]);
        assert_eq!(rarity.codes(&unseen)[0].codes, [code(1), 0]);
    }

    #[test]
    fn codes_grow_with_counts() {
        assert_eq!([1, 2, 3, 4, 5, 6, 8, u32::MAX].map(code), [1, 3, 4, 5, 5, 6, 7, 64]);
    }
}
