use taster_core::{Key, Schema, Table};
use taster_stats::boost::Codes;

use super::space::Space;
use crate::binning::Binning;

/// Folds that rows are dealt into.
pub const FOLDS: usize = 5;
/// Bins of a column that trees may tell apart.
const BINS: usize = 65;

/// Turns tables into what models see.
pub struct Encoder {
    key: Key,
    binning: Binning,
    space: Space,
}

/// A table as models see it.
pub struct View<'a> {
    /// The table itself.
    pub table: &'a Table,
    /// Features as codes, for trees.
    pub codes: Codes,
    /// Features as points, row by row, for distances; empty if not asked for.
    pub points: Vec<f32>,
    /// The fold of each row: that of all exact copies of its features.
    pub folds: Vec<usize>,
}

impl Encoder {
    /// Learns bins and spreads.
    pub fn fit(schema: &Schema, table: &Table, key: Key) -> Self {
        Self { key, binning: Binning::fit(schema, &[table]), space: Space::fit(schema, table) }
    }

    /// The table, with points if they are wanted.
    pub fn view<'a>(&self, table: &'a Table, points: bool) -> View<'a> {
        View {
            table,
            codes: self.binning.codes(table).coarser(BINS),
            points: if points { self.space.points(table) } else { Vec::new() },
            folds: table.feature_keys.iter().map(|&k| self.fold(k)).collect(),
        }
    }

    /// Coordinates of a point.
    pub fn dim(&self) -> usize {
        self.space.dim()
    }

    /// For each column of codes, the column of the schema it was made from.
    pub fn origins(&self) -> Vec<usize> {
        self.binning.origins()
    }

    fn fold(&self, features: u64) -> usize {
        (self.key.of(&features.to_le_bytes()) % FOLDS as u64) as usize
    }
}
