//! Rows of numbers that are copies but for a little noise: many different rows in a small ball that stands alone.

use std::collections::BTreeSet;

use rayon::prelude::*;
use taster_core::{Key, Sample, Schema, Table, Values};
use taster_stats::{math::median, tail::Tail};

use super::{
    cells::{Cells, whole},
    exact::rate,
    space::Space,
};

/// Grids, each with its own offsets: a copy near a line of one is far from the lines of another.
const GRIDS: u64 = 4;
/// Width of a cell in standard deviations, for each fractional column: with it, noise of a thousandth of a standard
/// deviation leaves a row in its cell in about four of five grids, however many columns there are.
const WIDTH: f64 = 0.02;
/// Cells are no wider than this, however many columns there are.
const WIDEST: f64 = 0.5;
/// The fullest cells are looked at.
const CELLS: usize = 64;
/// A crowd is all rows within so many times the distance that three quarters of its cell's rows keep from the middle.
const CROWD: f64 = 2.0;
/// Its surroundings reach so far.
const AROUND: f64 = 8.0;

/// The crowds of nearly equal rows.
pub(super) struct NearCells {
    space: Space,
    crowds: Vec<Crowd>,
    tail: Tail,
}

/// Different rows in a ball.
pub(super) struct Crowd {
    exact: u64,
    middle: Vec<f64>,
    radius: f64,
    /// A row of the sample that is in it.
    pub row: usize,
    /// About how many rows it has.
    pub rows: f64,
    /// Rows of it for each row in its surroundings.
    lone: f64,
}

impl NearCells {
    /// Fits it to the sample; `keys` are the content keys of its rows. `None` where there is no crowd.
    pub fn fit(sample: &Sample, keys: &[u64], schema: &Schema, key: Key, copies: u64) -> Option<Self> {
        let table = &sample.table;
        let plain = |c: usize| matches!(table.columns[c], Values::Numeric(_) | Values::Category(_));
        let space = Space::fit(schema, table)?;
        if !schema.features().all(plain) || schema.features().count() < 2 {
            return None;
        }
        let rows = different(keys);
        let width = (WIDTH * space.dimensions() as f64).min(WIDEST);
        let of_grid = |grid| {
            let cells = Cells::grid(&space, schema, width, key.seed().wrapping_add(grid));
            fullest(&cells, table, &rows)
        };
        let mut full: Vec<Vec<usize>> = (0..GRIDS).into_par_iter().flat_map_iter(of_grid).collect();
        full.sort_by(|a: &Vec<usize>, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let exact: Vec<u64> = rows.par_iter().map(|&row| space.exact(table, row)).collect();
        let rows: Vec<(usize, u64)> = rows.into_iter().zip(exact).collect();
        let mut crowds: Vec<Crowd> = Vec::new();
        let mut seen = BTreeSet::new();
        for members in full {
            // One crowd is in a cell of every grid.
            if crowds.len() < CELLS && !members.iter().any(|row| seen.contains(row)) {
                let (crowd, inside) = Crowd::of(&space, table, &rows, &members, rate(sample));
                seen.extend(inside);
                crowds.push(crowd);
            }
        }
        let tail = Tail::fit(crowds.iter().map(|crowd| (crowd.lone, 1.0)));
        crowds.retain(|crowd| crowd.rows >= copies as f64);
        (!crowds.is_empty()).then_some(Self { space, crowds, tail })
    }

    /// The crowds of enough rows, and how many that stand out as much are to be expected.
    pub fn crowds(&self) -> impl Iterator<Item = (&Crowd, f64)> {
        self.crowds.iter().map(|crowd| (crowd, self.tail.expected(crowd.lone)))
    }

    /// About how many rows are near this one, and how many such crowds are to be expected. `None` outside of crowds.
    pub fn judge(&self, table: &Table, row: usize) -> Option<(f64, f64)> {
        let exact = self.space.exact(table, row);
        let near = |crowd: &Crowd| self.space.distance(table, row, &crowd.middle, crowd.radius).is_some();
        let inside = |crowd: &&Crowd| crowd.exact == exact && near(crowd);
        let most = self.crowds.iter().filter(inside).max_by(|a, b| a.lone.total_cmp(&b.lone))?;
        Some((most.rows, self.tail.expected(most.lone)))
    }
}

impl Crowd {
    /// The crowd that the rows of a cell belong to, and the sampled rows in it. All rows are given with their exact keys.
    fn of(space: &Space, table: &Table, rows: &[(usize, u64)], members: &[usize], rate: f64) -> (Self, Vec<usize>) {
        let exact = space.exact(table, members[0]);
        let points: Vec<Vec<f64>> = members.iter().map(|&row| space.point(table, row)).collect();
        let middle: Vec<f64> = (0..space.dimensions()).map(|d| median(points.iter().map(|p| p[d]).collect())).collect();
        let from_middle = |&row: &usize| space.distance(table, row, &middle, f64::INFINITY);
        let mut distances: Vec<f64> = members.iter().filter_map(from_middle).collect();
        distances.sort_unstable_by(f64::total_cmp);
        let unit = distances[distances.len() * 3 / 4];
        let (mut inside, mut around) = (Vec::new(), 0.0);
        for &(row, _) in rows.iter().filter(|(_, key)| *key == exact) {
            match space.distance(table, row, &middle, AROUND * unit) {
                Some(distance) if distance <= CROWD * unit => inside.push(row),
                Some(_) => around += 1.0,
                None => {}
            }
        }
        let rows = inside.len() as f64 / rate;
        let lone = rows / (1.0 + around / rate);
        (Self { exact, middle, radius: CROWD * unit, row: members[0], rows, lone }, inside)
    }
}

/// The first row of each content.
fn different(keys: &[u64]) -> Vec<usize> {
    let mut ordered: Vec<(u64, usize)> = keys.iter().copied().zip(0..).collect();
    ordered.sort_unstable();
    ordered.dedup_by_key(|(key, _)| *key);
    let mut rows: Vec<usize> = ordered.into_iter().map(|(_, row)| row).collect();
    rows.sort_unstable();
    rows
}

/// The rows of the fullest cells, each with three at least.
fn fullest(cells: &Cells, table: &Table, rows: &[usize]) -> Vec<Vec<usize>> {
    let mut hashes = Vec::new();
    let mut cell = |row: usize| {
        cells.hashes(table, row, &mut hashes);
        (whole(&hashes), row)
    };
    let mut members: Vec<(u64, usize)> = rows.iter().map(|&row| cell(row)).collect();
    members.sort_unstable();
    let groups = members.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 2);
    let mut full: Vec<Vec<usize>> = groups.map(|group| group.iter().map(|&(_, row)| row).collect()).collect();
    full.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    full.truncate(CELLS);
    full
}
