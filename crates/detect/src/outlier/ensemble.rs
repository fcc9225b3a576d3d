//! Four views of a table's rows and their mean.

use rayon::prelude::*;
use taster_stats::{gaussian::Gaussian, histogram::Histogram, neighbours::Metric};

use super::{
    Params,
    bins::Pairs,
    columns::{Columns, Rows, ValueColumn},
    geometry::Geometry,
    nearness::Nearness,
    standard::{Standard, log_distance},
};

/// Rows that are scored together.
const CHUNK: usize = 512;
/// References in the first, rough fit.
const ROUGH_REFERENCES: usize = 256;
/// Distances times coordinates that scoring a dataset may take.
const WORK: u64 = 280_000_000;
/// Fewest references.
const REFERENCES_MIN: u64 = 32;

/// Nearest neighbours, densities with dependences, and covariance, fitted on the inliers of a first fit.
pub struct Ensemble {
    pub columns: Columns,
    pub views: Views,
    /// The fitted rows that were not set aside.
    pub inliers: Vec<u32>,
    total: Standard,
}

impl Ensemble {
    /// Fits on rows in random order, of a dataset of `dataset_rows`. `None` where no column tells anything.
    pub fn fit(columns: Columns, rows: &Rows, dataset_rows: u64, params: &Params) -> Option<Self> {
        if columns.is_empty() || rows.len == 0 {
            return None;
        }
        let all: Vec<u32> = (0..rows.len as u32).collect();
        let (rough, totals) = Views::fit(&columns, rows, &all, ROUGH_REFERENCES.min(params.references), true);
        let keep = lowest(&totals, 1.0 - params.set_aside);
        let width = rough.geometry.width().max(1) as u64;
        let affordable = (WORK / (dataset_rows.max(1) * width)).max(REFERENCES_MIN) as usize;
        let (views, totals) = Views::fit(&columns, rows, &keep, affordable.min(params.references), false);
        Some(Self { columns, views, inliers: keep, total: Standard::fit(&totals) })
    }

    /// How unusual each row is: mean 0 and standard deviation 1 over the fitted rows.
    pub fn unusual(&self, rows: &Rows) -> Vec<f64> {
        let mut totals = self.views.totals(&self.columns, rows);
        for total in &mut totals {
            *total = self.total.of(*total);
        }
        totals
    }

    /// For each number column with a coordinate of its own: its index, what the row's other columns suggest for it, and
    /// how many standard deviations the row is off that.
    pub fn conditionals(&self, row: &Rows) -> Vec<(usize, f64, f64)> {
        let geometry = &self.views.geometry;
        let point = row_major(&geometry.standardised(row), 1);
        let found = self.views.gaussian.conditionals(&point).into_iter().enumerate();
        let suggestion = |(j, (expected, off))| {
            let number = geometry.number_of(j)?;
            Some((number, geometry.unstandardised(number, expected), off))
        };
        found.filter_map(suggestion).collect()
    }
}

/// Rows in the lowest `share` of numbers, with all that tie.
fn lowest(numbers: &[f64], share: f64) -> Vec<u32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let limit = sorted[(share * (sorted.len() - 1) as f64) as usize];
    (0..numbers.len() as u32).filter(|&r| numbers[r as usize] <= limit).collect()
}

/// The views, fitted on some rows.
pub struct Views {
    pub densities: Vec<Histogram>,
    /// Surprise of each code of each value column; the last is that of unseen values.
    pub value_surprise: Vec<Vec<f64>>,
    pub pairs: Option<Pairs>,
    pub geometry: Geometry,
    pub gaussian: Gaussian,
    /// Sums of differences: no single column rules them.
    near: Nearness,
    /// Distances between [`rooted`] points: there many small differences outweigh one large one.
    near_rooted: Nearness,
    standards: [Standard; VIEWS],
}

const VIEWS: usize = 4;

impl Views {
    /// The views, and what they make of all rows. A rough fit withstands outliers but does not look at pairs.
    fn fit(columns: &Columns, rows: &Rows, keep: &[u32], references: usize, rough: bool) -> (Self, Vec<f64>) {
        let geometry = Geometry::fit(columns, rows, keep);
        let standardised = geometry.standardised(rows);
        let steps = if rough { concentration_steps(geometry.width()) } else { 0 };
        let gaussian = Gaussian::robust(&standardised, keep, steps);
        let count = references.min(keep.len());
        let points = |chosen: &[u32]| row_major(&geometry.blended(&rows.take(chosen)), chosen.len());
        let near = Nearness::fit(&points(&keep[..count]), geometry.width(), Metric::Taxicab, keep.len());
        let others = rooted(points(&keep[keep.len() - count..])); // as far as there are others: two samples say more than one
        let mut views = Self {
            densities: rows.numbers.par_iter().map(|c| Histogram::fit(keep.iter().map(|&r| c[r as usize]))).collect(),
            value_surprise: value_surprise(columns, rows, keep),
            pairs: (!rough).then(|| Pairs::fit(columns, rows, keep)),
            near,
            near_rooted: Nearness::fit(&others, geometry.width(), Metric::Euclidean, keep.len()),
            geometry,
            gaussian,
            standards: [Standard::default(); VIEWS],
        };
        let seen = views.seen(columns, rows);
        views.standards = std::array::from_fn(|view| Standard::fit(&seen[view]));
        let totals = views.sums(&seen);
        (views, totals)
    }

    /// The sum of the views of each row, each in standard deviations of the fitted rows.
    fn totals(&self, columns: &Columns, rows: &Rows) -> Vec<f64> {
        self.sums(&self.seen(columns, rows))
    }

    fn sums(&self, seen: &[Vec<f64>; VIEWS]) -> Vec<f64> {
        let view = |row: usize| move |(standard, seen): (&Standard, &Vec<f64>)| standard.of(seen[row]);
        (0..seen[0].len()).map(|row| self.standards.iter().zip(seen).map(view(row)).sum()).collect()
    }

    /// What each view makes of each row.
    fn seen(&self, columns: &Columns, rows: &Rows) -> [Vec<f64>; VIEWS] {
        let starts: Vec<usize> = (0..rows.len).step_by(CHUNK).collect();
        let chunk = |&start: &usize| {
            let rows = rows.slice(start..rows.len.min(start + CHUNK));
            let points = row_major(&self.geometry.blended(&rows), rows.len);
            let width = self.geometry.width();
            let near = if width == 0 { vec![0.0; rows.len] } else { self.near.of(&points, width) };
            let near_rooted = if width == 0 { near.clone() } else { self.near_rooted.of(&rooted(points), width) };
            [near, near_rooted, self.surprises(columns, &rows), self.covaried(&rows)]
        };
        let mut all: [Vec<f64>; VIEWS] = Default::default();
        for seen in starts.par_iter().map(chunk).collect::<Vec<_>>() {
            for (all, seen) in all.iter_mut().zip(seen) {
                all.extend(seen);
            }
        }
        all
    }

    fn surprises(&self, columns: &Columns, rows: &Rows) -> Vec<f64> {
        let mut out = vec![0.0; rows.len];
        for (density, column) in self.densities.iter().zip(&rows.numbers) {
            out.iter_mut().zip(column).for_each(|(sum, &x)| *sum += density.surprise(x));
        }
        for (surprise, codes) in self.value_surprise.iter().zip(&rows.codes) {
            out.iter_mut().zip(codes).for_each(|(sum, &code)| *sum += surprise[code as usize]);
        }
        if let Some(pairs) = &self.pairs {
            pairs.tree.add_surprise(&pairs.codes(columns, rows), &mut out);
        }
        out
    }

    fn covaried(&self, rows: &Rows) -> Vec<f64> {
        let mut squared = vec![0.0; rows.len];
        self.gaussian.squared_distances(&self.geometry.standardised(rows), &mut squared);
        squared.into_iter().map(|d| log_distance(d, 1e-6)).collect()
    }
}

/// Concentration steps cost rows times coordinates squared.
fn concentration_steps(width: usize) -> usize {
    if width <= 64 { 8 } else { 4 }
}

/// Surprise of each value on the scale of [`Histogram`], as if each value were a bin.
fn value_surprise(columns: &Columns, rows: &Rows, keep: &[u32]) -> Vec<Vec<f64>> {
    const SMOOTHING: f64 = 0.5;
    let of = |(column, codes): (&ValueColumn, &Vec<u32>)| {
        let mut counts = vec![0.0; column.unseen() as usize + 1];
        for &r in keep {
            counts[codes[r as usize] as usize] += 1.0;
        }
        let kinds = counts.iter().filter(|&&c| c > 0.0).count().min(100) as f64;
        counts.into_iter().map(|c: f64| -((c + SMOOTHING) / keep.len() as f64 * kinds).ln()).collect()
    };
    columns.values.iter().zip(&rows.codes).map(of).collect()
}

/// The square root of each coordinate, with its sign.
fn rooted(mut points: Vec<f32>) -> Vec<f32> {
    for x in &mut points {
        *x = x.abs().sqrt().copysign(*x);
    }
    points
}

fn row_major(columns: &[Vec<f32>], rows: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(columns.len() * rows);
    (0..rows).for_each(|r| out.extend(columns.iter().map(|c| c[r])));
    out
}
