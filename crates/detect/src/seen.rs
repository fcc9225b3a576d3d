//! How many cells hold which kind of thing: an exact count in a mergeable state, and what is told of it.

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::json;
use taster_core::{Key, Observation, Schema, Scope, Table};

use crate::text_cells;

/// Kinds of things that a text may hold.
pub trait Kind: Copy + Ord + Send + Sync + 'static {
    /// Every kind, the worst first.
    const ALL: &'static [Self];

    /// The kind in kebab-case.
    fn code(self) -> &'static str;

    /// The kind, for a person.
    fn what(self) -> &'static str;

    /// How much it matters that a dataset has it, in [0, 1].
    fn magnitude(self) -> f64;
}

/// How many cells of which columns hold which kind of thing.
pub struct Seen<K> {
    /// The columns of text, as [`text_cells::columns`] has them.
    pub columns: Vec<usize>,
    key: Key,
    cases: BTreeMap<(K, usize), Cases>,
}

/// How often a kind was seen, and an example: that with the smallest key, the same in whatever order the data is read.
struct Cases {
    cells: u64,
    example: (u64, String),
}

impl<K: Kind> Seen<K> {
    /// Nothing seen yet.
    pub fn new(schema: &Schema, key: Key) -> Self {
        Self { columns: text_cells::columns(schema), key, cases: BTreeMap::new() }
    }

    /// Counts what is found in each cell of a table, with an example to show.
    pub fn observe(&mut self, table: &Table, find: impl Fn(&str) -> Vec<(K, String)>) {
        for column in self.columns.clone() {
            let found = text_cells::judged(table, column, |text| Some(find(text)).filter(|found| !found.is_empty()));
            for (kind, example) in found.into_iter().flatten().flatten() {
                let key = self.key.of(example.as_bytes());
                self.add((kind, column), Cases { cells: 1, example: (key, example) });
            }
        }
    }

    /// Takes in what another has seen.
    pub fn merge(&mut self, other: Self) {
        other.cases.into_iter().for_each(|(at, cases)| self.add(at, cases));
    }

    fn add(&mut self, at: (K, usize), cases: Cases) {
        match self.cases.entry(at) {
            Entry::Vacant(slot) => {
                slot.insert(cases);
            }
            Entry::Occupied(mut slot) => {
                let known = slot.get_mut();
                known.cells += cases.cells;
                if cases.example < known.example {
                    known.example = cases.example;
                }
            }
        }
    }

    /// What is told of each kind that was seen. `names` are those of `columns`; what `ordinary` says of a kind in a column
    /// is left out.
    pub fn observations(&self, names: &[String], ordinary: impl Fn(K, usize) -> bool) -> Vec<Observation> {
        let told = |&kind: &K| {
            let cases: Vec<(usize, &Cases)> = self
                .cases
                .iter()
                .filter(|((k, column), _)| *k == kind && !ordinary(kind, *column))
                .map(|((_, column), cases)| (*column, cases))
                .collect();
            let example = &cases.iter().map(|(_, cases)| &cases.example).min()?.1;
            let cells: u64 = cases.iter().map(|(_, cases)| cases.cells).sum();
            let at = |column: usize| self.columns.iter().position(|&c| c == column);
            let named = cases.iter().filter_map(|&(column, _)| names.get(at(column)?).cloned());
            let have = if cells == 1 { "cell has" } else { "cells have" };
            Some(Observation {
                code: kind.code(),
                scope: Scope::Dataset,
                message: format!("{cells} {have} {}: {example}", kind.what()),
                columns: named.collect(),
                magnitude: kind.magnitude(),
                p_value: None,
                q_value: None,
                evidence: json!({ "cells": cells, "example": example }),
            })
        };
        K::ALL.iter().filter_map(told).collect()
    }
}
