//! Whether files were written to while a scan was under way.

use std::{fs, io, path::Path, time::SystemTime};

use taster_core::{DatasetRecord, Digest};
use taster_ingest::{Dataset, SourceFile};

use crate::Error;

/// Errs where a file has another digest than when it was read first.
pub(crate) fn same_file(record: &DatasetRecord, file: usize, sha256: Digest) -> Result<(), Error> {
    let first = &record.files[file];
    if first.sha256 == sha256 {
        return Ok(());
    }
    Err(Error::Changed { file: first.name.clone(), first: first.sha256.to_string(), second: sha256.to_string() })
}

/// What the file system said of each file of a dataset.
pub(crate) struct Stamps(Vec<Stamp>);

impl Stamps {
    /// The files as they are now; those that cannot be looked at have an empty stamp, and reading them will say why.
    pub fn of(dataset: &Dataset) -> Self {
        Self(dataset.files().iter().map(|file| Stamp::of(&file.path).unwrap_or_default()).collect())
    }

    /// Refuses a file that was written to or replaced since. Its digest was taken when it was read, so this is a courtesy
    /// to whoever trains on the file rather than a defence.
    pub fn check(&self, dataset: &Dataset) -> Result<(), Error> {
        let same = |(file, stamp): (&SourceFile, &Stamp)| {
            let now = Stamp::of(&file.path).unwrap_or_default();
            if now == *stamp { Ok(()) } else { Err(Error::Touched { file: file.name.clone() }) }
        };
        dataset.files().iter().zip(&self.0).try_for_each(same)
    }
}

#[derive(Default, PartialEq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let meta = fs::metadata(path)?;
        Ok(Self { bytes: meta.len(), modified: meta.modified().ok(), inode: inode(&meta) })
    }
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_meta: &fs::Metadata) -> u64 {
    0
}
