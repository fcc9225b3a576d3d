//! Data is read, never written over.

use std::{fs, path::Path};

use taster_ingest::Dataset;

use crate::Error;

/// Errs where a file that is to be written is one that a dataset is read from, by whatever name.
pub(crate) fn spared(out: &Path, dataset: &Dataset) -> Result<(), Error> {
    // What is not there yet is nobody's data.
    let Ok(out) = fs::canonicalize(out) else { return Ok(()) };
    match dataset.files().iter().find(|file| fs::canonicalize(&file.path).is_ok_and(|path| path == out)) {
        Some(file) => Err(Error::OverData { path: file.path.display().to_string() }),
        None => Ok(()),
    }
}
