use std::sync::Arc;

use taster_core::{Key, Schema, Table};
use taster_stats::boost::{Booster, CodeColumn, Codes, Params, Target};

use super::{additive::Additive, items::Items, rows::Rows};
use crate::binning::Binning;

/// Bins of a column that trees may tell apart.
const BINS: usize = 65;

/// The columns of a table, as exact values and as what models are fitted on.
pub struct Tabular<'a> {
    /// The rows.
    pub rows: &'a Rows,
    /// Exact values.
    pub items: Items,
    /// What each column says by itself.
    pub additive: Additive,
    /// How rows become the codes that trees see.
    pub coding: Arc<Coding>,
    codes: Codes,
    key: Key,
}

/// Share of all rows that sets looked at together may have.
const GROUP_SHARE: f64 = 0.1;

/// What the columns say of the rows does not fit into memory.
pub struct TooLarge;

/// How much trees can learn.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    trees: usize,
    depth: usize,
    rate: f32,
}

impl Size {
    /// Enough for what goes on around a few rows.
    pub const SMALL: Self = Self { trees: 40, depth: 5, rate: 0.2 };
    /// Enough for rules.
    pub const LARGE: Self = Self { trees: 200, depth: 6, rate: 0.1 };
    /// Enough for what is plain in a few rows and hardly more: trees that go on for long learn each row.
    pub const CAREFUL: Self = Self { trees: 60, depth: 4, rate: 0.05 };
}

/// How rows become the codes that trees see.
pub struct Coding(Binning);

impl Coding {
    /// The codes of a table's rows.
    pub fn codes(&self, table: &Table) -> Codes {
        self.0.codes(table).coarser(BINS)
    }
}

impl<'a> Tabular<'a> {
    /// Of the numeric and categorical columns; `None` if there are fewer than two.
    pub fn fit(rows: &'a Rows, schema: &Schema, key: Key) -> Result<Option<Self>, TooLarge> {
        let items = Items::of(schema, &rows.table);
        if items.columns.len() < 2 || rows.len() == 0 {
            return Ok(None);
        }
        let additive = Additive::fit(rows, schema, &items.columns, key.derive("additive")).ok_or(TooLarge)?;
        let coding = Coding(Binning::fit(schema, &[&rows.table]));
        let codes = coding.codes(&rows.table);
        Ok(Some(Self { rows, items, additive, coding: Arc::new(coding), codes, key }))
    }

    /// Trees fitted to the rows that are kept; `None` if there is no column they may see, none of `blind` being one.
    pub fn trees(&self, kept: impl Fn(usize) -> bool, blind: &[usize], size: Size) -> Option<Trees> {
        let origins = self.coding.0.origins();
        let seen: Vec<usize> = (0..origins.len()).filter(|&c| !blind.contains(&origins[c])).collect();
        if seen.is_empty() {
            return None;
        }
        let codes = chosen(&self.codes, &seen);
        let rows: Vec<u32> = (0..self.rows.len() as u32).filter(|&r| kept(r as usize)).collect();
        let booster = Booster::fit(&codes, &rows, self.target(), None, &self.params(size));
        Some(Trees { booster, seen, classes: self.rows.classes() })
    }

    /// The same trees and more, which learn what these rows add.
    pub fn extended(&self, trees: &Trees, rows: &[u32], size: Size) -> Trees {
        let codes = chosen(&self.codes, &trees.seen);
        let booster = trees.booster.extended(&codes, rows, self.target(), &self.params(size));
        Trees { booster, seen: trees.seen.clone(), classes: trees.classes }
    }

    fn target(&self) -> Target<'_> {
        Target::Classes { labels: &self.rows.labels, classes: self.rows.classes() }
    }

    fn params(&self, size: Size) -> Params {
        let Size { trees, depth, rate } = size;
        let seed = self.key.derive("trees").seed();
        Params { trees, depth, rate, row_share: 0.7, seed, ..Params::default() }
    }

    /// What trees give each of these rows for a class.
    pub fn asked(&self, trees: &Trees, rows: &[u32], class: u32) -> Vec<f64> {
        trees.probabilities(&self.codes.take(rows), class)
    }
}

/// Trees that tell classes apart.
pub struct Trees {
    booster: Booster,
    /// The columns of codes they see.
    seen: Vec<usize>,
    classes: usize,
}

impl Trees {
    /// The probability of a class for each row of codes.
    pub fn probabilities(&self, codes: &Codes, class: u32) -> Vec<f64> {
        let probabilities = self.booster.probabilities(&chosen(codes, &self.seen));
        probabilities.chunks_exact(self.classes).map(|p| f64::from(p[class as usize])).collect()
    }
}

/// Sets of rows in groups that together have few of the `rows`, so that trees can do without all of them. Trees that saw the
/// rows of none of several sets know less than those that saw the other sets': what even they explain needs no trees of
/// its own.
pub fn grouped<T>(sets: Vec<T>, rows: usize, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let most = (GROUP_SHARE * rows as f64) as usize;
    let mut groups: Vec<(usize, Vec<T>)> = Vec::new();
    for set in sets {
        let size = size(&set);
        match groups.iter_mut().find(|g| g.0 + size <= most) {
            Some(group) => {
                group.0 += size;
                group.1.push(set);
            }
            None => groups.push((size, vec![set])),
        }
    }
    groups.into_iter().map(|g| g.1).collect()
}

fn chosen(codes: &Codes, columns: &[usize]) -> Codes {
    let column = |&c: &usize| -> CodeColumn { codes.columns()[c].clone() };
    Codes::new(columns.iter().map(column).collect())
}
