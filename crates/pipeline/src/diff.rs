//! What changed between two datasets, or manifests of them.

use std::collections::BTreeSet;

use taster_core::Schema;
use taster_ingest::Options;
use taster_provenance::diff::{Difference, Kind, Pairs, compare};

use crate::{
    Config, Error,
    columns::{column_changes, names},
    passes::Limits,
    plan::options,
    side::Side,
};

/// What to compare.
pub struct DiffRequest {
    /// The manifest, file, folder or glob that was.
    pub old: String,
    /// The one that is.
    pub new: String,
    /// Differences that do not matter.
    pub allowed: BTreeSet<Kind>,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
}

/// Compares bytes, and, of files whose bytes differ, rows. The digests of the rows of those are held in memory; where more
/// than fit, blocks of rows and sums.
pub fn diff(request: &DiffRequest) -> Result<Difference, Error> {
    let (mut old, mut new) = (Side::open(&request.old)?, Side::open(&request.new)?);
    let pairs = Pairs::new(&old.files, &new.files);
    let limits = Limits::of_machine(request.memory);
    let columns = if pairs.are_settled() {
        told_columns(&old, &new)
    } else {
        Rows { old: &mut old, new: &mut new, pairs: &pairs, key: key()?, limits }.read()?
    };
    Ok(compare(&old.files, &new.files, &pairs, columns, &request.allowed))
}

fn key() -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| Error::Seed(e.to_string()))?;
    Ok(key)
}

/// Columns of two manifests.
fn told_columns(old: &Side, new: &Side) -> Vec<String> {
    match (schema(old), schema(new)) {
        (Some(old), Some(new)) => column_changes(&old, &new),
        _ => Vec::new(),
    }
}

fn schema(side: &Side) -> Option<Schema> {
    side.scan.as_ref().and_then(|scan| scan.dataset.schema())
}

/// Reads the rows that must be read, both sides with the same columns.
struct Rows<'a> {
    old: &'a mut Side,
    new: &'a mut Side,
    pairs: &'a Pairs,
    /// Under which rows are summed: drawn anew each time, so that nobody can make two sums equal.
    key: [u8; 32],
    limits: Limits,
}

impl Rows<'_> {
    /// Gives how the columns differ, where they do.
    fn read(self) -> Result<Vec<String>, Error> {
        let (o, n) = (self.pairs.old(), self.pairs.new_files());
        match (schema(self.old), schema(self.new)) {
            (Some(old), Some(new)) => Ok(column_changes(&old, &new)),
            (Some(known), None) => read_as(self.new, &n, &known, &how(self.old)?, (self.key, self.limits)),
            (None, Some(known)) => Ok(turned(read_as(self.old, &o, &known, &how(self.new)?, (self.key, self.limits))?)),
            (None, None) => self.read_both(&o, &n),
        }
    }

    /// Two datasets: the columns of the old one are found out, and the new one is read as those. Where a value does not
    /// fit, both are read as the wider kind.
    fn read_both(self, o: &BTreeSet<usize>, n: &BTreeSet<usize>) -> Result<Vec<String>, Error> {
        let options = Options { whole_json: true, ..how(self.old)? };
        let mut dataset = self.old.dataset(&options)?;
        let mut other = self.new.dataset(&options)?;
        loop {
            match self.old.read_rows(&dataset, o, self.key, self.limits) {
                Err(Error::Ingest(error)) if dataset.widen(&error) => {}
                done => break done?,
            }
        }
        let known = dataset.schema().clone();
        let changes = column_changes(&known, other.schema());
        if changes.is_empty() {
            loop {
                match self.new.read_rows(&other, n, self.key, self.limits) {
                    Err(Error::Ingest(error)) if other.widen(&error) => {}
                    done => break done?,
                }
            }
        }
        if other.schema().columns.iter().zip(&known.columns).all(|(a, b)| a.kind == b.kind) && changes.is_empty() {
            return Ok(Vec::new());
        }
        if names(&known) != names(other.schema()) {
            return Ok(changes);
        }
        // Text holds values of several kinds, and which are seen first must not matter.
        if let Ok(as_new) = self.old.dataset_as(&options, other.schema())
            && self.old.read_rows(&as_new, o, self.key, self.limits).is_ok()
            && self.new.read_rows(&other, n, self.key, self.limits).is_ok()
        {
            return Ok(Vec::new());
        }
        if let Ok(as_old) = self.new.dataset_as(&options, &known)
            && self.new.read_rows(&as_old, n, self.key, self.limits).is_ok()
        {
            return Ok(Vec::new());
        }
        Ok(column_changes(&known, other.schema()))
    }
}

fn how(side: &Side) -> Result<Options, Error> {
    match side.options()? {
        Some(options) => Ok(options),
        None => Ok(options(&Config::default().dataset)?),
    }
}

/// Reads a dataset as the columns of a manifest; gives how its own differ where that cannot be done.
fn read_as(
    side: &mut Side,
    which: &BTreeSet<usize>,
    known: &Schema,
    options: &Options,
    (key, limits): ([u8; 32], Limits),
) -> Result<Vec<String>, Error> {
    let own = side.dataset(options)?;
    let changes = column_changes(known, own.schema());
    if names(known) != names(own.schema()) {
        return Ok(changes); // a column that is new would not be seen among those that are known
    }
    let failure = match side.dataset_as(options, known) {
        Ok(dataset) => match side.read_rows(&dataset, which, key, limits) {
            Ok(()) => return Ok(Vec::new()),
            Err(error) => error,
        },
        Err(error) => error,
    };
    if changes.is_empty() { Err(failure) } else { Ok(changes) }
}

/// Changes told from the other side.
fn turned(changes: Vec<String>) -> Vec<String> {
    let turn = |change: String| match change.split_once(' ') {
        Some(("added", rest)) => format!("removed {rest}"),
        Some(("removed", rest)) => format!("added {rest}"),
        _ => change,
    };
    changes.into_iter().map(turn).collect()
}
