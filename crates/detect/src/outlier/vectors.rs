//! Embeddings: how far a vector is from its nearest neighbours, in three ways of measuring.

use rayon::prelude::*;
use taster_core::Embedding;
use taster_stats::neighbours::{References, mean_root_of_nearest};

use super::{
    Params,
    standard::{Standard, log_distance},
};

/// Neighbours that count.
const NEAREST: usize = 5;
/// Rows that are scored together.
const CHUNK: usize = 16;
/// Distances times dimensions that scoring a dataset may take.
const WORK: u64 = 3_000_000_000;
/// Fewest references.
const REFERENCES_MIN: u64 = 64;
/// Parts that each dimension is cut into for ranks.
const LEVELS: usize = 64;
/// Smallest distance told apart from 0.
const FLOOR: f32 = 1e-12;

/// Distances to the nearest references: as given, by angle, and between ranks within each dimension.
///
/// Isolation and marginal densities see little in embeddings; nearest neighbours see most. Which metric fits depends on
/// the model that made the vectors, so three that fail differently are averaged.
pub struct Vectors {
    pub column: usize,
    dim: usize,
    plain: References,
    /// Length of each reference.
    lengths: Vec<f32>,
    /// Per dimension, ascending.
    cuts: Vec<Vec<f32>>,
    ranked: References,
    standards: [Standard; 3],
    total: Standard,
    /// Median distance to the nearest neighbours.
    usual: f32,
}

impl Vectors {
    /// Fits on vectors in random order, of a dataset of `dataset_rows`. `None` where there are not two of them.
    pub fn fit(column: usize, vectors: &Embedding, dataset_rows: u64, params: &Params) -> Option<Self> {
        let dim = vectors.dim;
        let present: Vec<&[f32]> = vectors.values.chunks_exact(dim.max(1)).filter(|v| is_present(v)).collect();
        if dim == 0 || present.len() < 2 {
            return None;
        }
        let affordable = (WORK / (dataset_rows.max(1) * dim as u64)).max(REFERENCES_MIN) as usize;
        let chosen = &present[..affordable.min(params.references).min(present.len())];
        let cuts: Vec<Vec<f32>> =
            (0..dim).into_par_iter().map(|j| cuts(chosen.iter().map(|v| v[j]).collect())).collect();
        let ranks: Vec<f32> = chosen.iter().flat_map(|v| ranks(&cuts, v)).collect();
        let mut model = Self {
            column,
            dim,
            plain: References::new(&chosen.concat(), dim),
            lengths: chosen.iter().map(|v| length(v)).collect(),
            cuts,
            ranked: References::new(&ranks, dim),
            standards: [Standard::default(); 3],
            total: Standard::default(),
            usual: 0.0,
        };
        model.calibrate(&present);
        Some(model)
    }

    fn calibrate(&mut self, present: &[&[f32]]) {
        let seen = self.distances(present);
        let mut plain: Vec<f32> = seen.iter().map(|d| d[0]).collect();
        plain.sort_unstable_by(f32::total_cmp);
        self.usual = plain[plain.len() / 2];
        self.standards =
            [0, 1, 2].map(|way| Standard::fit(&seen.iter().map(|d| log_distance(d[way], FLOOR)).collect::<Vec<_>>()));
        self.total = Standard::fit(&seen.iter().map(|d| self.mean(d)).collect::<Vec<_>>());
    }

    /// How unusual each vector is: mean 0 and standard deviation 1 over the fitted ones; NaN where missing.
    pub fn unusual(&self, vectors: &Embedding) -> Vec<f64> {
        let rows: Vec<&[f32]> = vectors.values.chunks_exact(vectors.dim.max(1)).collect();
        let fits = |v: &[f32]| v.len() == self.dim && is_present(v);
        let present: Vec<&[f32]> = rows.iter().copied().filter(|v| fits(v)).collect();
        let mut found = self.distances(&present).into_iter();
        let mut next = || found.next().map_or(f64::NAN, |d| self.total.of(self.mean(&d)));
        rows.iter().map(|v| if fits(v) { next() } else { f64::NAN }).collect()
    }

    /// How many times as far a vector is from its nearest neighbours as half of the vectors are.
    pub fn times_as_far(&self, vector: &[f32]) -> f64 {
        let far = self.distances(&[vector]).first().map_or(0.0, |d| d[0]);
        f64::from(far / self.usual.max(f32::MIN_POSITIVE))
    }

    fn mean(&self, distances: &[f32; 3]) -> f64 {
        distances.iter().zip(&self.standards).map(|(&d, standard)| standard.of(log_distance(d, FLOOR))).sum()
    }

    fn distances(&self, rows: &[&[f32]]) -> Vec<[f32; 3]> {
        rows.par_chunks(CHUNK).flat_map_iter(|rows| self.chunk_distances(rows)).collect()
    }

    fn chunk_distances(&self, rows: &[&[f32]]) -> Vec<[f32; 3]> {
        let ranks: Vec<f32> = rows.iter().flat_map(|v| ranks(&self.cuts, v)).collect();
        let (mut plain, mut ranked) = (Vec::new(), Vec::new());
        self.plain.squared_distances(&rows.concat(), &mut plain);
        self.ranked.squared_distances(&ranks, &mut ranked);
        let width = self.plain.len();
        let of_row = |(r, v): (usize, &&[f32])| {
            let (plain, ranked) = (&mut plain[r * width..(r + 1) * width], &mut ranked[r * width..(r + 1) * width]);
            let mut angles = self.squared_angles(length(v), plain);
            [plain, &mut angles[..], ranked].map(|distances| mean_root_of_nearest(distances, NEAREST))
        };
        rows.iter().enumerate().map(of_row).collect()
    }

    /// Squared distances between directions, from those between vectors.
    fn squared_angles(&self, length: f32, plain: &[f32]) -> Vec<f32> {
        let of = |(&squared, &other): (&f32, &f32)| {
            if squared == 0.0 {
                return 0.0; // the vector itself
            }
            let product = length * other;
            let cosine = (length * length + other * other - squared) / (2.0 * product);
            if product > 0.0 { (2.0 - 2.0 * cosine).max(f32::MIN_POSITIVE) } else { 2.0 }
        };
        plain.iter().zip(&self.lengths).map(of).collect()
    }
}

fn is_present(vector: &[f32]) -> bool {
    vector.iter().all(|x| x.is_finite())
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

fn cuts(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    (1..LEVELS).map(|level| values[level * (values.len() - 1) / LEVELS]).collect()
}

/// The middle rank of each coordinate among the cuts of its dimension, in [0, 1].
fn ranks(cuts: &[Vec<f32>], vector: &[f32]) -> Vec<f32> {
    let rank = |(cuts, x): (&Vec<f32>, &f32)| {
        let (below, not_above) = (cuts.partition_point(|c| c < x), cuts.partition_point(|c| c <= x));
        (below + not_above) as f32 / (2 * LEVELS) as f32
    };
    cuts.iter().zip(vector).map(rank).collect()
}
