//! Row by row: which rows of the dataset the reference does not explain.

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Key, Observation, Schema, Scope, Table};
use taster_stats::{
    boost::{Booster, Codes, Params, Target},
    exact::{Exact, cohens_h},
    two_sample::normal_p_value,
};

use super::{FAMILIES, compared};
use crate::binning::Binning;

/// Rows of both sides together from which on they are many.
const MANY_ROWS: usize = 32_768;
const FOLDS: u64 = 5;
/// Likelihood ratio at which a row scores a half.
const HALF: f64 = 2.0;
/// Shares of all rows, surest first, among which rows of the dataset are counted. An admixture of a few per cent hardly
/// moves the AUC, but fills the top of the order.
const DEPTHS: [f64; 6] = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1];
/// AUC from which a difference between the samples matters.
const LEAST_AUC: f64 = 0.55;
/// Factor on the scores where nothing has shifted, so that none reaches a half.
const CALM: f64 = 0.49;

/// Tells the dataset from the reference; out of fold, by the keyed hash of a row's features.
pub struct Classifier {
    binning: Binning,
    folds: Vec<Booster>,
    key: Key,
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

/// The rows that the classifier is surest of.
struct Top {
    /// Rows of the dataset and of the reference among them.
    counts: (u64, u64),
    p_value: f64,
    /// Cohen's h of the share of either side's rows that is among them.
    h: f64,
}

impl Classifier {
    /// Fits the folds on both samples.
    pub fn fit(schema: &Schema, current: &Table, reference: &Table, key: Key) -> Option<Self> {
        let compared = (0..schema.columns.len()).filter(|&i| compared(schema.columns[i].role));
        let binning = Binning::of(compared, &[current, reference]);
        let origins = binning.origins();
        if origins.is_empty() {
            return None;
        }
        let names = origins.iter().map(|&i| schema.columns[i].name.clone()).collect();
        let key = key.derive("folds");
        let both = stacked(&binning.codes(current), &binning.codes(reference));
        let labels: Vec<u32> = (0..both.rows()).map(|r| u32::from(r < current.len)).collect();
        let fold_of: Vec<u64> =
            [current, reference].iter().flat_map(|t| &t.feature_keys).map(|&k| fold(key, k)).collect();
        // With many rows fewer, larger steps find the same and take half the time.
        let (trees, rate) = if both.rows() > MANY_ROWS { (30, 0.2) } else { (60, 0.1) };
        let params = Params { trees, depth: 5, rate, min_hessian: 5.0, seed: key.seed(), ..Params::default() };
        let folds: Vec<Booster> = (0..FOLDS)
            .into_par_iter()
            .map(|f| {
                let rows: Vec<u32> = (0..both.rows() as u32).filter(|&r| fold_of[r as usize] != f).collect();
                Booster::fit(&both, &rows, Target::Classes { labels: &labels, classes: 2 }, None, &params)
            })
            .collect();
        let offset = (reference.len as f64 / current.len as f64).ln();
        let sizes = (current.len, reference.len);
        let tops = Vec::new();
        let mut fitted = Self { binning, folds, key, names, offset, auc: 0.5, tops, p_value: 1.0, sizes, calm: false };
        let (a, b) = (fitted.log_ratios(current), fitted.log_ratios(reference));
        let (auc, auc_p) = mann_whitney(&a, &b);
        fitted.auc = auc;
        fitted.tops = tops_of(&a, &b);
        let least = fitted.tops.iter().map(|top| top.p_value).fold(auc_p, f64::min);
        fitted.p_value = (least * (1.0 + DEPTHS.len() as f64) * FAMILIES).min(1.0);
        Some(fitted)
    }

    /// Whether the classifier does better than chance, by enough to matter.
    pub fn tells_apart(&self, alpha: f64, effect: f64) -> bool {
        self.p_value <= alpha && (self.auc >= LEAST_AUC || self.surest().is_some_and(|top| top.h >= effect))
    }

    /// Keeps all scores below a half: nothing has shifted.
    #[must_use]
    pub fn calmed(self) -> Self {
        Self { calm: true, ..self }
    }

    /// The depth with the smallest p-value.
    fn surest(&self) -> Option<&Top> {
        self.tops.iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value))
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
        let codes = self.binning.codes(&table);
        let mut drops: Vec<(f64, &String)> = Vec::new();
        for (c, name) in self.names.iter().enumerate() {
            let mut columns = codes.columns().to_vec();
            columns[c].codes[0] = 0;
            let without = self.log_ratio_of(&Codes::new(columns), &table)[0];
            drops.push((whole - without, name));
        }
        drops.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut named: Vec<String> = drops.into_iter().filter(|d| d.0 > 0.1).map(|d| d.1.clone()).collect();
        named.dedup();
        named.truncate(3);
        named
    }

    /// For the report, where no single column has changed.
    pub fn observation(&self) -> Observation {
        let tops: Vec<_> = self.tops.iter().map(Top::evidence).collect();
        let (code, message, magnitude) = match self.surest() {
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
             are of this dataset; corrected p = {:.1e}",
            top.counts.0 + top.counts.1,
            top.counts.0,
            self.p_value
        )
    }

    /// Log of how much likelier each row is in the dataset than in the reference.
    fn log_ratios(&self, table: &Table) -> Vec<f64> {
        self.log_ratio_of(&self.binning.codes(table), table)
    }

    fn log_ratio_of(&self, codes: &Codes, table: &Table) -> Vec<f64> {
        let mut out = vec![f64::NAN; table.len];
        for (f, booster) in (0..).zip(&self.folds) {
            let rows: Vec<u32> =
                (0..table.len as u32).filter(|&r| fold(self.key, table.feature_keys[r as usize]) == f).collect();
            for (&row, score) in rows.iter().zip(booster.scores(&codes.take(&rows))) {
                out[row as usize] = f64::from(score) + self.offset;
            }
        }
        out
    }
}

impl Top {
    /// By how much the share of the dataset's rows among them is larger than that of the reference's.
    fn excess(&self, sizes: (usize, usize)) -> f64 {
        (self.counts.0 as f64 / sizes.0 as f64 - self.counts.1 as f64 / sizes.1 as f64).clamp(0.0, 1.0)
    }

    fn evidence(&self) -> serde_json::Value {
        let (current, reference) = self.counts;
        json!({ "current": current, "reference": reference, "p_value": self.p_value, "cohens_h": self.h })
    }
}

/// Rows of `a` and `b` among those with the highest scores of both together, at each depth, with the probability of so
/// many of `a` by chance. Of equal scores those of `b` come first, so that ties never speak for a shift.
fn tops_of(a: &[f64], b: &[f64]) -> Vec<Top> {
    let mut all: Vec<(f64, bool)> = a.iter().map(|&s| (s, true)).chain(b.iter().map(|&s| (s, false))).collect();
    all.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
    let exact = Exact::new(a.len(), b.len());
    let top = |depth: f64| {
        let rows = ((depth * all.len() as f64) as usize).max(1);
        let current = all.iter().take(rows).filter(|x| x.1).count() as u64;
        let reference = rows as u64 - current;
        let h = cohens_h(current as f64 / a.len() as f64, reference as f64 / b.len() as f64);
        Top { counts: (current, reference), p_value: exact.upper(current, reference), h }
    };
    DEPTHS.into_iter().map(top).collect()
}

fn fold(key: Key, feature_key: u64) -> u64 {
    key.of(&feature_key.to_le_bytes()) % FOLDS
}

fn stacked(a: &Codes, b: &Codes) -> Codes {
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
