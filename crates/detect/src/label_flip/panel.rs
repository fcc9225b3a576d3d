use rayon::prelude::*;
use taster_core::{Key, Schema, Table};
use taster_stats::boost::{Booster, Codes, Params as BoostParams, Target};

use super::{Params, sharpness::Sharpness};
use crate::binning::Binning;

/// Folds.
const FOLDS: usize = 5;

const BINS: usize = 65;

/// Models of the label from the features, one for each fold, fitted without that fold.
pub struct Panel {
    key: Key,
    binning: Binning,
    boosters: Vec<Booster>,
    sharpness: Sharpness,
    classes: usize,
}

impl Panel {
    /// Fits on rows that all have a class, in an order that depends on their content only.
    pub fn fit(schema: &Schema, table: &Table, labels: &[u32], classes: usize, key: Key, params: &Params) -> Self {
        let binning = Binning::fit(schema, &[table]);
        let codes = binning.codes(table).coarser(BINS);
        let folds: Vec<usize> = table.feature_keys.iter().map(|&k| fold(key, k)).collect();
        let boosting = boosting(params, classes, key);
        let boosters = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let others: Vec<u32> = (0..table.len as u32).filter(|&r| folds[r as usize] != fold).collect();
                Booster::fit(&codes, &others, Target::Classes { labels, classes }, None, &boosting)
            })
            .collect();
        let mut panel = Self { key, binning, boosters, sharpness: Sharpness::default(), classes };
        panel.sharpness = Sharpness::fit(&panel.raw(&codes, &table.feature_keys), labels, classes);
        panel
    }

    /// Out-of-fold class probabilities, row by row, of rows given as codes and by their feature keys.
    pub fn probabilities(&self, codes: &Codes, features: &[u64]) -> Vec<f32> {
        let mut out = self.raw(codes, features);
        self.sharpness.apply(&mut out, self.classes);
        out
    }

    fn raw(&self, codes: &Codes, features: &[u64]) -> Vec<f32> {
        let mut rows = vec![Vec::new(); FOLDS];
        for (row, &features) in (0_u32..).zip(features) {
            rows[fold(self.key, features)].push(row);
        }
        let mut out = vec![0.0; features.len() * self.classes];
        for (booster, rows) in self.boosters.iter().zip(&rows) {
            let part = booster.probabilities(&codes.take(rows));
            for (&row, p) in rows.iter().zip(part.chunks_exact(self.classes)) {
                out[row as usize * self.classes..][..self.classes].copy_from_slice(p);
            }
        }
        out
    }

    /// The table's features as codes.
    pub fn codes(&self, table: &Table) -> Codes {
        self.binning.codes(table).coarser(BINS)
    }

    /// For each column of codes, the column of the schema it was made from.
    pub fn origins(&self) -> Vec<usize> {
        self.binning.origins()
    }
}

fn fold(key: Key, features: u64) -> usize {
    (key.of(&features.to_le_bytes()) % FOLDS as u64) as usize
}

/// Trees of many classes are larger; fewer of them keep the time in bounds.
fn boosting(params: &Params, classes: usize, key: Key) -> BoostParams {
    let trees = if classes > 10 { (params.trees * 10 / classes).max(params.trees.min(30)) } else { params.trees };
    let rate = (15.0 / trees as f32).clamp(0.02, 0.3);
    let (row_share, column_share) = (0.5, 0.6);
    BoostParams {
        trees,
        depth: params.depth,
        rate,
        row_share,
        column_share,
        seed: key.seed(),
        ..BoostParams::default()
    }
}
