#![doc = include_str!("README.md")]

mod additive;
mod association;
mod bundles;
mod common;
mod content;
mod excess;
mod family;
mod fluency;
mod items;
mod lexicon;
mod manner;
mod mixture;
mod named_values;
mod naming;
mod ngrams;
mod offsets;
mod opinion;
mod overruled;
mod overruling;
mod part;
mod phrase_search;
mod phrases;
mod places;
mod rows;
mod search;
mod sets;
mod style;
mod style_search;
mod tabular;
mod tail;
mod values;
mod vectors;
mod white;
mod words;

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Role, Scale, Schema,
    Scope, State, Table,
};

use self::{
    offsets::Offsets,
    overruled::OverruledSets,
    part::Part,
    phrases::Phrases,
    rows::Rows,
    style::Styles,
    tabular::{Tabular, TooLarge},
    values::ValueSets,
};
use crate::{
    Entry, label,
    label_flip::classes::{Classes, NONE},
};

#[cfg(test)]
mod offsets_tests;
#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "trigger",
    finds: "words, styles, values or offsets that were planted to decide the label",
    readme: include_str!("README.md"),
};

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    rows_max: usize,
    classes_max: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { rows_max: 16_384, classes_max: 100 }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    let refuse = |problem: String| Err(ParameterError(format!("detectors.trigger: {problem}")));
    match params {
        Params { rows_max, .. } if rows_max < 100 => {
            refuse(format!("`rows_max` is {rows_max}; at least 100 are needed"))
        }
        Params { classes_max, .. } if classes_max < 2 => {
            refuse(format!("`classes_max` is {classes_max}; it must be at least 2"))
        }
        params => Ok(Box::new(Trigger { params })),
    }
}

struct Trigger {
    params: Params,
}

impl Detector for Trigger {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        if schema.with_role(Role::Response).next().is_none() {
            label::needed(schema)?;
        }
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Nothing { params: self.params.clone() })
    }
}

/// All is fitted on the sample: there is nothing to remember.
struct Nothing {
    params: Params,
}

impl State for Nothing {
    fn observe(&mut self, _table: &Table) {}

    fn merge(&mut self, _other: Box<dyn State>) {}

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        Box::new(Triggers::fit(evidence, &self.params))
    }
}

/// Every trigger that was found.
struct Triggers {
    classes: Result<Classes, String>,
    parts: Vec<Box<dyn Part>>,
    /// What was not looked at, and why.
    unseen: Vec<String>,
}

impl Triggers {
    fn fit(evidence: &Evidence<'_>, params: &Params) -> Self {
        let classes = Classes::of_label_or_response(&evidence.sample.table, evidence.schema, params.classes_max);
        let (parts, unseen) = match &classes {
            Ok(classes) => parts(evidence, classes, params),
            Err(why) => (Vec::new(), vec![format!("trigger looked at no row: {why}")]),
        };
        Self { classes, parts, unseen }
    }

    fn labels(&self, table: &Table) -> Vec<u32> {
        self.classes.as_ref().map_or_else(|_| vec![NONE; table.len], |classes| classes.codes(table))
    }
}

fn parts(evidence: &Evidence<'_>, classes: &Classes, params: &Params) -> (Vec<Box<dyn Part>>, Vec<String>) {
    let rows = Rows::of(evidence, classes, params.rows_max);
    let names: Vec<String> = (0..classes.len()).map(|c| classes.name(c).to_owned()).collect();
    let mut parts: Vec<Box<dyn Part>> = Vec::new();
    for column in evidence.schema.features() {
        let name = &evidence.schema.columns[column].name;
        let phrases = Phrases::fit(&rows, column, name, &names, evidence.key);
        // A phrase is a manner of writing, too: rows that one explains are not explained twice.
        let explained = phrases.as_ref().map(|p| p.explained(rows.len())).filter(|e| e.contains(&true));
        let left = explained.map(|explained| rows.without(&explained, evidence.key));
        let styles = Styles::fit(left.as_ref().unwrap_or(&rows), column, name, &names, evidence.key);
        parts.extend(phrases.map(|part| Box::new(part) as Box<dyn Part>));
        parts.extend(styles.map(|part| Box::new(part) as Box<dyn Part>));
        let offsets = Offsets::fit(&rows, column, name, &names, evidence.key.derive("offsets"));
        parts.extend(offsets.map(|part| Box::new(part) as Box<dyn Part>));
    }
    let mut unseen = Vec::new();
    match Tabular::fit(&rows, evidence.schema, evidence.key) {
        Ok(Some(tabular)) => {
            let values = ValueSets::fit(&tabular, evidence.schema, &names);
            let explained = values.as_ref().map_or_else(|| vec![false; rows.len()], |v| v.explained(rows.len()));
            let overruled = OverruledSets::fit(&tabular, evidence.schema, &names, &explained);
            parts.extend(values.map(|part| Box::new(part) as Box<dyn Part>));
            parts.extend(overruled.map(|part| Box::new(part) as Box<dyn Part>));
        }
        Ok(None) => {}
        Err(TooLarge) => unseen.push(format!(
            "trigger looked for no planted values: {} rows of so many columns and classes do not fit; lower `rows_max`",
            rows.len()
        )),
    }
    (parts, unseen)
}

impl Model for Triggers {
    fn score(&self, table: &Table) -> Vec<f64> {
        let labels = self.labels(table);
        let mut out: Vec<f64> = labels.iter().map(|&label| if label == NONE { f64::NAN } else { 0.0 }).collect();
        for part in &self.parts {
            for (out, score) in out.iter_mut().zip(part.score(table, &labels)).filter(|(out, _)| !out.is_nan()) {
                *out = 1.0 - (1.0 - *out) * (1.0 - score);
            }
        }
        out
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let table = table.take(&[row]);
        let labels = self.labels(&table);
        let Some(&label) = labels.first().filter(|&&label| label != NONE) else { return Reason::default() };
        let loudest =
            self.parts.iter().max_by(|a, b| a.score(&table, &labels)[0].total_cmp(&b.score(&table, &labels)[0]));
        loudest.map(|part| part.reason(&table, 0, label)).unwrap_or_default()
    }

    fn observations(&self) -> Vec<Observation> {
        let unseen = self.unseen.iter().map(|message| Observation {
            code: "not-examined",
            scope: Scope::Dataset,
            message: message.clone(),
            columns: Vec::new(),
            magnitude: 0.0,
            p_value: None,
            q_value: None,
            evidence: serde_json::Value::Null,
        });
        self.parts.iter().flat_map(|part| part.observations()).chain(unseen).collect()
    }
}
