//! Whether a dataset is what decisions make of its parent, by the digests of rows.

use std::{collections::BTreeMap, path::Path};

use polars::prelude::DataFrame;
use taster_core::{DatasetRecord, Digest, Role, Schema};
use taster_ingest::{Dataset, Frame, Options, Piece};
use taster_provenance::{Decision, Decisions, Predicate, Restored, RowHasher};

use crate::{
    Error, Silent,
    labelled::labelled,
    listed::listed,
    passes::{Limits, Output, decoded, read, run},
    stamps::same_file,
};

/// A dataset that was scanned, to be read once more.
pub(crate) struct Child<'a> {
    /// Files, folders and globs.
    pub inputs: &'a [String],
    /// How its files are read.
    pub options: &'a Options,
    /// What was read.
    pub record: &'a DatasetRecord,
    /// How much may be done at once.
    pub limits: Limits,
}

/// Whether the child is the parent without its quarantined rows, but for what the decisions say: its rows, in their order,
/// with those that were taken out put back and those that were relabelled given their old label, must have the parent's
/// root. Gives what does not fit.
///
/// Errs where the child cannot be read or was changed, or the parent's list of quarantined rows is another.
pub(crate) fn reviewed(
    parent: &Predicate,
    manifest: &Path,
    decisions: &Decisions,
    child: &Child<'_>,
) -> Result<Result<(), String>, Error> {
    let Some(quarantined) = listed(parent, manifest)? else {
        return Ok(Err("quarantine.parquet is not beside the parent's manifest".into()));
    };
    let applied = match decisions.applied(&parent.dataset, &quarantined) {
        Ok(applied) => applied,
        Err(problem) => return Ok(Err(problem)),
    };
    let left = parent.dataset.rows.saturating_sub(applied.dropped.len() as u64);
    if left != child.record.rows {
        return Ok(Err(format!("they leave {left} rows, and there are {}", child.record.rows)));
    }
    let Some(schema) = parent.dataset.schema() else {
        return Ok(Err("a column of the parent has an unknown kind".into()));
    };
    // Kinds of text are found out from values, and may be others where rows are gone: rows are read as the parent's were.
    let Ok(dataset) = Dataset::open_as(child.inputs, child.options, &schema) else {
        return Ok(Err("its columns are not those of the parent".into()));
    };
    let mut restored = Restored::new(&applied.dropped);
    let reading = Reading { hasher: RowHasher::new(&schema), schema: &schema, relabelled: applied.relabelled_left() };
    match reading.each(&dataset, child, |rows| restored.extend(rows)) {
        Err(Error::Ingest(e)) => Ok(Err(format!("its rows cannot be read as the parent's were: {e}"))),
        Err(e) => Err(e),
        Ok(()) if restored.is(&parent.dataset) => Ok(Ok(())),
        Ok(()) => Ok(Err("they leave as many rows, but other ones, or in another order".into())),
    }
}

/// Reads the rows that are left.
struct Reading<'a> {
    hasher: RowHasher,
    schema: &'a Schema,
    /// By number in what is left.
    relabelled: BTreeMap<u64, &'a Decision>,
}

impl Reading<'_> {
    /// Hands out digests in order: those of relabelled rows as they were before.
    fn each(&self, dataset: &Dataset, child: &Child<'_>, mut each: impl FnMut(&[Digest])) -> Result<(), Error> {
        let work = |(): &mut (), piece: Piece| {
            let frames = decoded(piece, child.limits.batch_rows)?.map(|frame| self.digests(&frame));
            Ok(frames.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let sink = |output: Output<Vec<Digest>>| {
            match output {
                Output::Rows(digests) => each(&digests),
                Output::FileEnd(end) => same_file(child.record, end.file, end.sha256)?,
            }
            Ok(())
        };
        run(read(dataset), child.limits, &Silent, || (), work, sink).map(drop)
    }

    fn digests(&self, frame: &Frame) -> Result<Vec<Digest>, Error> {
        let mut digests = self.hasher.digests(&frame.frame)?;
        for (row, decision) in self.relabelled.range(frame.offset..frame.offset + frame.rows() as u64) {
            let at = (row - frame.offset) as usize;
            let as_decided = self.only_the_label_changed(&frame.frame.slice(at as i64, 1), decision)?;
            // A row that was left as it was is not what was decided either.
            digests[at] = if as_decided { decision.row_sha256 } else { Digest::default() };
        }
        Ok(digests)
    }

    /// Whether the row has the label that was decided, and with the old one is the row that was decided on.
    fn only_the_label_changed(&self, row: &DataFrame, decision: &Decision) -> Result<bool, Error> {
        let Some(label) = self.schema.columns.iter().find(|column| column.role == Role::Label) else {
            return Ok(false);
        };
        let digest = |text: Option<&str>| {
            let row = labelled(row, &label.name, &label.kind, text)?;
            self.hasher.digests(&row).ok()?.first().copied()
        };
        let now = self.hasher.digests(row)?.first().copied();
        let decided = decision.label.as_deref().and_then(|label| digest(Some(label)));
        Ok(decided.is_some() && decided == now && digest(decision.was.as_deref()) == Some(decision.row_sha256))
    }
}
