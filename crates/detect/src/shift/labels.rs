//! Whether the label still follows from the features as it does in the reference.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Category, Key, Observation, Schema, Scope, Table};
use taster_stats::{
    boost::{Booster, Params, Target},
    two_sample::normal_p_value,
};

use super::{FAMILIES, classes};
use crate::binning::Binning;

/// Folds of a reference of few and of many rows. Half of many rows teach a model as much as four fifths of them, in a
/// quarter of the time.
const FOLDS: [u64; 2] = [5, 2];
/// Rows of the reference from which on they are many.
const MANY_ROWS: usize = 16_384;
/// Classes that are looked at, the commonest first.
const CLASSES: usize = 20;
/// Stretches of the expected probability of a class.
const STRETCHES: usize = 5;
/// Rows of each side that a stretch must have.
const LEAST: usize = 30;

/// Rows of one side for which the reference expects a class about equally.
#[derive(Clone, Copy, Default)]
struct Side {
    rows: f64,
    have: f64,
    expected: f64,
    /// Sum of squares of what they have less what is expected.
    squares: f64,
}

impl Side {
    fn add(&mut self, has: bool, expected: f64) {
        let has = f64::from(u8::from(has));
        self.rows += 1.0;
        self.have += has;
        self.expected += expected;
        self.squares += (has - expected).powi(2);
    }

    /// Mean of what rows have beyond what is expected, and its variance.
    fn surplus(&self) -> (f64, f64) {
        let mean = (self.have - self.expected) / self.rows;
        (mean, (self.squares / self.rows - mean * mean).max(1e-9) / self.rows)
    }
}

/// Learns the label from the features of the reference, and compares how far labels here and there are from it; each
/// side's rows are judged by models that did not see them. A label of numbers is cut into stretches. `None` where there are no
/// classes or nothing has changed.
///
/// Rows are compared within stretches of equal expectation, so that a change of the features alone says nothing. The
/// p-value is that of a normal approximation, corrected for classes, stretches and families. A fold is judged by a model of the
/// other folds, whose own noise makes the variance larger by up to folds / (folds - 1).
pub fn compare(
    schema: &Schema,
    current: &Table,
    reference: &Table,
    key: Key,
    (alpha, effect): (f64, f64),
) -> Option<Observation> {
    let (here, there) = classes::of(schema, current, reference)?;
    let (here, there) = (here.as_ref(), there.as_ref());
    let classes = common_classes(there)?;
    let (expected_here, expected_there) =
        expected(schema, (current, reference), there, &classes, key.derive("labels"))?;
    let folds = folds_of(reference) as f64;
    let noise = folds / (folds - 1.0);
    let mut tests = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        let of = |row: &[f64]| (row[class] * STRETCHES as f64) as usize;
        let mut sides = [[Side::default(); 2]; STRETCHES];
        for (side, labels, rows) in [(0, here, &expected_here), (1, there, &expected_there)] {
            for (r, row) in rows.chunks_exact(classes.len()).enumerate() {
                sides[of(row).min(STRETCHES - 1)][side].add(labels.get(r) == Some(name), row[class]);
            }
        }
        let enough = sides.into_iter().filter(|s| s.iter().all(|s| s.rows >= LEAST as f64));
        tests.extend(enough.map(|sides| test(name, sides, noise)));
    }
    let corrected_for = tests.len() as f64 * FAMILIES;
    tests.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    let real = |t: &Test| t.p_value * corrected_for <= alpha && t.difference.abs() >= effect;
    let found: Vec<Test> = tests.into_iter().filter(real).collect();
    let label = &schema.columns[schema.label()?].name;
    Some(found.first()?.observation(label, &found, corrected_for))
}

/// The comparison of one class in one stretch.
struct Test {
    class: String,
    sides: [Side; 2],
    difference: f64,
    p_value: f64,
}

fn test(class: &str, sides: [Side; 2], noise: f64) -> Test {
    let [(a, a_var), (b, b_var)] = [sides[0].surplus(), sides[1].surplus()];
    let p_value = normal_p_value((a - b) / (noise * (a_var + b_var)).sqrt());
    Test { class: class.to_owned(), sides, difference: a - b, p_value }
}

impl Test {
    fn observation(&self, label: &str, all: &[Self], corrected_for: f64) -> Observation {
        let shares = self.sides.map(|s| (100.0 * s.have / s.rows, 100.0 * s.expected / s.rows));
        Observation {
            code: "label-given-features-changed",
            scope: Scope::Column,
            message: format!(
                "`{label}` does not follow from the features as in the reference: where that lets expect `{}` in {:.0} % of \
                 rows, {:.0} % have it, against {:.0} % there",
                self.class, shares[0].1, shares[0].0, shares[1].0
            ),
            columns: vec![label.to_owned()],
            magnitude: self.difference.abs().min(1.0),
            p_value: Some(self.p_value),
            q_value: Some((self.p_value * corrected_for).min(1.0)),
            evidence: json!({
                "test": "z of the difference of mean surplus over the expected probability",
                "tests_corrected_for": corrected_for,
                "stretches": all.iter().map(Self::evidence).collect::<Vec<_>>(),
            }),
        }
    }

    fn evidence(&self) -> serde_json::Value {
        let side = |s: &Side| json!({ "rows": s.rows, "have": s.have, "expected": s.expected });
        json!({
            "class": self.class, "difference": self.difference, "p_value": self.p_value,
            "current": side(&self.sides[0]), "reference": side(&self.sides[1]),
        })
    }
}

/// The commonest classes, `None` where there is but one.
fn common_classes(labels: &Category) -> Option<Vec<String>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    (0..labels.codes.len()).filter_map(|r| labels.get(r)).for_each(|v| *counts.entry(v).or_default() += 1);
    let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
    ranked.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    let classes: Vec<String> = ranked.into_iter().take(CLASSES).map(|(value, _)| value.to_owned()).collect();
    (classes.len() > 1).then_some(classes)
}

/// Folds that the reference is dealt into.
fn folds_of(reference: &Table) -> u64 {
    FOLDS[usize::from(reference.len >= MANY_ROWS)]
}

/// Probability of each class in each row of both sides, by models of the reference that did not see the row.
fn expected(
    schema: &Schema,
    sides: (&Table, &Table),
    labels: &Category,
    classes: &[String],
    key: Key,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let binning = Binning::fit(schema, &[sides.1]);
    let learnt = binning.codes(sides.1);
    if learnt.columns().is_empty() {
        return None;
    }
    let count_of_folds = folds_of(sides.1);
    let fold = |k: u64| key.of(&k.to_le_bytes()) % count_of_folds;
    // Rarer classes are one more.
    let class = |r: usize| classes.iter().position(|c| Some(c.as_str()) == labels.get(r)).unwrap_or(classes.len());
    let targets: Vec<u32> = (0..sides.1.len).map(|r| class(r) as u32).collect();
    let count = targets.iter().max().map_or(0, |&c| c as usize + 1);
    // A third of many rows tells where to split.
    let row_share = if sides.1.len >= MANY_ROWS { 0.35 } else { 0.7 };
    let params = Params { trees: 40, depth: 5, min_hessian: 5.0, row_share, seed: key.seed(), ..Params::default() };
    let codes = [binning.codes(sides.0), learnt];
    let keys = [&sides.0.feature_keys, &sides.1.feature_keys];
    let of_fold = |f: u64| {
        let rows: Vec<u32> = (0..sides.1.len as u32).filter(|&r| fold(keys[1][r as usize]) != f).collect();
        let target = Target::Classes { labels: &targets, classes: count };
        let booster = Booster::fit(&codes[1], &rows, target, None, &params);
        [0, 1].map(|side| {
            let rows: Vec<u32> = (0..keys[side].len() as u32).filter(|&r| fold(keys[side][r as usize]) == f).collect();
            let probabilities = booster.probabilities(&codes[side].take(&rows));
            (rows, probabilities)
        })
    };
    let folds: Vec<_> = (0..count_of_folds).into_par_iter().map(of_fold).collect();
    let mut out = [vec![0.0; sides.0.len * classes.len()], vec![0.0; sides.1.len * classes.len()]];
    for fold in &folds {
        for (side, (rows, probabilities)) in fold.iter().enumerate() {
            for (&row, probabilities) in rows.iter().zip(probabilities.chunks_exact(count)) {
                let at = row as usize * classes.len();
                for (o, &p) in out[side][at..at + classes.len()].iter_mut().zip(probabilities) {
                    *o = f64::from(p);
                }
            }
        }
    }
    let [here, there] = out;
    Some((here, there))
}
