//! What is measured of each row before rows are grouped: how its label, its features and its copies look.

use std::collections::BTreeMap;

use rayon::prelude::*;
use taster_core::{Category, Key, Schema, Table};
use taster_stats::boost::{Booster, Params, Target};

use crate::{binning::Binning, features::Features, label};

const FOLDS: u64 = 4;
/// Bins of a column that trees may tell apart.
const BINS: usize = 33;
/// Classes that are told apart, the commonest first; the others are one more.
const CLASSES: usize = 20;
/// Rows a class needs to be told apart.
const LEAST: usize = 20;

/// What is measured of every row.
pub struct Measures {
    /// Labels against what the features let expect; `None` where there are no classes.
    pub labels: Option<Labels>,
    /// 1 for rows whose features another row has, too.
    pub copies: Vec<f64>,
    /// Features as numbers of one scale.
    pub features: Features,
}

/// Each row's label against the probabilities that models gave it which did not see the row.
pub struct Labels {
    /// Index of the column.
    pub column: usize,
    /// The classes, the commonest first.
    pub names: Vec<String>,
    /// Class of each row, `names.len()` where it is another; `None` where missing.
    pub classes: Vec<Option<usize>>,
    /// By class and row: 1 or 0 for having it, less its probability.
    pub surplus: Vec<Vec<f64>>,
    /// Probability that a row's label is another than it has, less the same expected by its features.
    pub contradicted: Vec<f64>,
    /// The same, less the mean over rows of the same class.
    pub within_class: Vec<f64>,
    /// Variance of each `surplus` and of `contradicted`, if the probabilities are right.
    pub variance: Vec<Vec<f64>>,
    pub contradiction_variance: Vec<f64>,
}

impl Measures {
    /// Measures the rows of a sample.
    pub fn of(schema: &Schema, table: &Table, key: Key) -> Self {
        let (labels, features) = rayon::join(|| Labels::of(schema, table, key), || Features::of(schema, table, key));
        Self { labels, features, copies: copies(table) }
    }
}

fn copies(table: &Table) -> Vec<f64> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    table.feature_keys.iter().for_each(|&k| *counts.entry(k).or_default() += 1);
    table.feature_keys.iter().map(|k| f64::from(u8::from(counts[k] > 1))).collect()
}

impl Labels {
    fn of(schema: &Schema, table: &Table, key: Key) -> Option<Self> {
        let column = schema.label()?;
        let labels = label::of(table, Some(column))?;
        let names = common(labels);
        if names.len() < 2 {
            return None;
        }
        let place: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        let class = |r| labels.get(r).map(|v| place.get(v).copied().unwrap_or(names.len()));
        let classes: Vec<Option<usize>> = (0..table.len).map(class).collect();
        let probabilities = expected(schema, table, &classes, names.len() + 1, key.derive("labels"))?;
        let width = names.len() + 1;
        let of = |r: usize, c: usize| probabilities[r * width + c];
        let has = |r: usize, c: usize| f64::from(u8::from(classes[r] == Some(c)));
        let known = |r: usize, v: f64| if classes[r].is_some() { v } else { f64::NAN };
        let rows = || 0..table.len;
        let surplus = (0..names.len()).map(|c| rows().map(|r| known(r, has(r, c) - of(r, c))).collect()).collect();
        // A row's label is another than the likeliest with probability 1 - sum of squares, if the model is right.
        let against = |r: usize| {
            let own = classes[r].map_or(f64::NAN, |c| of(r, c));
            (0..width).map(|c| of(r, c).powi(2)).sum::<f64>() - own
        };
        let contradicted: Vec<f64> = rows().map(against).collect();
        let within_class = centred(&contradicted, &classes, width);
        let binary = |p: f64| p * (1.0 - p);
        let variance = (0..names.len()).map(|c| rows().map(|r| binary(of(r, c))).collect()).collect();
        let moment = |r: usize, power| (0..width).map(|c| of(r, c).powi(power)).sum::<f64>();
        let contradiction_variance = rows().map(|r| (moment(r, 3) - moment(r, 2).powi(2)).max(1e-6)).collect();
        Some(Self { column, names, classes, surplus, contradicted, within_class, variance, contradiction_variance })
    }
}

/// Less the mean over the rows of the same class.
pub fn centred(values: &[f64], classes: &[Option<usize>], width: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); width];
    for (v, class) in values.iter().zip(classes) {
        if let (Some(c), false) = (class, v.is_nan()) {
            sums[*c] = (sums[*c].0 + v, sums[*c].1 + 1.0);
        }
    }
    let mean = |c: usize| sums[c].0 / f64::max(sums[c].1, 1.0);
    values.iter().zip(classes).map(|(v, class)| class.map_or(f64::NAN, |c| v - mean(c))).collect()
}

fn common(labels: &Category) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    (0..labels.codes.len()).filter_map(|r| labels.get(r)).for_each(|v| *counts.entry(v).or_default() += 1);
    let mut ranked: Vec<(&str, usize)> = counts.into_iter().filter(|&(_, rows)| rows >= LEAST).collect();
    ranked.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    ranked.into_iter().take(CLASSES).map(|(value, _)| value.to_owned()).collect()
}

/// Probability of each class in each row, row by row, by models that did not see rows of the same features.
fn expected(schema: &Schema, table: &Table, classes: &[Option<usize>], width: usize, key: Key) -> Option<Vec<f64>> {
    let binning = Binning::fit(schema, &[table]);
    let codes = binning.codes(table).coarser(BINS);
    if codes.columns().is_empty() {
        return None;
    }
    let targets: Vec<u32> = classes.iter().map(|c| c.unwrap_or(0) as u32).collect();
    let count = targets.iter().max().map_or(0, |&c| c as usize + 1);
    if count < 2 {
        return None;
    }
    let fold: Vec<u64> = table.feature_keys.iter().map(|k| key.of(&k.to_le_bytes()) % FOLDS).collect();
    let params = Params { trees: 40, depth: 5, rate: 0.15, min_hessian: 3.0, seed: key.seed(), ..Params::default() };
    let of_fold = |f: u64| {
        let learnt: Vec<u32> =
            (0..table.len as u32).filter(|&r| fold[r as usize] != f && classes[r as usize].is_some()).collect();
        let judged: Vec<u32> = (0..table.len as u32).filter(|&r| fold[r as usize] == f).collect();
        let target = Target::Classes { labels: &targets, classes: count };
        let booster = Booster::fit(&codes, &learnt, target, None, &params);
        let probabilities = booster.probabilities(&codes.take(&judged));
        (judged, probabilities)
    };
    let folds: Vec<_> = (0..FOLDS).into_par_iter().map(of_fold).collect();
    let mut out = vec![0.0; table.len * width];
    for (rows, probabilities) in &folds {
        for (&row, of_row) in rows.iter().zip(probabilities.chunks_exact(count)) {
            let at = row as usize * width;
            out[at..at + count].iter_mut().zip(of_row).for_each(|(o, &p)| *o = f64::from(p));
        }
    }
    Some(out)
}
