//! Row by row: which rows of the dataset the reference does not explain.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Key, Observation, Schema, Scope, Table};
use taster_stats::{
    boost::{Booster, Codes, Params, Target},
    two_sample::normal_p_value,
};

use super::{
    FAMILIES, compared, corrected,
    rarity::Rarity,
    tops::{self, DEPTHS, Top, surest},
};
use crate::binning::Binning;

/// Rows of both sides together from which on they are many.
const MANY_ROWS: usize = 32_768;
/// Folds of few and of many rows: two thirds of many teach as much as four fifths, in half the time.
const FOLDS: [u64; 2] = [5, 3];
/// Times that rows are dealt into folds anew where they are not many: the mean of several models is surer of a small
/// admixture than each.
const ROUNDS: u64 = 4;
/// Share of the columns that each tree may ask about, so that the models differ.
const COLUMN_SHARE: f32 = 0.6;
/// Likelihood ratio at which a row scores a half.
const HALF: f64 = 2.0;
/// AUC from which a difference between the samples matters.
const LEAST_AUC: f64 = 0.55;
/// Factor on the scores where nothing has shifted, so that none reaches a half.
const CALM: f64 = 0.49;

/// Tells the dataset from the reference; out of fold, by the keyed hash of a row's features.
pub struct Classifier {
    binning: Binning,
    rarity: Rarity,
    /// One for each fold of each round.
    folds: Vec<Booster>,
    /// By round: what deals rows into folds.
    rounds: Vec<Key>,
    /// Of the columns of [`Self::codes`].
    names: Vec<String>,
    /// Log of the reference's size over the dataset's, which turns odds into a likelihood ratio.
    offset: f64,
    auc: f64,
    tops: Vec<Top>,
    /// P-value of the AUC and of all depths, corrected for all of them.
    p_value: f64,
    sizes: (usize, usize),
    calm: bool,
}

impl Classifier {
    /// Fits the folds on both samples.
    pub fn fit(schema: &Schema, current: &Table, reference: &Table, key: Key) -> Option<Self> {
        let binning = Binning::of(compared_columns(schema), &[current, reference]);
        let origins = binning.origins();
        if origins.is_empty() {
            return None;
        }
        let rarity = Rarity::of(compared_columns(schema), [current, reference]);
        let names = origins.into_iter().chain(rarity.origins()).map(|i| schema.columns[i].name.clone()).collect();
        let both = stacked(&codes(&binning, &rarity, current), &codes(&binning, &rarity, reference));
        let labels: Vec<u32> = (0..both.rows()).map(|r| u32::from(r < current.len)).collect();
        let keys: Vec<u64> = [current, reference].iter().flat_map(|t| &t.feature_keys).copied().collect();
        // With many rows fewer, larger steps find the same and take half the time, and so does a share of the rows that
        // tells where to split.
        let many = both.rows() > MANY_ROWS;
        let few = Params { trees: 60, rate: 0.1, column_share: COLUMN_SHARE, ..Params::default() };
        let shape = if many { Params { trees: 22, rate: 0.27, row_share: 0.35, ..few } } else { few };
        let per_round = FOLDS[usize::from(many)];
        let rounds: Vec<Key> =
            (0..if many { 1 } else { ROUNDS }).map(|round| key.derive(&format!("folds {round}"))).collect();
        let fitted = |model: usize| {
            let (round, f) = (rounds[model / per_round as usize], model as u64 % per_round);
            let others = |&r: &u32| fold(round, keys[r as usize], per_round) != f;
            let rows: Vec<u32> = (0..both.rows() as u32).filter(others).collect();
            let params = Params { depth: 5, min_hessian: 5.0, seed: round.seed(), ..shape.clone() };
            Booster::fit(&both, &rows, Target::Classes { labels: &labels, classes: 2 }, None, &params)
        };
        let folds: Vec<Booster> = (0..rounds.len() * per_round as usize).into_par_iter().map(fitted).collect();
        let offset = (reference.len as f64 / current.len as f64).ln();
        let sizes = (current.len, reference.len);
        let tops = Vec::new();
        let mut fitted =
            Self { binning, rarity, folds, rounds, names, offset, auc: 0.5, tops, p_value: 1.0, sizes, calm: false };
        let (a, b) = (fitted.log_ratios(current), fitted.log_ratios(reference));
        let (auc, auc_p) = mann_whitney(&a, &b);
        fitted.auc = auc;
        fitted.tops = tops::tops(&a, &b);
        let least = fitted.tops.iter().map(|top| top.p_value).fold(auc_p, f64::min);
        fitted.p_value = (least * (1.0 + DEPTHS.len() as f64) * FAMILIES).min(1.0);
        Some(fitted)
    }

    /// How columns become codes, and the name of the column that each of those is of.
    pub fn binning(&self) -> (&Binning, &[String]) {
        (&self.binning, &self.names)
    }

    /// Whether the classifier does better than chance, by enough to matter.
    pub fn tells_apart(&self, alpha: f64, effect: f64) -> bool {
        self.p_value <= alpha && (self.auc >= LEAST_AUC || surest(&self.tops).is_some_and(|top| top.h >= effect))
    }

    /// Keeps all scores below a half: nothing has shifted.
    #[must_use]
    pub fn calmed(self) -> Self {
        Self { calm: true, ..self }
    }

    /// How suspicious each row is: 1 - 1/r for likelihood ratios r from [`HALF`] on, r/4 below.
    pub fn score(&self, table: &Table) -> Vec<f64> {
        let factor = if self.calm { CALM } else { 1.0 };
        let score = |log: f64| {
            let r = log.exp();
            if r >= HALF { 1.0 - 1.0 / r } else { r / (2.0 * HALF) }
        };
        self.log_ratios(table).into_iter().map(|log| factor * score(log)).collect()
    }

    /// The columns without which the row would look most like the reference, at most three.
    pub fn columns_against(&self, table: &Table, row: usize) -> Vec<String> {
        let table = table.take(&[row]);
        let whole = self.log_ratios(&table)[0];
        let codes = self.codes(&table);
        let mut drops: Vec<(f64, &String)> = Vec::new();
        for name in self.names.iter().collect::<BTreeSet<_>>() {
            let mut columns = codes.columns().to_vec();
            let of = columns.iter_mut().zip(&self.names).filter(|(_, other)| *other == name);
            of.for_each(|(column, _)| column.codes[0] = 0);
            let without = self.log_ratio_of(&Codes::new(columns), &table)[0];
            drops.push((whole - without, name));
        }
        drops.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut named: Vec<String> = drops.into_iter().filter(|d| d.0 > 0.1).map(|d| d.1.clone()).collect();
        named.truncate(3);
        named
    }

    /// For the report, where no single column has changed.
    pub fn observation(&self) -> Observation {
        let tops: Vec<_> = self.tops.iter().map(Top::evidence).collect();
        let (code, message, magnitude) = match surest(&self.tops) {
            Some(top) if self.auc < LEAST_AUC => ("admixture", self.admixture(top), top.excess(self.sizes)),
            _ => ("dependence-changed", self.dependence(), (2.0 * self.auc - 1.0).clamp(0.0, 1.0)),
        };
        Observation {
            code,
            scope: Scope::Dataset,
            message,
            columns: Vec::new(),
            magnitude,
            p_value: None,
            q_value: Some(self.p_value),
            evidence: json!({
                "test": "classifier two-sample", "auc": self.auc, "surest_rows": tops,
                "rows": { "current": self.sizes.0, "reference": self.sizes.1 },
                "tests_corrected_for": (1.0 + DEPTHS.len() as f64) * FAMILIES,
            }),
        }
    }

    fn dependence(&self) -> String {
        format!(
            "no single column differs from the reference, but together they do: a classifier tells the two apart with \
             an AUC of {:.3}",
            self.auc
        )
    }

    fn admixture(&self, top: &Top) -> String {
        format!(
            "a few rows come from elsewhere: of the {} rows that a classifier is surest do not belong to the reference, {} \
             are of this dataset; {}",
            top.counts.0 + top.counts.1,
            top.counts.0,
            corrected(self.p_value)
        )
    }

    /// Log of how much likelier each row is in the dataset than in the reference.
    fn log_ratios(&self, table: &Table) -> Vec<f64> {
        self.log_ratio_of(&self.codes(table), table)
    }

    fn codes(&self, table: &Table) -> Codes {
        codes(&self.binning, &self.rarity, table)
    }

    fn log_ratio_of(&self, codes: &Codes, table: &Table) -> Vec<f64> {
        let mut out = vec![self.offset; table.len];
        let per_round = self.folds.len() / self.rounds.len();
        for (&round, folds) in self.rounds.iter().zip(self.folds.chunks_exact(per_round)) {
            let fold_of: Vec<u64> = table.feature_keys.iter().map(|&k| fold(round, k, per_round as u64)).collect();
            for (f, booster) in (0..).zip(folds) {
                let rows: Vec<u32> = (0..table.len as u32).filter(|&r| fold_of[r as usize] == f).collect();
                for (&row, score) in rows.iter().zip(booster.scores(&codes.take(&rows))) {
                    out[row as usize] += f64::from(score) / self.rounds.len() as f64;
                }
            }
        }
        out
    }
}

fn compared_columns(schema: &Schema) -> impl Iterator<Item = usize> {
    (0..schema.columns.len()).filter(|&i| compared(schema.columns[i].role))
}

/// What the classifier is told of each row: its values, and how many rows have them.
fn codes(binning: &Binning, rarity: &Rarity, table: &Table) -> Codes {
    Codes::new([binning.codes(table).columns(), &rarity.codes(table)].concat())
}

fn fold(key: Key, feature_key: u64, folds: u64) -> u64 {
    key.of(&feature_key.to_le_bytes()) % folds
}

/// The rows of one after those of the other.
pub fn stacked(a: &Codes, b: &Codes) -> Codes {
    let mut columns = a.columns().to_vec();
    for (mine, theirs) in columns.iter_mut().zip(b.columns()) {
        mine.codes.extend_from_slice(&theirs.codes);
    }
    Codes::new(columns)
}

/// Area under the ROC curve of `a` against `b` and its one-sided p-value by the normal approximation of the
/// Mann-Whitney statistic, corrected for ties.
fn mann_whitney(a: &[f64], b: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> = a.iter().map(|&s| (s, true)).chain(b.iter().map(|&s| (s, false))).collect();
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut rank_sum, mut ties, mut start) = (0.0, 0.0, 0);
    while start < all.len() {
        let end = start + all[start..].iter().take_while(|x| x.0 == all[start].0).count().max(1);
        let tied = (end - start) as f64;
        let rank = (start + 1 + end) as f64 / 2.0;
        rank_sum += rank * all[start..end].iter().filter(|x| x.1).count() as f64;
        ties += tied.powi(3) - tied;
        start = end;
    }
    let auc = (rank_sum - n * (n + 1.0) / 2.0) / (n * m);
    let total = n + m;
    let variance = (total + 1.0 - ties / (total * (total - 1.0))) / (12.0 * n * m);
    let z = (auc - 0.5) / variance.sqrt().max(1e-12);
    (auc, if z > 0.0 { normal_p_value(z) / 2.0 } else { 1.0 })
}
