//! Sets of common values that give a class to some of their rows whatever else those say.
//!
//! Where many rows have a trigger's values by nature, those keep their labels. What is left to see is that a share of the
//! set's rows has one class although everything else speaks for another, by chance and not by any rule. Such a set has to
//! outdo four innocent explanations: what each column says by itself; what trees say that saw none of its rows; what trees
//! say that saw most of them, and would have learnt a natural rule; and that its values are a natural sign of the class.

use std::sync::Arc;

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Observation, Reason, Schema, Scope, Table};
use taster_stats::math::logistic;

use super::{
    association::row_posterior,
    common::{CommonSet, mine},
    mixture::Judged,
    named_values::NamedValues,
    part::Part,
    rows::FOLDS,
    sets::excess,
    tabular::{Coding, Size, Tabular, Trees},
    values::{DOUBT, KEPT},
};

/// Sets that are looked at closely.
const CONFIRMED: usize = 12;
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

/// A set with its rows.
struct Candidate {
    set: CommonSet,
    rows: Vec<u32>,
    hits: Vec<u32>,
}

impl OverruledSets {
    /// Looks for such values in the numeric and categorical columns; `None` if there are none. Rows that are `explained`
    /// are no evidence.
    pub fn fit(tabular: &Tabular<'_>, schema: &Schema, classes: &[String], explained: &[bool]) -> Option<Self> {
        let (sets, looked_at) = mine(tabular.rows, &tabular.items, &tabular.additive);
        let doubt = DOUBT + (looked_at.max(1) as f64).ln();
        let probability = |strength: f64| logistic(strength - doubt);
        let likely = sets.into_iter().take_while(|set| probability(set.gain) >= KEPT);
        let confirm = |candidate: Candidate| {
            Confirmed::of(tabular, candidate).filter(|confirmed| probability(confirmed.strength) >= KEPT)
        };
        let confirmed: Vec<Confirmed> =
            distinct(tabular, likely, explained).into_par_iter().filter_map(confirm).collect();
        if confirmed.is_empty() {
            return None;
        }
        let learnt = Learnt::fit(tabular)?;
        let judged = |confirmed: Confirmed| {
            let outdone = confirmed.overruled - learnt.likelihood(tabular, &confirmed.of);
            // A trigger can be learnt, too: then both say the same, and only what the trees know better speaks against it.
            let strength = if outdone > 0.0 { confirmed.strength } else { outdone };
            let probability = probability(strength);
            (probability >= KEPT).then(|| confirmed.found(tabular, schema, strength, probability))
        };
        let mut found: Vec<Found> = confirmed.into_iter().filter_map(judged).collect();
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
        let rows = set.rows(&tabular.items);
        let hits: Vec<u32> = rows.iter().copied().filter(|&r| tabular.rows.labels[r as usize] == set.target).collect();
        let few = |shared: usize| shared as f64 <= SHARED * hits.len() as f64;
        let of_others = |other: &Candidate| hits.iter().filter(|r| other.hits.binary_search(r).is_ok()).count();
        if few(hits.iter().filter(|&&r| explained[r as usize]).count()) && chosen.iter().all(|c| few(of_others(c))) {
            chosen.push(Candidate { set, rows, hits });
        }
    }
    chosen
}

/// A set that outdoes what is said of each row without it.
struct Confirmed {
    of: Candidate,
    /// Saw none of the set's rows.
    trees: Trees,
    prior: f64,
    expected: f64,
    /// Log-likelihood of the labels, were some overruled.
    overruled: f64,
    /// In nats.
    strength: f64,
}

impl Confirmed {
    fn of(tabular: &Tabular<'_>, of: Candidate) -> Option<Self> {
        let mut out = vec![false; tabular.rows.len()];
        of.rows.iter().for_each(|&r| out[r as usize] = true);
        let trees = tabular.trees(|r| !out[r], &[], Size::LARGE)?;
        let prior = tabular.rows.priors[of.set.target as usize];
        let target = of.set.target;
        let columns: Vec<f64> = of.rows.iter().map(|&r| tabular.additive.probability(r, &[], target)).collect();
        let by_columns = of.judged(tabular, &columns);
        let by_trees = of.judged(tabular, &tabular.asked(&trees, &of.rows, target));
        let overruled = by_trees.overruled().max(by_columns.overruled());
        let natural = overruled - by_trees.whatever() + meeting(tabular, &of);
        let strength = [
            by_columns.overruled() - by_columns.as_expected(),
            by_trees.overruled() - by_trees.as_expected(),
            by_trees.foreign(prior),
            natural,
        ];
        let strength = strength.into_iter().fold(f64::MAX, f64::min);
        Some(Self { prior, expected: by_trees.expected(), overruled, strength, trees, of })
    }

    fn found(self, tabular: &Tabular<'_>, schema: &Schema, strength: f64, probability: f64) -> Found {
        let Candidate { set, rows, hits } = self.of;
        Found {
            target: set.target,
            prior: self.prior,
            values: NamedValues::of(tabular, schema, &set.items, rows[0]),
            trees: self.trees,
            rows: rows.len(),
            hits: hits.len(),
            expected: self.expected,
            strength,
            probability,
        }
    }
}

impl Candidate {
    /// Its rows, by what a model gives each of them.
    fn judged(&self, tabular: &Tabular<'_>, asked: &[f64]) -> Judged {
        let Tabular { rows, .. } = tabular;
        let hit = |&r: &u32| rows.labels[r as usize] == self.set.target;
        Judged::new(self.rows.iter().map(hit).zip(asked.iter().copied()), rows.priors[self.set.target as usize])
    }
}

/// How surprising it is that so many rows have all of a set's values, did the likeliest of them meet the others by chance,
/// in nats.
fn meeting(tabular: &Tabular<'_>, of: &Candidate) -> f64 {
    let Tabular { rows, items, .. } = tabular;
    let share = |s: &(usize, u32)| items.rows[s.0][s.1 as usize].len() as f64 / rows.len() as f64;
    let by_chance = |left_out: usize| {
        let mut others = of.set.clone();
        let one = others.items.remove(left_out);
        share(&one) * others.rows(items).len() as f64
    };
    let expected = (0..of.set.items.len()).map(by_chance).fold(0.0, f64::max);
    excess(of.rows.len() as f64, expected)
}

/// Trees that saw four fifths of all rows, whatever their values: they learn what is a rule.
struct Learnt(Vec<Trees>);

impl Learnt {
    fn fit(tabular: &Tabular<'_>) -> Option<Self> {
        let folds = &tabular.rows.folds;
        let trees: Option<Vec<Trees>> =
            (0..FOLDS).into_par_iter().map(|fold| tabular.trees(|r| folds[r] != fold, &[], Size::LARGE)).collect();
        trees.map(Self)
    }

    /// Log-likelihood of the labels of a set's rows, by the trees that did not see the row.
    fn likelihood(&self, tabular: &Tabular<'_>, of: &Candidate) -> f64 {
        let mut asked = vec![0.0; of.rows.len()];
        for (fold, trees) in self.0.iter().enumerate() {
            let own: Vec<usize> =
                (0..of.rows.len()).filter(|&i| tabular.rows.folds[of.rows[i] as usize] == fold).collect();
            let rows: Vec<u32> = own.iter().map(|&i| of.rows[i]).collect();
            let answers = tabular.asked(trees, &rows, of.set.target);
            own.into_iter().zip(answers).for_each(|(i, answer)| asked[i] = answer);
        }
        of.judged(tabular, &asked).as_expected()
    }
}

impl Found {
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
