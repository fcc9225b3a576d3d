use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Dialect, Missing, cells::Cells};
use crate::{Limits, Note, Ragged, names::unique};

/// A text file and how it becomes columns of the dataset.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    pub name: String,
    pub dialect: Dialect,
    /// Fields a record has.
    pub width: usize,
    /// Fields a record must have: those up to the last that is named.
    pub required: usize,
    /// For each field, the column it becomes; `None` if it is left out.
    pub targets: Vec<Option<usize>>,
    pub ragged: Ragged,
    pub missing: Arc<Missing>,
    pub limits: Limits,
    pub seen: Seen,
}

/// What was let pass in the present reading, counted.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Records with surplus fields that were all empty.
    pub surplus: AtomicU64,
    /// Records filled up or cut to length.
    pub filled: AtomicU64,
}

impl Clone for Seen {
    /// Counts belong to one reading; a copy begins anew.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Seen {
    pub(crate) fn clear(&self) {
        self.surplus.store(0, Ordering::Relaxed);
        self.filled.store(0, Ordering::Relaxed);
    }

    pub(crate) fn notes(&self, file: &str, notes: &mut Vec<Note>) {
        let (surplus, filled) = (self.surplus.load(Ordering::Relaxed), self.filled.load(Ordering::Relaxed));
        if surplus > 0 {
            notes.push(Note::new(format!("{file}: {surplus} records end in surplus empty fields, which were dropped")));
        }
        if filled > 0 {
            notes.push(Note::new(format!(
                "{file}: {filled} records have too few or too many fields, and were filled with missing values or cut"
            )));
        }
    }
}

/// The names of the columns of text that begins so, and how many of them must be in every record. What had to be renamed
/// is noted.
/// At most one name more than `most` is given.
pub(crate) fn column_names(
    head: &[u8],
    dialect: &Dialect,
    most: usize,
    file: &str,
    notes: &mut Vec<Note>,
) -> (Vec<String>, usize) {
    let first = first_record(head, dialect, most);
    let given = if dialect.header { first } else { vec![String::new(); first.len()] };
    let required = given.iter().rposition(|n| !n.is_empty()).map_or(given.len(), |last| last + 1);
    let unnamed_by_place = |(i, name): (usize, &String)| {
        if name.is_empty() { format!("column_{}", i + 1) } else { name.clone() }
    };
    let names = unique(given.iter().enumerate().map(unnamed_by_place).collect(), file, notes);
    let unnamed = given.iter().filter(|n| n.is_empty()).count();
    if dialect.header && unnamed > 0 {
        notes.push(Note::new(format!("{file}: {unnamed} columns have no name and are called by their position")));
    }
    (names, required)
}

fn first_record(head: &[u8], dialect: &Dialect, most: usize) -> Vec<String> {
    let text = super::decode::to_utf8(head, dialect.encoding);
    let mut cells = Cells::new(&text, dialect);
    let mut scratch = Vec::new();
    let mut record = Vec::new();
    let mut more = cells.next_record();
    while more {
        let cell = cells.cell();
        record.push(String::from_utf8_lossy(cell.text(dialect.quote, &mut scratch)).trim().to_owned());
        more = !cell.last && record.len() <= most;
    }
    record
}
