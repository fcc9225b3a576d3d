#![doc = include_str!("README.md")]

mod kinds;

use std::any::Any;

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema, State,
    Table,
};

use crate::{
    Entry,
    seen::{Kind as _, Seen},
    text_cells,
};
use kinds::{Kind, hidden};

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "hidden-text",
    finds: "text that is not seen: invisible, reordered or imitated characters",
    readme: include_str!("README.md"),
};

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters: there are none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    crate::parameters::<Params>(ABOUT.id, given)?;
    Ok(Box::new(HiddenText))
}

struct HiddenText;

impl Detector for HiddenText {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        text_cells::columns(schema).first().map(|_| ()).ok_or_else(|| NotApplicable("no column holds text".into()))
    }

    fn state(&self, schema: &Schema, key: Key) -> Box<dyn State> {
        Box::new(Counted { seen: Seen::new(schema, key) })
    }
}

struct Counted {
    seen: Seen<Kind>,
}

impl State for Counted {
    fn observe(&mut self, table: &Table) {
        self.seen.observe(table, |text| hidden(text).into_iter().collect());
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.seen.merge(other.seen);
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let name = |column: &usize| evidence.schema.columns[*column].name.clone();
        Box::new(Hidden { names: self.seen.columns.iter().map(name).collect(), seen: self.seen })
    }
}

/// Judges a row by its worst kind.
struct Hidden {
    seen: Seen<Kind>,
    names: Vec<String>,
}

impl Model for Hidden {
    fn score(&self, table: &Table) -> Vec<f64> {
        let mut scores = vec![0.0; table.len];
        for &column in &self.seen.columns {
            let worst = |text: &str| hidden(text).keys().next().map(|kind| kind.score());
            for (score, worst) in scores.iter_mut().zip(text_cells::judged(table, column, worst)) {
                *score = worst.map_or(*score, |worst| worst.max(*score));
            }
        }
        scores
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let mut found: Vec<(Kind, String, String)> = Vec::new();
        for (&column, name) in self.seen.columns.iter().zip(&self.names) {
            let kinds = text_cells::of(table, column, row).map(hidden).unwrap_or_default();
            found.extend(kinds.into_iter().map(|(kind, example)| (kind, name.clone(), example)));
        }
        found.sort();
        let mut columns: Vec<String> = found.iter().map(|f| f.1.clone()).collect();
        columns.dedup();
        let said = found.iter().take(3).map(|(kind, name, example)| format!("{} in {name}: {example}", kind.what()));
        Reason { text: said.collect::<Vec<_>>().join("; "), columns, suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        self.seen.observations(&self.names, |_, _| false)
    }
}
