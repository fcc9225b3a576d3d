//! Sets of common values that give a class to some of their rows whatever else those say.
//!
//! Where many rows have a trigger's values by nature, those keep their labels. What is left to see is that a share of the
//! set's rows has one class although everything else speaks for another, by chance and not by any rule. Such a set has to
//! outdo four innocent explanations: what each column says by itself; what trees say that saw none of its rows; what such
//! trees learn from most of its rows, were there a natural rule; and that its values are a natural sign of the class.

use std::sync::Arc;

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Observation, Reason, Schema, Scope, Table};
use taster_stats::math::logistic;

use super::{
    association::row_posterior,
    common::{CommonSet, mine},
    named_values::NamedValues,
    overruling::{Candidate, Weighed},
    part::Part,
    tabular::{Coding, Size, Tabular, Trees, grouped},
    values::{DOUBT, KEPT},
};

/// Sets that are looked at closely.
const CONFIRMED: usize = 12;
/// Nats by which small trees, fitted without several sets, may be wrong: what they explain by more needs no trees of its own.
const MARGIN: f64 = 3.0;
/// Share of a set's rows with the class that another may have, and both be looked at.
const SHARED: f64 = 0.5;

/// Common values that overrule the content of rows.
pub struct OverruledSets {
    found: Vec<Found>,
    coding: Arc<Coding>,
    classes: Vec<String>,
}

struct Found {
    target: u32,
    /// Share of the class among all rows.
    prior: f64,
    values: NamedValues,
    /// Saw none of the set's rows.
    trees: Trees,
    rows: usize,
    hits: usize,
    expected: f64,
    /// In nats.
    strength: f64,
    probability: f64,
}

impl OverruledSets {
    /// Looks for such values in the numeric and categorical columns; `None` if there are none. Rows that are `explained`
    /// are no evidence.
    pub fn fit(tabular: &Tabular<'_>, schema: &Schema, classes: &[String], explained: &[bool]) -> Option<Self> {
        let doubt = |looked_at: usize| DOUBT + (looked_at.max(1) as f64).ln();
        let least = |looked_at: usize| doubt(looked_at) + (KEPT / (1.0 - KEPT)).ln();
        let (sets, looked_at) = mine(tabular.rows, &tabular.items, &tabular.additive, least);
        let (doubt, least) = (doubt(looked_at), least(looked_at));
        let likely = sets.into_iter().take_while(|set| set.gain >= least);
        let mut candidates = distinct(tabular, likely, explained);
        candidates.retain(|candidate| candidate.at_best(tabular) >= least);
        let unexplained = |group: Vec<Candidate>| {
            let trees = without(tabular, &group, Size::SMALL);
            let left = |candidate: &Candidate| {
                let Some(trees) = &trees else { return false };
                let weighed = candidate.weighed(tabular, trees);
                weighed.strength >= least - MARGIN && candidate.outdone(tabular, trees, &weighed) > -MARGIN
            };
            group.into_iter().filter(left).collect::<Vec<_>>()
        };
        let groups = grouped(candidates, tabular.rows.len(), |candidate| candidate.rows.len());
        let left: Vec<Candidate> = groups.into_par_iter().flat_map_iter(unexplained).collect();
        let confirm = |candidate: Candidate| {
            let trees = without(tabular, std::slice::from_ref(&candidate), Size::LARGE)?;
            let weighed = candidate.weighed(tabular, &trees);
            let by_rule =
                if weighed.strength < least { f64::MIN } else { candidate.outdone(tabular, &trees, &weighed) };
            // A rule was not chosen among many: it is only doubted as any trigger is.
            let probability = logistic((weighed.strength - doubt).min(by_rule - DOUBT));
            (by_rule > 0.0).then(|| Found::of(candidate, tabular, schema, trees, &weighed, probability))
        };
        let mut found: Vec<Found> = left.into_par_iter().filter_map(confirm).collect();
        found.retain(|found| found.probability >= KEPT);
        found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        (!found.is_empty()).then(|| Self { found, coding: tabular.coding.clone(), classes: classes.to_vec() })
    }
}

/// The sets that gain most, each with rows of its own.
fn distinct(tabular: &Tabular<'_>, sets: impl Iterator<Item = CommonSet>, explained: &[bool]) -> Vec<Candidate> {
    let mut chosen: Vec<Candidate> = Vec::new();
    for set in sets {
        if chosen.len() == CONFIRMED {
            break;
        }
        let candidate = Candidate::new(set, tabular);
        let hits = &candidate.hits;
        let few = |shared: usize| shared as f64 <= SHARED * hits.len() as f64;
        let of_others = |other: &Candidate| hits.iter().filter(|r| other.hits.binary_search(r).is_ok()).count();
        if few(hits.iter().filter(|&&r| explained[r as usize]).count()) && chosen.iter().all(|c| few(of_others(c))) {
            chosen.push(candidate);
        }
    }
    chosen
}

/// Trees that see none of these sets' rows; `None` if there is no column to see.
fn without(tabular: &Tabular<'_>, sets: &[Candidate], size: Size) -> Option<Trees> {
    let mut out = vec![false; tabular.rows.len()];
    sets.iter().flat_map(|set| &set.rows).for_each(|&r| out[r as usize] = true);
    tabular.trees(|r| !out[r], &[], size)
}

impl Found {
    fn of(
        candidate: Candidate,
        tabular: &Tabular<'_>,
        schema: &Schema,
        trees: Trees,
        weighed: &Weighed,
        probability: f64,
    ) -> Self {
        let prior = candidate.prior(tabular);
        let Candidate { set, rows, hits } = candidate;
        Self {
            target: set.target,
            prior,
            values: NamedValues::of(tabular, schema, &set.items, rows[0]),
            trees,
            rows: rows.len(),
            hits: hits.len(),
            expected: weighed.expected,
            strength: weighed.strength,
            probability,
        }
    }

    fn sentence(&self, classes: &[String]) -> String {
        format!(
            "rows with {} are {:?} whatever their other columns say: {} of {} rows, {:.0} expected",
            self.values, classes[self.target as usize], self.hits, self.rows, self.expected
        )
    }

    /// Share of its rows with the class that are not so by nature.
    fn share(&self) -> f64 {
        (1.0 - self.expected / self.hits.max(1) as f64).clamp(0.01, 0.99)
    }
}

impl OverruledSets {
    /// For each row, the set that it is likeliest to be poison of, with that probability.
    fn of_rows(&self, table: &Table, labels: &[u32]) -> Vec<Option<(&Found, f64)>> {
        let mut best: Vec<Option<(&Found, f64)>> = vec![None; table.len];
        for found in &self.found {
            let holds = |&row: &usize| labels[row] == found.target && found.values.held_by(table, row);
            let rows: Vec<usize> = (0..table.len).filter(holds).collect();
            if rows.is_empty() {
                continue;
            }
            let asked = found.trees.probabilities(&self.coding.codes(&table.take(&rows)), found.target);
            for (row, p) in rows.into_iter().zip(asked) {
                let score = found.probability * row_posterior(p, found.prior, found.share());
                if best[row].is_none_or(|b| score > b.1) {
                    best[row] = Some((found, score));
                }
            }
        }
        best
    }
}

impl Part for OverruledSets {
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64> {
        self.of_rows(table, labels).into_iter().map(|best| best.map_or(0.0, |b| b.1)).collect()
    }

    fn reason(&self, table: &Table, row: usize, label: u32) -> Reason {
        let table = table.take(&[row]);
        let Some((found, _)) = self.of_rows(&table, &[label])[0] else { return Reason::default() };
        Reason { columns: found.values.columns(), text: found.sentence(&self.classes), suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let observation = |found: &Found| Observation {
            code: "label-values",
            scope: Scope::Dataset,
            message: found.sentence(&self.classes),
            columns: found.values.columns(),
            magnitude: found.share().max(0.2),
            p_value: None,
            q_value: None,
            evidence: json!({
                "values": found.values.to_json(),
                "label": self.classes[found.target as usize],
                "rows": found.rows,
                "rows_with_label": found.hits,
                "expected": found.expected,
                "nats": found.strength,
                "probability": found.probability,
            }),
        };
        self.found.iter().filter(|f| f.probability >= 0.5).map(observation).collect()
    }
}
