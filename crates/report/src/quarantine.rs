use std::{mem, path::Path};

use polars_arrow::{
    array::{Array, ListArray, PrimitiveArray, Utf8ViewArray},
    offset::Offsets,
};
use taster_core::Quarantined;

use crate::{
    Error,
    choice::Choice,
    parquet::{GROUP_ROWS, Holds, Table, texts},
};

/// A row group also ends once its texts take this many bytes, so that long reasons cannot fill the memory.
const GROUP_BYTES: usize = 64 << 20;

const COLUMNS: [(&str, Holds); 12] = [
    ("file", Holds::Choice),
    ("row", Holds::Row),
    ("row_sha256", Holds::Text),
    ("detector", Holds::Choice),
    ("score", Holds::Number),
    ("p_value", Holds::Number),
    ("q_value", Holds::Number),
    ("severity", Holds::Choice),
    ("columns", Holds::Texts),
    ("reason", Holds::Text),
    ("suggested_label", Holds::Text),
    ("suggested_probability", Holds::Number),
];

/// Writes `quarantine.parquet`: one line per row and detector, in the order they are pushed.
///
/// Columns: `file`, `row` (0-based within the file), `row_sha256` (hexadecimal), `detector`, `score` (in [0, 1], higher
/// is more suspicious), `p_value`, `q_value`, `severity`, `columns` (a list, the strongest first), `reason`,
/// `suggested_label` and `suggested_probability`. Null means there is none.
pub struct QuarantineWriter {
    table: Table,
    files: Vec<String>,
    pending: Vec<Quarantined>,
    pending_bytes: usize,
}

impl QuarantineWriter {
    /// Creates the file; `files` are the names that [`Quarantined::file`] counts.
    pub fn create(path: &Path, files: Vec<String>) -> Result<Self, Error> {
        let table = Table::create(path, &COLUMNS)?;
        Ok(Self { table, files, pending: Vec::new(), pending_bytes: 0 })
    }

    /// Adds one line.
    pub fn push(&mut self, entry: &Quarantined) -> Result<(), Error> {
        if entry.file >= self.files.len() {
            let problem = format!("there is no file number {}", entry.file);
            return Err(Error::Misfit { file: self.table.name().to_owned(), problem });
        }
        self.pending_bytes += entry.reason.len() + entry.columns.iter().map(String::len).sum::<usize>();
        self.pending.push(entry.clone());
        if self.pending.len() == GROUP_ROWS || self.pending_bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what is left, and the footer.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        self.table.finish()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let rows = mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.table.write(rows.len(), &arrays(&rows, &self.files))
    }
}

/// Arrays as [`COLUMNS`] has them.
fn arrays(rows: &[Quarantined], files: &[String]) -> Vec<Box<dyn Array>> {
    let number = |of: fn(&Quarantined) -> Option<f64>| -> Box<dyn Array> {
        rows.iter().map(of).collect::<PrimitiveArray<f64>>().boxed()
    };
    let choice = |of: &dyn Fn(&Quarantined) -> String| -> Box<dyn Array> {
        let mut texts = Choice::default();
        for row in rows {
            texts.push(&of(row), 1);
        }
        texts.take()
    };
    let suggestion = |q: &Quarantined| q.suggested_label.clone().unzip();
    let labels: Vec<Option<String>> = rows.iter().map(|q| suggestion(q).0).collect();
    let reasons: Vec<&str> = rows.iter().map(|q| q.reason.as_str()).collect();
    let digests: Vec<String> = rows.iter().map(|q| q.row_sha256.to_string()).collect();
    vec![
        choice(&|q| files[q.file].clone()),
        PrimitiveArray::from_vec(rows.iter().map(|q| q.row as i64).collect()).boxed(),
        Utf8ViewArray::from_slice_values(digests).boxed(),
        choice(&|q| q.detector.clone()),
        number(|q| Some(q.score)),
        number(|q| q.p_value),
        number(|q| q.q_value),
        choice(&|q| q.severity.name().to_owned()),
        columns(rows),
        Utf8ViewArray::from_slice_values(reasons).boxed(),
        Utf8ViewArray::from_slice(labels).boxed(),
        number(|q| q.suggested_label.as_ref().map(|s| s.1)),
    ]
}

fn columns(rows: &[Quarantined]) -> Box<dyn Array> {
    let names: Vec<&str> = rows.iter().flat_map(|q| q.columns.iter().map(String::as_str)).collect();
    let mut offsets = Offsets::<i64>::with_capacity(rows.len());
    for row in rows {
        offsets.try_push(row.columns.len()).expect("the total is the length of a vector, which fits an i64");
    }
    let names = Utf8ViewArray::from_slice_values(names).boxed();
    ListArray::<i64>::new(texts(), offsets.into(), names, None).boxed()
}

#[cfg(test)]
#[path = "quarantine_tests.rs"]
mod tests;
