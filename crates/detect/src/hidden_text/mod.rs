#![doc = include_str!("README.md")]

mod kinds;

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema, Scope,
    State, Table,
};

use crate::{Entry, text_cells};
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
        Box::new(Seen { columns: text_cells::columns(schema), key, kinds: BTreeMap::new() })
    }
}

/// How many rows hide which kind of thing in which column.
struct Seen {
    columns: Vec<usize>,
    key: Key,
    kinds: BTreeMap<(Kind, usize), Cases>,
}

/// How often a kind was seen.
#[derive(Clone, Debug)]
struct Cases {
    rows: u64,
    /// One example, that with the smallest key, so that it is the same in whatever order the data is read.
    example: (u64, String),
}

impl Seen {
    fn add(&mut self, at: (Kind, usize), cases: Cases) {
        match self.kinds.entry(at) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(cases);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let known = slot.get_mut();
                known.rows += cases.rows;
                if cases.example < known.example {
                    known.example = cases.example;
                }
            }
        }
    }
}

impl State for Seen {
    fn observe(&mut self, table: &Table) {
        for column in self.columns.clone() {
            let found = text_cells::judged(table, column, |text| Some(hidden(text)).filter(|found| !found.is_empty()));
            for (kind, example) in found.into_iter().flatten().flatten() {
                let key = self.key.of(example.as_bytes());
                self.add((kind, column), Cases { rows: 1, example: (key, example) });
            }
        }
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            other.kinds.into_iter().for_each(|(at, cases)| self.add(at, cases));
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let name = |column: &usize| evidence.schema.columns[*column].name.clone();
        Box::new(Hidden { names: self.columns.iter().map(name).collect(), columns: self.columns, kinds: self.kinds })
    }
}

/// Judges a row by its worst kind.
struct Hidden {
    columns: Vec<usize>,
    names: Vec<String>,
    kinds: BTreeMap<(Kind, usize), Cases>,
}

impl Model for Hidden {
    fn score(&self, table: &Table) -> Vec<f64> {
        let mut scores = vec![0.0; table.len];
        for &column in &self.columns {
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
        for (&column, name) in self.columns.iter().zip(&self.names) {
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
        let of = |kind: Kind| self.kinds.iter().filter(move |(at, _)| at.0 == kind);
        let seen = Kind::ALL.into_iter().filter(|&kind| of(kind).next().is_some());
        let told = seen.map(|kind| {
            let rows: u64 = of(kind).map(|(_, cases)| cases.rows).sum();
            let name = |column: usize| self.columns.iter().position(|&c| c == column).map(|at| self.names[at].clone());
            let columns: Vec<String> = of(kind).filter_map(|(at, _)| name(at.1)).collect();
            let example = of(kind).map(|(_, cases)| &cases.example).min().map_or("", |example| &example.1);
            let cells = if rows == 1 { "cell has" } else { "cells have" };
            Observation {
                code: kind.code(),
                scope: Scope::Dataset,
                message: format!("{rows} {cells} {}: {example}", kind.what()),
                columns,
                magnitude: kind.magnitude(),
                p_value: None,
                q_value: None,
                evidence: json!({ "cells": rows, "example": example }),
            }
        });
        told.collect()
    }
}
