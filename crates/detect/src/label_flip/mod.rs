#![doc = include_str!("README.md")]

mod calibration;
pub(crate) mod classes;
mod copies;
mod depths;
mod judge;
mod members;
mod nearby;
mod noise;
mod observe;
mod panel;
mod regions;
pub(crate) mod sharpness;
mod space;
mod undirected;
mod view;

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema, Scope,
    State, Table,
};

use crate::{Entry, label};

#[cfg(test)]
mod tests;

const ABOUT: About =
    About { id: "label-flip", finds: "rows whose label was changed", readme: include_str!("README.md") };

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    trees: usize,
    depth: usize,
    classes_max: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { trees: 100, depth: 6, classes_max: 1000 }
    }
}

impl Params {
    fn check(self) -> Result<Self, ParameterError> {
        let refused = |name, value, allowed| {
            Err(ParameterError(format!("detectors.label-flip: `{name}` is {value}; it must be {allowed}")))
        };
        match self {
            Self { trees, .. } if trees == 0 || trees > 10_000 => refused("trees", trees, "1 to 10000"),
            Self { depth, .. } if depth == 0 || depth > 8 => refused("depth", depth, "1 to 8"),
            Self { classes_max, .. } if classes_max < 2 => refused("classes_max", classes_max, "at least 2"),
            valid => Ok(valid),
        }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    Ok(Box::new(LabelFlip { params: params.check()? }))
}

struct LabelFlip {
    params: Params,
}

impl Detector for LabelFlip {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        label::needed(schema)?;
        let evidence = schema.features().chain(schema.with_role(taster_core::Role::Probabilities)).next();
        evidence.map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
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
        match judge::Judge::fit(evidence, &self.params) {
            Ok(judge) => Box::new(judge),
            Err(why) => Box::new(Mute { why }),
        }
    }
}

/// Says nothing of any row, and why.
struct Mute {
    why: String,
}

impl Model for Mute {
    fn score(&self, table: &Table) -> Vec<f64> {
        vec![f64::NAN; table.len]
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, _table: &Table, _row: usize) -> Reason {
        Reason::default()
    }

    fn observations(&self) -> Vec<Observation> {
        vec![Observation {
            code: "not-examined",
            scope: Scope::Dataset,
            message: format!("label-flip looked at no row: {}", self.why),
            columns: Vec::new(),
            magnitude: 0.0,
            p_value: None,
            q_value: None,
            evidence: serde_json::Value::Null,
        }]
    }
}
