//! Sets of two or three exact values that decide the label whatever else the row says.

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Observation, Reason, Schema, Scope, Table};
use taster_stats::math::logistic;

use super::{
    association::Association,
    named_values::NamedValues,
    part::Part,
    sets::{ValueSet, mine},
    tabular::{Size, Tabular, grouped},
};

/// Sets that are put to the second test.
const CONFIRMED: usize = 32;
/// Further sets, chosen without regard to the content.
const BY_MEETING: usize = 16;
/// Sets that are a spike, looked at for what the rest of their rows says.
const SPIKES: usize = 8;
/// Rows that two sets may share, of those of the weaker, and both be tested.
const SHARED: f64 = 0.5;
/// Logarithm of the odds against a table having any trigger: one in twenty.
pub const DOUBT: f64 = 3.0;
/// Nats a row must bring: many rows that each say next to nothing are a natural pattern the models miss.
const NATS_PER_ROW: f64 = 0.3;
/// The same for the rows of a spike, of which there are few by nature.
const SPIKE_NATS_PER_ROW: f64 = 0.15;
/// Probability below which a set is forgotten.
pub const KEPT: f64 = 0.01;

/// Planted values of a table.
pub struct ValueSets {
    found: Vec<Found>,
    classes: Vec<String>,
}

struct Found {
    set: ValueSet,
    values: NamedValues,
    /// What trees say that saw none of its rows.
    confirmed: Association,
    probability: f64,
}

impl ValueSets {
    /// Looks for planted values in the numeric and categorical columns; `None` if there are none.
    pub fn fit(tabular: &Tabular<'_>, schema: &Schema, classes: &[String]) -> Option<Self> {
        let Tabular { rows, items, additive, .. } = tabular;
        let (sets, looked_at) = mine(rows, items, additive);
        let judge = Judge { tabular, schema, doubt: DOUBT + (looked_at.max(1) as f64).ln() };
        let spikes = spikes(&sets, |set| logistic(set.spiking() - judge.doubt) >= KEPT);
        let by_chance = DOUBT + (spikes.len().max(1) as f64).ln();
        let groups = grouped(distinct(sets), rows.len(), |set| set.rows.len());
        let left: Vec<ValueSet> = groups.into_par_iter().flat_map_iter(|group| judge.unexplained(group)).collect();
        let mut found: Vec<Found> = left.into_par_iter().filter_map(|set| judge.confirmed(set)).collect();
        found.retain(|f| f.probability >= KEPT);
        let known = Self::rows_of(&found, rows.len());
        let unknown = |set: &ValueSet| !set.rows.iter().all(|&r| known[r as usize]);
        let by_rest = spikes.into_par_iter().filter(unknown).map(|set| judge.by_rest(set, by_chance));
        found.par_extend(by_rest.filter(|f| f.probability >= KEPT));
        found.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.set.items.cmp(&b.set.items)));
        (!found.is_empty()).then(|| Self { found, classes: classes.to_vec() })
    }

    /// Which of `rows` rows a set explains that is likelier planted than not.
    pub fn explained(&self, rows: usize) -> Vec<bool> {
        Self::rows_of(&self.found, rows)
    }

    fn rows_of(found: &[Found], rows: usize) -> Vec<bool> {
        let mut explained = vec![false; rows];
        let sets = found.iter().filter(|f| f.probability >= 0.5);
        sets.flat_map(|f| &f.set.rows).for_each(|&r| explained[r as usize] = true);
        explained
    }

    fn of_row<'a>(&'a self, table: &'a Table, row: usize, label: u32) -> Option<&'a Found> {
        self.found.iter().find(|f| f.set.target == label && f.values.held_by(table, row))
    }
}

/// Puts sets to the test of what trees say of their rows.
struct Judge<'a> {
    tabular: &'a Tabular<'a>,
    schema: &'a Schema,
    /// Logarithm of the odds against a set being a trigger, with as many looked at.
    doubt: f64,
}

impl Judge<'_> {
    /// Those of a group that even trees without the rows of all of them do not explain.
    fn unexplained(&self, group: Vec<ValueSet>) -> Vec<ValueSet> {
        let together: Vec<&ValueSet> = group.iter().collect();
        let by_group = unlearnt(self.tabular, &together, &[]);
        let left = group.into_iter().zip(by_group).filter(|(set, by_group)| self.at_best(set, by_group) >= KEPT);
        left.map(|(set, _)| set).collect()
    }

    /// What is left of a set with trees of its own; `None` if nothing can be.
    fn confirmed(&self, mut set: ValueSet) -> Option<Found> {
        let confirmed = unlearnt(self.tabular, &[&set], &[])[0];
        if self.at_best(&set, &confirmed) < KEPT {
            return None;
        }
        let by_others = self.by_others(&set);
        if by_others.strength() > set.association.strength() {
            set.association = by_others;
        }
        let probability = self.judged(0.5 * (set.strength() + confirmed.strength().min(set.meeting())), &set);
        Some(self.found(set, confirmed, probability))
    }

    /// A spike, by what the rest of its rows says alone. Trees that see the values say what these say by nature, but of a
    /// spike without neighbours nature knows no rule. Few values are one, so that there is less to doubt.
    fn by_rest(&self, mut set: ValueSet, by_chance: f64) -> Found {
        let rest = self.by_others(&set);
        set.association = rest;
        let weak = rest.strength() < SPIKE_NATS_PER_ROW * set.hits as f64;
        let strength = (set.spiking() - self.doubt).min(0.5 * rest.strength() - by_chance);
        let probability = if weak { 0.0 } else { logistic(strength) };
        self.found(set, rest, probability)
    }

    /// What a set can come to at best, whatever trees that do not see its columns say.
    fn at_best(&self, set: &ValueSet, confirmed: &Association) -> f64 {
        self.judged(0.5 * (set.meeting() + confirmed.strength().min(set.meeting())), set)
    }

    fn judged(&self, strength: f64, set: &ValueSet) -> f64 {
        let weak = strength < NATS_PER_ROW * set.hits as f64;
        if weak { 0.0 } else { logistic(strength - self.doubt) }
    }

    /// What trees say that do not see the columns which may be part of what was planted.
    fn by_others(&self, set: &ValueSet) -> Association {
        let planted: Vec<usize> = set.columns.iter().map(|&c| self.tabular.items.columns[c]).collect();
        unlearnt(self.tabular, &[set], &planted)[0]
    }

    fn found(&self, set: ValueSet, confirmed: Association, probability: f64) -> Found {
        let values = NamedValues::of(self.tabular, self.schema, &set.items, set.rows[0]);
        Found { set, values, confirmed, probability }
    }
}

/// The strongest sets, each with rows of its own: by all that speaks for them, and by what does not need the content.
fn distinct(sets: Vec<ValueSet>) -> Vec<ValueSet> {
    let mut chosen: Vec<ValueSet> = Vec::new();
    choose(&mut chosen, sets.iter().filter(|s| s.strength() > 0.0), CONFIRMED);
    let by_meeting = sorted(sets.iter().filter(|s| s.without_content() > 0.0), ValueSet::without_content);
    choose(&mut chosen, by_meeting, CONFIRMED + BY_MEETING);
    chosen
}

/// The sets that are most of a spike, of those worth it, each with rows of its own.
fn spikes(sets: &[ValueSet], worth: impl Fn(&ValueSet) -> bool) -> Vec<ValueSet> {
    let mut chosen: Vec<ValueSet> = Vec::new();
    choose(&mut chosen, sorted(sets.iter().filter(|set| worth(set)), ValueSet::spiking), SPIKES);
    chosen
}

fn sorted<'a>(sets: impl Iterator<Item = &'a ValueSet>, worth: fn(&ValueSet) -> f64) -> Vec<&'a ValueSet> {
    let mut sorted: Vec<&ValueSet> = sets.collect();
    sorted.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then_with(|| a.items.cmp(&b.items)));
    sorted
}

/// Adds the sets whose rows are not mostly those of chosen ones, in their order, until there are `most`.
fn choose<'a>(chosen: &mut Vec<ValueSet>, sets: impl IntoIterator<Item = &'a ValueSet>, most: usize) {
    for set in sets {
        if chosen.len() >= most {
            break;
        }
        let known = |r: &&u32| chosen.iter().any(|c| c.rows.binary_search(r).is_ok());
        let shared = set.rows.iter().filter(known).count() as f64;
        if shared <= SHARED * set.rows.len() as f64 {
            chosen.push(set.clone());
        }
    }
}

/// What trees fitted to all other rows say of each set's rows: a natural pattern goes on around them, a planted one ends.
/// The trees do not see the columns in `blind`, which may be part of what was planted.
fn unlearnt(tabular: &Tabular<'_>, sets: &[&ValueSet], blind: &[usize]) -> Vec<Association> {
    let rows = tabular.rows;
    let mut left_out = vec![false; rows.len()];
    sets.iter().flat_map(|set| &set.rows).for_each(|&r| left_out[r as usize] = true);
    let Some(trees) = tabular.trees(|r| !left_out[r], blind, Size::SMALL) else {
        return vec![Association::default(); sets.len()];
    };
    let judge = |set: &&ValueSet| {
        let hit = |&r: &u32| rows.labels[r as usize] == set.target;
        let probabilities = tabular.asked(&trees, &set.rows, set.target);
        let judged: Vec<(bool, f64)> = set.rows.iter().map(hit).zip(probabilities).collect();
        Association::of(&judged, rows.priors[set.target as usize])
    };
    sets.iter().map(judge).collect()
}

impl Found {
    fn sentence(&self, classes: &[String]) -> String {
        let (rows, hits) = (self.set.rows.len(), self.set.hits);
        let all = if hits == rows { "all".to_owned() } else { format!("{hits} of {rows}") };
        format!(
            "rows with {} are {all} {:?}: {hits} rows, {:.0} expected from their other columns",
            self.values, classes[self.set.target as usize], self.confirmed.expected
        )
    }
}

impl Part for ValueSets {
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64> {
        (0..table.len).map(|row| self.of_row(table, row, labels[row]).map_or(0.0, |f| f.probability)).collect()
    }

    fn reason(&self, table: &Table, row: usize, label: u32) -> Reason {
        let Some(found) = self.of_row(table, row, label) else { return Reason::default() };
        Reason { columns: found.values.columns(), text: found.sentence(&self.classes), suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let observation = |found: &Found| Observation {
            code: "label-values",
            scope: Scope::Dataset,
            message: found.sentence(&self.classes),
            columns: found.values.columns(),
            magnitude: (1.0 - found.confirmed.expected / found.set.hits.max(1) as f64).clamp(0.2, 1.0),
            p_value: None,
            q_value: None,
            evidence: json!({
                "values": found.values.to_json(),
                "label": self.classes[found.set.target as usize],
                "rows": found.set.rows.len(),
                "rows_with_label": found.set.hits,
                "expected": found.confirmed.expected,
                "nats_for_values_meeting": found.set.lift,
                "nats_by_columns": found.set.association.strength(),
                "nats_by_trees": found.confirmed.strength(),
                "probability": found.probability,
            }),
        };
        self.found.iter().filter(|f| f.probability >= 0.5).map(observation).collect()
    }
}
