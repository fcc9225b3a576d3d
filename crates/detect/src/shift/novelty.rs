//! Rows that lie where the reference has none, whatever they look like: a handful are enough, where a classifier would have
//! too few to learn from.

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Key, Observation, Schema, Scope, Table};
use taster_stats::neighbours::References;

use super::{
    FAMILIES, corrected,
    tops::{DEPTHS, Top, surest, tops},
};
use crate::features::Features;

const FOLDS: u64 = 4;
/// The neighbour whose distance counts: a few copies of a row do not make it usual.
const NEIGHBOUR: usize = 10;

/// How far the rows of both sides are from the reference's.
pub struct Novelty {
    tops: Vec<Top>,
    /// Corrected for depths and families.
    p_value: f64,
    rows: (usize, usize),
}

impl Novelty {
    /// Measures each row's distance from rows of the reference in other folds than its own, by the keyed hash of features, so
    /// that rows of both sides that are alike are as far by construction.
    pub fn of(schema: &Schema, current: &Table, reference: &Table, key: Key) -> Option<Self> {
        let sides: Vec<(usize, usize)> =
            (0..current.len).map(|r| (0, r)).chain((0..reference.len).map(|r| (1, r))).collect();
        let both = Table::gather(&[current, reference], &sides);
        let features = Features::of(schema, &both, key);
        let dim = features.all.len();
        if dim == 0 {
            return None;
        }
        let point = |r: usize| features.all.iter().map(move |f| f.scaled[r]);
        let key = key.derive("novelty");
        let fold: Vec<u64> = both.feature_keys.iter().map(|k| key.of(&k.to_le_bytes()) % FOLDS).collect();
        let references: Vec<References> = (0..FOLDS)
            .map(|f| {
                let rows = (current.len..both.len).filter(|&r| fold[r] != f);
                References::new(&rows.flat_map(point).collect::<Vec<f32>>(), dim)
            })
            .collect();
        if references.iter().any(|r| r.len() < NEIGHBOUR) {
            return None;
        }
        let distance = |r: usize| {
            let mut out = [0.0];
            let query: Vec<f32> = point(r).collect();
            references[fold[r] as usize].nearest(&query, &[NEIGHBOUR], &mut Vec::new(), &mut out);
            f64::from(out[0])
        };
        let distances: Vec<f64> = (0..both.len).into_par_iter().map(distance).collect();
        let tops = tops(&distances[..current.len], &distances[current.len..]);
        let least = surest(&tops)?.p_value;
        let p_value = (least * DEPTHS.len() as f64 * FAMILIES).min(1.0);
        Some(Self { tops, p_value, rows: (current.len, reference.len) })
    }

    /// For the report, where more rows than chance explains are far from the reference.
    pub fn observation(&self, alpha: f64, effect: f64) -> Option<Observation> {
        let top = surest(&self.tops).filter(|top| self.p_value <= alpha && top.h >= effect)?;
        Some(Observation {
            code: "admixture",
            scope: Scope::Dataset,
            message: format!(
                "a few rows lie where the reference has none: of the {} rows that are furthest from it, {} are of this dataset; \
                 {}",
                top.counts.0 + top.counts.1,
                top.counts.0,
                corrected(self.p_value)
            ),
            columns: Vec::new(),
            magnitude: top.excess(self.rows),
            p_value: None,
            q_value: Some(self.p_value),
            evidence: json!({
                "test": "Fisher's exact, of the rows furthest from their tenth neighbour in the reference",
                "furthest_rows": self.tops.iter().map(Top::evidence).collect::<Vec<_>>(),
                "rows": { "current": self.rows.0, "reference": self.rows.1 },
                "tests_corrected_for": DEPTHS.len() as f64 * FAMILIES,
            }),
        })
    }
}
