//! Copies to the last bit, told from the repetition that a table of few values has by nature.

use std::collections::BTreeMap;

use taster_core::{Sample, Schema, Table, Values};
use taster_stats::{counts::CountMin, tail::Tail};

use super::cells::{Cells, Neighbours};

/// Share of the dataset below which copies that are no more than its other repetitions are not looked at more closely.
const VOLUME: f64 = 0.002;

/// How often each row stands in the dataset, and how often one would.
pub(super) struct Exact {
    counts: CountMin,
    tail: Tail,
    /// Sizes of groups, whatever is around them.
    repeats: Tail,
    /// Rows in the dataset.
    rows: f64,
    around: Option<Around>,
}

impl Exact {
    /// Fits it to the sample; `keys` are the content keys of its rows.
    pub fn fit(counts: CountMin, sample: &Sample, keys: &[u64], schema: &Schema) -> Self {
        let around = Around::fit(sample, schema);
        let (tail, repeats) = (Tail::default(), Tail::default());
        let mut exact = Self { counts, tail, repeats, rows: sample.rows as f64, around };
        let rate = rate(sample);
        let mut groups: BTreeMap<u64, (usize, f64)> = BTreeMap::new();
        for (row, &key) in keys.iter().enumerate() {
            groups.entry(key).or_insert((row, 0.0)).1 += 1.0;
        }
        let group = |(&key, &(row, seen)): (&u64, &(usize, f64))| {
            let copies = exact.copies(key).max(seen as u64);
            // A group is in the sample as a whole or in part; each of its rows stands for so much of a group.
            let stands_for = seen / (copies as f64 * rate);
            ((exact.lone(&sample.table, row, copies), stands_for), (copies as f64, stands_for))
        };
        let (lone, copies): (Vec<_>, Vec<_>) = groups.iter().map(group).unzip();
        (exact.tail, exact.repeats) = (Tail::fit(lone.into_iter()), Tail::fit(copies.into_iter()));
        exact
    }

    /// About how many rows have this content key.
    pub fn copies(&self, key: u64) -> u64 {
        self.counts.estimate(key)
    }

    /// How many groups of rows that stand out as much are to be expected, for a row with so many copies.
    pub fn expected(&self, table: &Table, row: usize, copies: u64) -> f64 {
        if self.around.as_ref().is_some_and(|around| around.cells.is_blank(table, row)) {
            return f64::INFINITY;
        }
        // A few copies where others have many are no flood, though nothing is like them.
        let few = (copies as f64) < VOLUME * self.rows && self.repeats.expected(copies as f64) > 1.0;
        if few { f64::INFINITY } else { self.tail.expected(self.lone(table, row, copies)) }
    }

    /// Copies for each row that differs in one column. What repeats by nature has neighbours that repeat as well.
    fn lone(&self, table: &Table, row: usize, copies: u64) -> f64 {
        let neighbours = match &self.around {
            Some(around) if copies > 1 => around.neighbours(table, row),
            _ => 0.0,
        };
        copies as f64 / (1.0 + neighbours)
    }
}

/// The share of the dataset that is in the sample.
pub(super) fn rate(sample: &Sample) -> f64 {
    sample.table.len as f64 / sample.rows.max(1) as f64
}

/// How crowded a row's neighbourhood is, by the sample.
struct Around {
    cells: Cells,
    known: Neighbours,
    rate: f64,
    /// Neighbours in the sample to be assumed of a row that the sample may not hold.
    unseen: f64,
}

impl Around {
    /// `None` for tables with texts or vectors, and of one column, where no neighbourhood is known.
    fn fit(sample: &Sample, schema: &Schema) -> Option<Self> {
        let table = &sample.table;
        let plain = |c: usize| matches!(table.columns[c], Values::Numeric(_) | Values::Category(_));
        if table.len == 0 || !schema.features().all(plain) || schema.features().count() < 2 {
            return None;
        }
        let cells = Cells::exact(schema, table);
        let rows: Vec<usize> = (0..table.len).collect();
        let known = Neighbours::fit(&cells, table, &rows);
        let rate = rate(sample);
        let tried = table.len.min(1000);
        let crowded = (0..tried).filter(|&row| known.of(&cells, table, row) > 0).count();
        Some(Self { unseen: (1.0 - rate) * crowded as f64 / tried as f64, cells, known, rate })
    }

    fn neighbours(&self, table: &Table, row: usize) -> f64 {
        (self.known.of(&self.cells, table, row) as f64 + self.unseen) / self.rate
    }
}
