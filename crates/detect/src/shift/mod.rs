#![doc = include_str!("README.md")]

mod classes;
mod columns;
mod crowds;
mod forms;
mod labels;
mod novelty;
mod pairs;
mod parts;
mod rarity;
mod rows;
mod told;
mod tops;
mod views;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Detector, Evidence, Key, Margins, Model, NotApplicable, Observation, ParameterError, Reason, Role, Sample,
    Scale, Schema, Scope, State, Table,
};

use crate::Entry;
use novelty::Novelty;
use parts::Parts;
use rows::Classifier;
use views::View;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "shift",
    finds: "columns and rows that a trusted reference does not explain",
    readme: include_str!("README.md"),
};

/// Rows of each side that the classifier is fitted on at most.
const CLASSIFIED_ROWS: usize = 24_576;

/// Rows of each side whose distances from the reference are measured at most.
const NOVEL_ROWS: usize = 4096;

/// Families of tests that share the level: columns as a whole, parts of them, ranges, forms of values, all columns together,
/// crowded cells, distances from the reference, and the label given the features.
const FAMILIES: f64 = 8.0;

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
        let margins = evidence.margins.is_some_and(|margins| margins.reference.len >= self.params.least_rows);
        match current {
            Some(current) if margins || reference.is_some() => {
                Box::new(Shifted::fit(&self.params, evidence, current, reference))
            }
            _ => Box::new(Shifted { observations: vec![too_few(self.params.least_rows)], rows: None }),
        }
    }
}

struct Shifted {
    observations: Vec<Observation>,
    rows: Option<Classifier>,
}

impl Shifted {
    /// Compares columns by the margins where there are some, and rows where there are some.
    fn fit(params: &Params, evidence: &Evidence<'_>, current: &Sample, reference: Option<&Sample>) -> Self {
        let &Params { alpha, effect, .. } = params;
        let (schema, key) = (evidence.schema, evidence.key);
        let mut observations = match (evidence.margins, reference) {
            (Some(margins), _) => by_margins(margins, key, (alpha, effect)),
            (None, Some(reference)) => by_columns(schema, (&current.table, &reference.table), key, (alpha, effect)),
            (None, None) => Vec::new(),
        };
        let Some(reference) = reference else {
            if let Some(margins) = evidence.margins {
                let changed: BTreeSet<String> = observations.iter().flat_map(|seen| seen.columns.clone()).collect();
                observations.extend(pairs::compare(margins, &changed, (alpha, effect)));
                observations.push(not_tested(margins));
            }
            return Self { observations, rows: None };
        };
        let some = [current, reference].map(|side| side.reduced(crowds::ROWS));
        observations.extend(by_forms(schema, (&some[0], &some[1]), key, (alpha, effect)));
        let whole = (current, reference);
        let (current, reference) = (current.reduced(CLASSIFIED_ROWS), reference.reduced(CLASSIFIED_ROWS));
        let (rows, labels) = rayon::join(
            || Classifier::fit(schema, &current, &reference, key),
            || labels::compare(schema, &current, &reference, key, (alpha, effect)),
        );
        observations.extend(labels);
        let apart = rows.as_ref().is_some_and(|rows| rows.tells_apart(alpha, effect));
        if apart && observations.is_empty() {
            observations.extend(rows.as_ref().map(Classifier::observation));
        }
        if let (true, Some(rows)) = (observations.is_empty(), &rows) {
            observations.extend(crowds::compare(rows.binning(), (&some[0], &some[1]), key, (alpha, effect)));
        }
        if observations.is_empty() {
            let sides = [whole.0, whole.1].map(|side| side.reduced(NOVEL_ROWS));
            let novelty = Novelty::of(schema, &sides[0], &sides[1], key);
            observations.extend(novelty.and_then(|novelty| novelty.observation(alpha, effect)));
        }
        let rows = if observations.is_empty() { rows.map(Classifier::calmed) } else { rows };
        Self { observations, rows }
    }
}

/// What is seen of columns and their parts, each by itself.
fn by_columns(schema: &Schema, sides: (&Table, &Table), key: Key, (alpha, effect): (f64, f64)) -> Vec<Observation> {
    let views = views::of_columns(schema, sides.0, sides.1, key);
    let tested = columns::compare(schema, sides, &views, (alpha, effect));
    let changed = tested.iter().filter(|change| change.matters);
    let mut observations: Vec<Observation> = changed.map(|change| change.observation(tested.len())).collect();
    let parts = Parts::compare(schema, sides, &views, key, (alpha / FAMILIES, effect));
    observations.extend(parts.observations(schema, sides, key, &tested));
    observations
}

/// What is seen of how values are written: forms of a column that are more or less frequent.
fn by_forms(schema: &Schema, sides: (&Table, &Table), key: Key, (alpha, effect): (f64, f64)) -> Vec<Observation> {
    let forms = forms::of(schema, sides.0, sides.1);
    let sides = (&forms.current, &forms.reference);
    let views: Vec<Vec<View>> = forms.origins.iter().map(|_| Vec::new()).collect();
    let parts = Parts::compare(&forms.schema, sides, &views, key, (alpha / FAMILIES, effect));
    renamed(parts.observations(&forms.schema, sides, key, &[]), &forms)
}

/// The same of a reference that is known by its profile; columns are named as the dataset has them.
fn by_margins(margins: &Margins, key: Key, levels: (f64, f64)) -> Vec<Observation> {
    renamed(by_columns(&margins.schema, (&margins.current, &margins.reference), key, levels), margins)
}

/// Observations of columns that tell of others, with those named.
fn renamed(mut observations: Vec<Observation>, margins: &Margins) -> Vec<Observation> {
    let origin = |name: String| {
        let told = margins.schema.position(&name);
        told.and_then(|i| margins.origins.get(i).cloned()).unwrap_or(name)
    };
    for observation in &mut observations {
        observation.columns = std::mem::take(&mut observation.columns).into_iter().map(origin).collect();
    }
    observations
}

fn not_tested(margins: &Margins) -> Observation {
    Observation {
        code: "not-tested",
        scope: Scope::Dataset,
        message: format!(
            "only columns by themselves and in pairs were compared with the reference: {}",
            margins.untested
        ),
        columns: Vec::new(),
        magnitude: 0.0,
        p_value: None,
        q_value: None,
        evidence: json!({ "columns": margins.schema.columns.len(), "reference_rows": margins.reference.len }),
    }
}

fn too_few(least: usize) -> Observation {
    Observation {
        code: "too-few-rows",
        scope: Scope::Dataset,
        message: format!("not compared: fewer than {least} rows in the dataset or the reference"),
        columns: Vec::new(),
        magnitude: 0.0,
        p_value: None,
        q_value: None,
        evidence: json!({ "least_rows": least }),
    }
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
        self.observations.clone()
    }
}

/// A corrected p-value in words; smaller ones than can be told of are not zero.
fn corrected(p: f64) -> String {
    if p < 1e-300 { "corrected p < 1e-300".into() } else { format!("corrected p = {p:.1e}") }
}

/// Whether a column is compared: features and the label; not what names, dates or attributes a row.
fn compared(role: Role) -> bool {
    role.is_feature() || role == Role::Label
}
