//! Rows with another label, as somebody decided.

use std::{borrow::Cow, collections::BTreeMap};

use polars::prelude::Column;
use serde_json::Value;
use taster_core::{Kind, Role, Schema};
use taster_ingest::Frame;
use taster_provenance::{Decision, RowHasher};

use crate::labelled::{json_label, labelled};

/// The rows that get another label, by number within the dataset.
pub(crate) struct Relabel<'a> {
    label: Option<Label<'a>>,
    rows: BTreeMap<u64, &'a Decision>,
}

struct Label<'a> {
    name: &'a str,
    kind: &'a Kind,
    hasher: RowHasher,
}

impl<'a> Relabel<'a> {
    /// No row gets another.
    pub fn none() -> Self {
        Self { label: None, rows: BTreeMap::new() }
    }

    /// These rows do. Errs where there is no label column.
    pub fn new(schema: &'a Schema, rows: BTreeMap<u64, &'a Decision>) -> Result<Self, String> {
        let column = schema.columns.iter().find(|column| column.role == Role::Label);
        if column.is_none() && !rows.is_empty() {
            return Err("rows are to be relabelled, and the scan had no label column".into());
        }
        let label = |name, kind| Label { name, kind, hasher: RowHasher::new(schema) };
        Ok(Self { label: column.map(|column| label(column.name.as_str(), &column.kind)), rows })
    }

    /// Gives the rows of a frame their new labels. Errs where one is not the row that was decided on, did not have the label
    /// that it should, or cannot have the new one.
    pub fn rows(&self, frame: &mut Frame) -> Result<(), String> {
        let mut here = self.rows.range(frame.offset..frame.offset + frame.rows() as u64).peekable();
        let Some(label) = self.label.as_ref().filter(|_| here.peek().is_some()) else { return Ok(()) };
        let failed = |e: polars::error::PolarsError| e.to_string();
        let old = frame.frame.column(label.name).map_err(failed)?.clone();
        let mut new: Option<Column> = None;
        let mut extend = |part: Column| match &mut new {
            None => {
                new = Some(part);
                Ok(())
            }
            Some(column) => column.append(&part).map(drop).map_err(failed),
        };
        let mut done = 0;
        for (row, decision) in here {
            let at = (row - frame.offset) as usize;
            let relabelled = label.of(&frame.frame.slice(at as i64, 1), decision)?;
            extend(old.slice(done as i64, at - done))?;
            extend(relabelled.strict_cast(old.dtype()).map_err(failed)?)?;
            done = at + 1;
        }
        extend(old.slice(done as i64, old.len() - done))?;
        if let Some(new) = new {
            frame.frame.with_column(new.rechunk()).map_err(failed)?;
        }
        Ok(())
    }

    /// The record of a JSON file, with its new label where it gets one.
    pub fn record<'r>(&self, row: u64, record: &'r [u8]) -> Result<Cow<'r, [u8]>, String> {
        let (Some(label), Some(decision)) = (&self.label, self.rows.get(&row)) else { return Ok(record.into()) };
        let refuse = |why: &str| format!("row {} of {:?} cannot be relabelled: {why}", decision.row, decision.file);
        let mut value: Value = serde_json::from_slice(record).map_err(|e| refuse(&e.to_string()))?;
        let held = value.get_mut(label.name).ok_or_else(|| refuse("its label is within another field"))?;
        let text = decision.label.as_deref();
        *held = json_label(label.kind, text).ok_or_else(|| refuse("the new label is no value of its kind"))?;
        serde_json::to_vec(&value).map(Cow::Owned).map_err(|e| refuse(&e.to_string()))
    }
}

impl Label<'_> {
    /// The new label of a row.
    fn of(&self, row: &polars::prelude::DataFrame, decision: &Decision) -> Result<Column, String> {
        let refuse =
            |why: &str| Err(format!("row {} of {:?} cannot be relabelled: {why}", decision.row, decision.file));
        let before = labelled(row, self.name, self.kind, decision.was.as_deref());
        let digest = before.and_then(|row| self.hasher.digests(&row).ok()?.first().copied());
        if digest != Some(decision.row_sha256) {
            let was = decision.was.as_deref().unwrap_or("missing");
            return refuse(&format!("it is not the row that was decided on, with the label {was:?}"));
        }
        let after = labelled(row, self.name, self.kind, decision.label.as_deref());
        match after.and_then(|row| row.column(self.name).ok().cloned()) {
            Some(label) => Ok(label),
            None => refuse(&format!("{:?} is no value of the label's kind", decision.label.as_deref().unwrap_or(""))),
        }
    }
}
