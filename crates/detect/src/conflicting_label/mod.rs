#![doc = include_str!("README.md")]

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Category, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema,
    Scope, State, Table,
};
use taster_stats::counts::{Copies, Groups, LabelCounts};

use crate::{Entry, label};

#[cfg(test)]
mod tests;

/// Disagreeing share of identical pairs that an attack on 1 % of the rows makes.
const ATTACK_DISAGREEMENT: f64 = 0.02;

const ABOUT: About =
    About { id: "conflicting-label", finds: "identical rows with different labels", readme: include_str!("README.md") };

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    groups: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { groups: 1 << 19 }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    if params.groups == 0 {
        return Err(ParameterError("detectors.conflicting-label: `groups` is 0; at least 1 is needed".into()));
    }
    Ok(Box::new(ConflictingLabel { params }))
}

struct ConflictingLabel {
    params: Params,
}

impl Detector for ConflictingLabel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        label::needed(schema)?;
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Counted { column: schema.label(), groups: Groups::new(self.params.groups), labels: BTreeMap::new() })
    }
}

/// Label counts per group of identical rows.
struct Counted {
    column: Option<usize>,
    groups: Groups,
    /// The labels by key, for naming them.
    labels: BTreeMap<u64, String>,
}

impl State for Counted {
    fn observe(&mut self, table: &Table) {
        let Some(label) = label::of(table, self.column) else { return };
        for (&key, value) in label.keys.iter().zip(&label.values) {
            self.labels.entry(key).or_insert_with(|| value.to_string());
        }
        for (row, &group) in table.feature_keys.iter().enumerate() {
            if let Some(label) = label.key(row) {
                self.groups.add(group, label);
            }
        }
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.groups.merge(other.groups);
            self.labels.extend(other.labels);
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let Self { column, groups, labels: names } = *self;
        let groups = groups.finish();
        let mut sums = Sums::default();
        for (_, labels) in groups.iter() {
            sums.add(labels);
        }
        let features = evidence.schema.features().map(|i| evidence.schema.columns[i].name.clone()).collect();
        Box::new(Conflicts { column, groups, names, sums, features })
    }
}

/// What the kept groups add up to; sums, so the order does not matter.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    groups_of_copies: u64,
    conflicting_groups: u64,
    conflicting_rows: u64,
    pairs: u64,
    disagreeing: u64,
}

impl Sums {
    fn add(&mut self, labels: &LabelCounts) {
        let (pairs, disagreeing) = labels.pairs();
        let conflicting = u64::from(labels.labels() > 1);
        self.groups_of_copies += u64::from(pairs > 0);
        self.conflicting_groups += conflicting;
        self.conflicting_rows += conflicting * labels.total();
        self.pairs += pairs;
        self.disagreeing += disagreeing;
    }

    fn disagreement(&self) -> f64 {
        if self.pairs == 0 { 0.0 } else { self.disagreeing as f64 / self.pairs as f64 }
    }
}

struct Conflicts {
    column: Option<usize>,
    groups: Copies,
    /// The labels by key.
    names: BTreeMap<u64, String>,
    sums: Sums,
    features: Vec<String>,
}

impl Conflicts {
    fn group(&self, table: &Table, label: &Category, row: usize) -> Option<(&LabelCounts, u64)> {
        Some((self.groups.get(table.feature_keys[row])?, label.key(row)?))
    }

    fn row_score(&self, table: &Table, label: &Category, row: usize) -> f64 {
        if !self.groups.covers(table.feature_keys[row]) {
            return f64::NAN;
        }
        let Some((labels, own)) = self.group(table, label, row) else { return 0.0 };
        let others = labels.total().saturating_sub(1);
        if others == 0 {
            return 0.0;
        }
        let disagreeing = (labels.total() - labels.of(own)) as f64 / others as f64;
        disagreeing / (1.0 + self.sums.disagreement() / ATTACK_DISAGREEMENT)
    }

    fn name(&self, label: u64) -> &str {
        self.names.get(&label).map_or("?", String::as_str)
    }
}

impl Model for Conflicts {
    fn score(&self, table: &Table) -> Vec<f64> {
        match label::of(table, self.column) {
            Some(label) => (0..table.len).map(|row| self.row_score(table, label, row)).collect(),
            None => vec![f64::NAN; table.len],
        }
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let group = label::of(table, self.column).and_then(|label| self.group(table, label, row));
        let Some((labels, own)) = group else { return Reason::default() };
        let (total, same) = (labels.total(), labels.of(own));
        let Some((commonest, count)) = labels.commonest() else { return Reason::default() };
        let suggested = (count * 2 > total && commonest != own)
            .then(|| (self.name(commonest).to_owned(), count as f64 / total as f64));
        let rest = if suggested.is_some() {
            format!("{count} of them are {:?}", self.name(commonest))
        } else {
            "no label has a majority among them".to_owned()
        };
        let text =
            format!("{total} rows have exactly these features; {same} of them are {:?}, but {rest}", self.name(own));
        Reason { columns: Vec::new(), text, suggested_label: suggested }
    }

    fn observations(&self) -> Vec<Observation> {
        let sums = &self.sums;
        let mut seen = Vec::new();
        if sums.conflicting_groups > 0 {
            seen.push(Observation {
                code: "conflicts",
                scope: Scope::Dataset,
                message: format!(
                    "{} rows in {} groups of identical rows have different labels; {:.1} % of all pairs of identical \
                     rows disagree",
                    sums.conflicting_rows,
                    sums.conflicting_groups,
                    100.0 * sums.disagreement()
                ),
                columns: self.features.clone(),
                magnitude: 0.0,
                p_value: None,
                q_value: None,
                evidence: json!({
                    "groups_of_identical_rows": sums.groups_of_copies, "conflicting_groups": sums.conflicting_groups,
                    "conflicting_rows": sums.conflicting_rows, "pairs": sums.pairs,
                    "disagreeing_pairs": sums.disagreeing,
                }),
            });
        }
        let coverage = self.groups.coverage();
        if coverage < 1.0 {
            seen.push(Observation {
                code: "partly-examined",
                scope: Scope::Dataset,
                message: format!(
                    "there are more different rows than `groups` allows to keep: a random {:.1} % of them were compared",
                    100.0 * coverage
                ),
                columns: Vec::new(),
                magnitude: 0.0,
                p_value: None,
                q_value: None,
                evidence: json!({ "share_examined": coverage }),
            });
        }
        seen
    }
}
