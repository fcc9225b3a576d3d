#![doc = include_str!("README.md")]

mod checks;
mod kinds;
mod patterns;

use std::any::Any;

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema, State,
    Table, Values,
};

use crate::{
    Entry,
    seen::{Kind as _, Seen},
    text_cells,
};
use kinds::Kind;
use patterns::matches;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "unsafe-content",
    finds: "content that acts on whoever reads, shows or runs it, and secrets",
    readme: include_str!("README.md"),
};

/// Share of a column's texts that must look like code for it to be a column of code.
const CODE_SHARE: f64 = 0.3;
/// Different signs of code that a text of code has.
const CODE_SIGNS: usize = 3;
const SIGNS: [&str; 16] = [
    "{",
    "}",
    ");",
    ";\n",
    "def ",
    "import ",
    "return ",
    "function ",
    "SELECT ",
    "</",
    "=>",
    "#include",
    "const ",
    "class ",
    " == ",
    "[i]",
];

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    code: Vec<String>,
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    Ok(Box::new(UnsafeContent { params: crate::parameters(ABOUT.id, given)? }))
}

struct UnsafeContent {
    params: Params,
}

impl Detector for UnsafeContent {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        text_cells::columns(schema).first().map(|_| ()).ok_or_else(|| NotApplicable("no column holds text".into()))
    }

    fn state(&self, schema: &Schema, key: Key) -> Box<dyn State> {
        Box::new(Counted { seen: Seen::new(schema, key), code: self.params.code.clone() })
    }
}

struct Counted {
    seen: Seen<Kind>,
    /// Columns given as code.
    code: Vec<String>,
}

impl State for Counted {
    fn observe(&mut self, table: &Table) {
        self.seen.observe(table, |text| matches(text).into_iter().map(|(kind, m)| (kind, kind.shown(m))).collect());
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.seen.merge(other.seen);
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let name = |column: &usize| evidence.schema.columns[*column].name.clone();
        let names: Vec<String> = self.seen.columns.iter().map(name).collect();
        let is_code = |(&column, name): (&usize, &String)| {
            self.code.contains(name) || is_code(&evidence.sample.table.columns[column])
        };
        let code = self.seen.columns.iter().zip(&names).map(is_code).collect();
        Box::new(Unsafe { seen: self.seen, names, code })
    }
}

/// Whether many of a column's texts look like code.
fn is_code(values: &Values) -> bool {
    let Some(texts) = values.as_text() else { return false };
    let code = texts.iter().flatten().filter(|text| SIGNS.iter().filter(|s| text.contains(**s)).count() >= CODE_SIGNS);
    code.count() as f64 > CODE_SHARE * texts.len() as f64
}

/// Judges a row by the worst that it holds.
struct Unsafe {
    seen: Seen<Kind>,
    names: Vec<String>,
    /// Which columns hold code.
    code: Vec<bool>,
}

impl Unsafe {
    /// What a text in this column holds that does not belong there.
    fn found<'a>(&self, at: usize, text: &'a str) -> Vec<(Kind, &'a str)> {
        let mut found = matches(text);
        found.retain(|(kind, _)| !(self.code[at] && kind.is_ordinary_in_code()));
        found
    }
}

impl Model for Unsafe {
    fn score(&self, table: &Table) -> Vec<f64> {
        let mut scores = vec![0.0; table.len];
        for (at, &column) in self.seen.columns.iter().enumerate() {
            let worst = |text: &str| self.found(at, text).first().map(|(kind, _)| kind.score());
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
        let mut found: Vec<(Kind, &str, String)> = Vec::new();
        for (at, (&column, name)) in self.seen.columns.iter().zip(&self.names).enumerate() {
            let text = text_cells::of(table, column, row).unwrap_or_default();
            found.extend(self.found(at, text).into_iter().map(|(kind, m)| (kind, name.as_str(), kind.shown(m))));
        }
        found.sort();
        let mut columns: Vec<String> = found.iter().map(|f| f.1.to_owned()).collect();
        columns.dedup();
        let said = found.iter().take(3).map(|(kind, name, example)| format!("{} in {name}: {example}", kind.what()));
        Reason { text: said.collect::<Vec<_>>().join("; "), columns, suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let is_code = |column: usize| self.seen.columns.iter().zip(&self.code).any(|(&c, &code)| c == column && code);
        self.seen.observations(&self.names, |kind, column| kind.is_ordinary_in_code() && is_code(column))
    }
}
