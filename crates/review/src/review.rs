//! What was decided, and what is looked at. Knows neither terminal nor disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::Digest;
use taster_pipeline::{Case, Cases};
use taster_provenance::{Choice, DECISIONS_TYPE, Decision, Decisions, DigestSet};

use crate::groups::{Group, groups};

/// What happens to a review. All that is known of one follows from its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Rows are decided on, in place of what was decided before.
    Decide(Vec<Decision>),
    /// Decisions are taken back.
    Clear(Vec<Place>),
    /// The last event that was not undone has not happened.
    Undo,
}

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Name of its file.
    pub file: String,
    /// Its number within the file, from 0.
    pub row: u64,
}

/// How many rows are to be kept, dropped, relabelled, and are not decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// To stay in the dataset.
    pub keep: usize,
    /// To be left out.
    pub drop: usize,
    /// To stay with another label.
    pub relabel: usize,
    /// Not decided on.
    pub undecided: usize,
}

/// A review of the quarantined rows of a scan.
#[derive(Clone, Debug)]
pub struct Review {
    pub(crate) cases: Cases,
    pub(crate) groups: Vec<Group>,
    /// The numbers of rows: those of cases are their indices, those of rows that are not quarantined come after them.
    at: BTreeMap<Place, usize>,
    /// By the numbers of rows, and so in the order of the dataset.
    decided: BTreeMap<usize, Decision>,
    /// What each event that can be undone was instead of.
    past: Vec<Vec<(usize, Option<Decision>)>>,
    /// Index of the group that is looked at.
    pub(crate) group: usize,
    /// Index of the row that is looked at, among those shown.
    pub(crate) row: usize,
    /// What rows must have in them to be shown.
    pub(crate) filter: String,
    /// Whether only rows are shown that are not decided on.
    pub(crate) undecided_only: bool,
}

impl Review {
    /// Nothing is decided yet.
    pub fn new(cases: Cases) -> Self {
        let groups = groups(&cases);
        let at = cases.cases.iter().enumerate().map(|(i, case)| (place(case), i)).collect();
        Self {
            cases,
            groups,
            at,
            decided: BTreeMap::new(),
            past: Vec::new(),
            group: 0,
            row: 0,
            filter: String::new(),
            undecided_only: false,
        }
    }

    /// Takes in an event. Errs, and changes nothing, where it is about a row that is not quarantined, or is another one now.
    pub fn apply(&mut self, event: Event) -> Result<(), String> {
        let new: Vec<(Place, Option<Decision>)> = match event {
            Event::Decide(decisions) => {
                let placed = |d: Decision| (Place { file: d.file.clone(), row: d.row }, Some(d));
                decisions.into_iter().map(placed).collect()
            }
            Event::Clear(places) => places.into_iter().map(|place| (place, None)).collect(),
            Event::Undo => {
                for (row, before) in self.past.pop().unwrap_or_default() {
                    self.put(row, before);
                }
                return Ok(());
            }
        };
        for (place, decision) in &new {
            self.check(place, decision.as_ref())?;
        }
        let mut before = Vec::with_capacity(new.len());
        for (place, decision) in new {
            let next = self.at.len();
            let row = *self.at.entry(place).or_insert(next);
            before.push((row, self.put(row, decision)));
        }
        self.past.push(before);
        Ok(())
    }

    /// Decisions that take out rows which were not quarantined come from elsewhere and are left as they are.
    fn check(&self, place: &Place, decision: Option<&Decision>) -> Result<(), String> {
        let told = format!("row {} of {:?}", place.row, place.file);
        let removes = decision.is_some_and(|d| d.decision == Choice::Remove);
        let row = self.at.get(place);
        match (row.and_then(|&row| self.cases.cases.get(row)), decision) {
            (None, Some(_)) if removes => Ok(()),
            (None, None) if row.is_some_and(|row| self.decided.contains_key(row)) => Ok(()),
            (None, _) => Err(format!("{told} is not quarantined")),
            (Some(_), _) if removes => Err(format!("{told} is quarantined, and was to be taken out as if it were not")),
            (Some(case), Some(d)) if d.row_sha256 != case.row.sha256 => Err(format!("{told} has another digest")),
            (Some(_), _) => Ok(()),
        }
    }

    fn put(&mut self, row: usize, decision: Option<Decision>) -> Option<Decision> {
        match decision {
            Some(decision) => self.decided.insert(row, decision),
            None => self.decided.remove(&row),
        }
    }

    /// What was decided on a case.
    pub(crate) fn decision(&self, case: usize) -> Option<&Decision> {
        self.decided.get(&case)
    }

    /// The decisions, in the order of the dataset.
    pub fn decisions(&self) -> Decisions {
        let decisions = self.decided.values().cloned().collect();
        let manifest = DigestSet { sha256: self.cases.manifest };
        Decisions { kind: DECISIONS_TYPE.into(), manifest, decisions }
    }

    /// Digest of the scan's statement.
    pub fn manifest(&self) -> Digest {
        self.cases.manifest
    }

    /// How many of some cases are decided on how.
    pub(crate) fn count_of(&self, cases: &[usize]) -> Count {
        let mut count = Count::default();
        for &case in cases {
            match self.decision(case).map(|d| d.decision) {
                None => count.undecided += 1,
                Some(Choice::Release) => count.keep += 1,
                Some(Choice::Relabel) => count.relabel += 1,
                Some(Choice::Confirm | Choice::Remove) => count.drop += 1,
            }
        }
        count
    }

    /// How many rows are decided on how.
    pub fn count(&self) -> Count {
        self.count_of(&self.groups[0].cases)
    }

    /// Whether there is something to undo.
    pub(crate) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// The rows shown: those of the group that the filter lets through.
    pub(crate) fn shown(&self) -> Vec<usize> {
        let wanted = self.filter.to_lowercase();
        let passes = |&case: &usize| {
            (!self.undecided_only || self.decision(case).is_none())
                && (wanted.is_empty() || mentions(&self.cases.cases[case], &wanted))
        };
        self.groups[self.group].cases.iter().copied().filter(passes).collect()
    }

    /// The case that is looked at.
    pub(crate) fn current(&self) -> Option<usize> {
        self.shown().get(self.row).copied()
    }

    /// Looks at the first row that is not decided on.
    pub(crate) fn resume(&mut self) {
        let undecided = |&case: &usize| self.decision(case).is_none();
        self.row = self.shown().iter().position(undecided).unwrap_or(0);
    }

    /// The labels that rows have, the most frequent first.
    pub(crate) fn labels(&self) -> Vec<String> {
        let Some(label) = self.cases.label() else { return Vec::new() };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let rows = self.cases.cases.iter().map(|case| &case.row).chain(&self.cases.others);
        for value in rows.filter_map(|row| row.values.get(label)?.as_deref()) {
            *counts.entry(value).or_default() += 1;
        }
        let mut labels: Vec<(&str, usize)> = counts.into_iter().collect();
        labels.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        labels.into_iter().map(|(label, _)| label.to_owned()).collect()
    }

    /// The label a case has; `None` where it has none or there was no data to read it from.
    pub(crate) fn label_of(&self, case: usize) -> Option<&str> {
        self.cases.cases[case].row.values.get(self.cases.label()?)?.as_deref()
    }

    /// The label a case should have, where a detector says so.
    pub(crate) fn suggested(&self, case: usize) -> Option<&str> {
        let accusations = &self.cases.cases[case].accusations;
        accusations.iter().find_map(|accusation| Some(accusation.suggested.as_ref()?.0.as_str()))
    }
}

pub(crate) fn place(case: &Case) -> Place {
    Place { file: case.row.file.clone(), row: case.row.row }
}

fn mentions(case: &Case, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let row = &case.row;
    has(&format!("{}:{}", row.file, row.row))
        || row.values.iter().flatten().any(|value| has(value))
        || case.accusations.iter().any(|a| has(&a.detector) || has(&a.reason) || has(&a.severity))
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
