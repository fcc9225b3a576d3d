use rayon::prelude::*;
use taster_core::{Key, Schema, Table};
use taster_stats::boost::{Booster, Codes, Params as BoostParams, Target};

use super::{Params, classes::NONE};
use crate::binning::Binning;

/// Folds.
const FOLDS: usize = 5;

/// Models of the label from the features, one for each fold, fitted without that fold.
pub struct Panel {
    key: Key,
    binning: Binning,
    boosters: Vec<Booster>,
    classes: usize,
}

impl Panel {
    /// Fits on the sample's rows that have a class.
    pub fn fit(schema: &Schema, table: &Table, labels: &[u32], classes: usize, key: Key, params: &Params) -> Self {
        let binning = Binning::fit(schema, &[table]);
        let codes = binning.codes(table);
        let key = key.derive("folds");
        let mut rows: Vec<u32> = (0..table.len as u32).filter(|&r| labels[r as usize] != NONE).collect();
        // An order of their own, so that the fit does not depend on the order of the dataset.
        rows.sort_by_key(|&r| (table.feature_keys[r as usize], labels[r as usize]));
        let folds: Vec<usize> = table.feature_keys.iter().map(|&k| fold(key, k)).collect();
        let boosting = boosting(params, classes, key);
        let boosters = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let others: Vec<u32> = rows.iter().copied().filter(|&r| folds[r as usize] != fold).collect();
                Booster::fit(&codes, &others, Target::Classes { labels, classes }, None, &boosting)
            })
            .collect();
        Self { key, binning, boosters, classes }
    }

    /// Out-of-fold class probabilities, row by row.
    pub fn probabilities(&self, table: &Table) -> Vec<f32> {
        let codes = self.codes(table);
        let mut rows = vec![Vec::new(); FOLDS];
        for (row, &features) in (0_u32..).zip(&table.feature_keys) {
            rows[fold(self.key, features)].push(row);
        }
        let mut out = vec![0.0; table.len * self.classes];
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
        self.binning.codes(table)
    }

    /// For each column of codes, the column of the schema it was made from.
    pub fn origins(&self) -> Vec<usize> {
        self.binning.origins()
    }

    /// Class probabilities of coded rows by the model that judges rows with these features.
    pub fn judge(&self, codes: &Codes, features: u64) -> Vec<f32> {
        self.boosters[fold(self.key, features)].probabilities(codes)
    }
}

fn fold(key: Key, features: u64) -> usize {
    (key.of(&features.to_le_bytes()) % FOLDS as u64) as usize
}

/// Trees of many classes are larger; fewer of them keep the time in bounds.
fn boosting(params: &Params, classes: usize, key: Key) -> BoostParams {
    let trees = if classes > 10 { (params.trees * 10 / classes).max(params.trees.min(30)) } else { params.trees };
    let rate = (15.0 / trees as f32).clamp(0.02, 0.3);
    BoostParams { trees, depth: params.depth, rate, seed: key.seed(), ..BoostParams::default() }
}
