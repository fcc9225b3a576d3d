#![doc = include_str!("README.md")]

mod columns;
mod rows;

use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Role, Sample, Scale,
    Schema, Scope, State, Stride, Table, Tag,
};

use crate::{Entry, catalogue};
use columns::Change;
use rows::Classifier;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "shift",
    finds: "columns and rows that a trusted reference does not explain",
    readme: include_str!("README.md"),
    tags: TAGS,
};
const TAGS: &[Tag] = &[Stride::Tampering.tag(), catalogue::ATLAS_POISON, catalogue::ERODE, catalogue::NIST_POISON];

/// Rows of each side that the classifier is fitted on at most.
const CLASSIFIED_ROWS: usize = 24_576;

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    alpha: f64,
    effect: f64,
    least_rows: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { alpha: 0.01, effect: 0.05, least_rows: 30 }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    for (name, value) in [("alpha", params.alpha), ("effect", params.effect)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(ParameterError(format!("detectors.shift: `{name}` is {value}, not between 0 and 1")));
        }
    }
    Ok(Box::new(Shift { params }))
}

struct Shift {
    params: Params,
}

impl Detector for Shift {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, has_reference: bool) -> Result<(), NotApplicable> {
        if !has_reference {
            return Err(NotApplicable("there is no reference to compare with; give one with --reference".into()));
        }
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Sampled { params: self.params.clone() })
    }
}

/// Everything is fitted on the keyed samples; there is nothing else to remember.
struct Sampled {
    params: Params,
}

impl State for Sampled {
    fn observe(&mut self, _table: &Table) {}

    fn merge(&mut self, _other: Box<dyn State>) {}

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let enough = |sample: &&Sample| sample.table.len >= self.params.least_rows;
        let (reference, current) = (evidence.reference.filter(enough), Some(evidence.sample).filter(enough));
        let (Some(reference), Some(current)) = (reference, current) else {
            return Box::new(Shifted {
                tests: 0,
                changes: Vec::new(),
                rows: None,
                too_small: Some(self.params.least_rows),
            });
        };
        let tested = columns::compare(evidence.schema, &current.table, &reference.table, evidence.key);
        let tests = tested.len();
        let real =
            |change: &Change| change.adjusted <= self.params.alpha && change.outcome.effect >= self.params.effect;
        let changes: Vec<Change> = tested.into_iter().filter(real).collect();
        let (current, reference) = (current.reduced(CLASSIFIED_ROWS), reference.reduced(CLASSIFIED_ROWS));
        let rows = Classifier::fit(evidence.schema, &current, &reference, evidence.key, changes.is_empty());
        Box::new(Shifted { tests, changes, rows, too_small: None })
    }
}

struct Shifted {
    tests: usize,
    changes: Vec<Change>,
    rows: Option<Classifier>,
    too_small: Option<usize>,
}

impl Model for Shifted {
    fn score(&self, table: &Table) -> Vec<f64> {
        self.rows.as_ref().map_or_else(|| vec![f64::NAN; table.len], |rows| rows.score(table))
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let columns = self.rows.as_ref().map(|rows| rows.columns_against(table, row)).unwrap_or_default();
        let named = if columns.is_empty() { String::new() } else { format!(", most of all by {}", columns.join(", ")) };
        Reason {
            text: format!("more like what is new here than like the reference{named}"),
            columns,
            suggested_label: None,
        }
    }

    fn observations(&self) -> Vec<Observation> {
        let mut seen: Vec<Observation> = self.changes.iter().map(|change| change.observation(self.tests)).collect();
        if let Some(rows) = &self.rows
            && seen.is_empty()
            && rows.tells_apart()
        {
            seen.push(rows.observation());
        }
        if let Some(least) = self.too_small {
            seen.push(Observation {
                code: "too-few-rows",
                scope: Scope::Dataset,
                message: format!("not compared: fewer than {least} rows in the dataset or the reference"),
                columns: Vec::new(),
                magnitude: 0.0,
                p_value: None,
                q_value: None,
                evidence: json!({ "least_rows": least }),
            });
        }
        seen
    }
}

/// Whether a column is compared: features and the label; not what names, dates or attributes a row.
fn compared(role: Role) -> bool {
    role.is_feature() || role == Role::Label
}
