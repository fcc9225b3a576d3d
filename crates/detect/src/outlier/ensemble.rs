//! Three views of a table's rows and their mean.

use rayon::prelude::*;
use taster_stats::{gaussian::Gaussian, histogram::Histogram, neighbours::References};

use super::{
    Params,
    bins::Pairs,
    columns::{Columns, Rows, ValueColumn},
    geometry::Geometry,
    standard::{Standard, log_distance},
};

/// Rows that are scored together.
const CHUNK: usize = 512;
/// References in the first, rough fit.
const ROUGH_REFERENCES: usize = 512;
/// Shares of the rows whose distance counts: from the nearest to a tenth of all.
const SHARES: [f64; 4] = [0.0, 0.01, 0.05, 0.1];
/// The nearest neighbours that always count.
const NEAREST: f64 = 10.0;
/// Distances times coordinates that scoring a dataset may take.
const WORK: u64 = 2_000_000_000;
/// Fewest references.
const REFERENCES_MIN: u64 = 64;

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

/// The three views, fitted on some rows.
pub struct Views {
    pub densities: Vec<Histogram>,
    /// Surprise of each code of each value column; the last is that of unseen values.
    pub value_surprise: Vec<Vec<f64>>,
    pub pairs: Option<Pairs>,
    pub geometry: Geometry,
    pub gaussian: Gaussian,
    references: References,
    ranks: [usize; SHARES.len()],
    /// Smallest distance that is told apart from 0, for each rank.
    floors: [f32; SHARES.len()],
    standards: [Standard; 3],
}

/// What the three views see of some rows.
#[derive(Default)]
struct Seen {
    /// To the neighbours of each rank.
    distances: Vec<[f32; SHARES.len()]>,
    /// Of values and pairs.
    surprise: Vec<f64>,
    /// Log of the distance from the bulk.
    covaried: Vec<f64>,
}

impl Views {
    /// The views, and what they make of all rows. A rough fit withstands outliers but does not look at pairs.
    fn fit(columns: &Columns, rows: &Rows, keep: &[u32], references: usize, rough: bool) -> (Self, Vec<f64>) {
        let geometry = Geometry::fit(columns, rows, keep);
        let standardised = geometry.standardised(rows);
        let steps = if rough { concentration_steps(geometry.width()) } else { 0 };
        let gaussian = Gaussian::robust(&standardised, keep, steps);
        let chosen = &keep[..references.min(keep.len())];
        let points = row_major(&geometry.blended(&rows.take(chosen)), chosen.len());
        let mut views = Self {
            densities: rows.numbers.par_iter().map(|c| Histogram::fit(keep.iter().map(|&r| c[r as usize]))).collect(),
            value_surprise: value_surprise(columns, rows, keep),
            pairs: (!rough).then(|| Pairs::fit(columns, rows, keep)),
            references: References::new(&points, geometry.width()),
            ranks: ranks(keep.len(), chosen.len()),
            geometry,
            gaussian,
            floors: [0.0; SHARES.len()],
            standards: [Standard::default(); 3],
        };
        let seen = views.seen(columns, rows);
        views.floors = floors(&seen.distances);
        views.standards = [
            Standard::fit(&seen.distances.iter().map(|d| views.nearness(d)).collect::<Vec<_>>()),
            Standard::fit(&seen.surprise),
            Standard::fit(&seen.covaried),
        ];
        let totals = views.totals_of(&seen);
        (views, totals)
    }

    /// The mean of the three views of each row, each view in standard deviations of the fitted rows.
    fn totals(&self, columns: &Columns, rows: &Rows) -> Vec<f64> {
        self.totals_of(&self.seen(columns, rows))
    }

    fn totals_of(&self, seen: &Seen) -> Vec<f64> {
        let [of_near, of_surprise, of_covaried] = &self.standards;
        let total = |r: usize| {
            let near = of_near.of(self.nearness(&seen.distances[r]));
            // How sparse the neighbourhood is says most in data of every kind, so it counts twice.
            2.0 * near + of_surprise.of(seen.surprise[r]) + of_covaried.of(seen.covaried[r])
        };
        (0..seen.distances.len()).map(total).collect()
    }

    fn seen(&self, columns: &Columns, rows: &Rows) -> Seen {
        let starts: Vec<usize> = (0..rows.len).step_by(CHUNK).collect();
        let chunk = |&start: &usize| {
            let rows = rows.slice(start..rows.len.min(start + CHUNK));
            Seen {
                distances: self.distances(&rows),
                surprise: self.surprises(columns, &rows),
                covaried: self.covaried(&rows),
            }
        };
        let mut all = Seen::default();
        for seen in starts.par_iter().map(chunk).collect::<Vec<_>>() {
            all.distances.extend(seen.distances);
            all.surprise.extend(seen.surprise);
            all.covaried.extend(seen.covaried);
        }
        all
    }

    fn nearness(&self, distances: &[f32; SHARES.len()]) -> f64 {
        let logs = distances.iter().zip(&self.floors).map(|(&d, &floor)| log_distance(d, floor));
        logs.sum::<f64>() / SHARES.len() as f64
    }

    fn distances(&self, rows: &Rows) -> Vec<[f32; SHARES.len()]> {
        let points = row_major(&self.geometry.blended(rows), rows.len);
        let (mut buffer, mut near) = (Vec::new(), [0.0; SHARES.len()]);
        let width = self.geometry.width();
        let of_row = |r: usize| {
            self.references.nearest(&points[r * width..(r + 1) * width], &self.ranks, &mut buffer, &mut near);
            near
        };
        (0..rows.len).map(of_row).collect()
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

/// Ranks among `references` that stand for the nearest 10 and for shares of `rows`.
fn ranks(rows: usize, references: usize) -> [usize; SHARES.len()] {
    let nearest = NEAREST / rows.max(1) as f64;
    SHARES.map(|share| ((share.max(nearest) * references as f64) as usize).clamp(1, references.max(1)))
}

fn floors(distances: &[[f32; SHARES.len()]]) -> [f32; SHARES.len()] {
    let mut rank = 0;
    [(); SHARES.len()].map(|()| {
        let mut of_rank: Vec<f32> = distances.iter().map(|d| d[rank]).filter(|d| d.is_finite()).collect();
        rank += 1;
        of_rank.sort_unstable_by(f32::total_cmp);
        of_rank.get(of_rank.len() / 2).map_or(1e-12, |median| median * 1e-6 + 1e-12)
    })
}

fn row_major(columns: &[Vec<f32>], rows: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(columns.len() * rows);
    (0..rows).for_each(|r| out.extend(columns.iter().map(|c| c[r])));
    out
}
