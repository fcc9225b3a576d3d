//! A dataset that was scanned before, opened to be read once more.

use taster_core::{Digest, Schema};
use taster_ingest::Dataset;
use taster_provenance::Predicate;

use crate::{Config, Error, plan::options};

/// The dataset of a manifest.
pub(crate) struct Scanned<'a> {
    pub manifest: &'a Predicate,
    /// Its columns, with the roles they had.
    pub schema: Schema,
    pub dataset: Dataset,
}

impl<'a> Scanned<'a> {
    /// Opens what should be the data of a manifest, which was scanned by `config`. Errs where there are more files or fewer,
    /// or other columns.
    pub fn open(data: &[String], manifest: &'a Predicate, config: &Config) -> Result<Self, Error> {
        let schema = manifest.dataset.schema();
        let schema = schema.ok_or_else(|| Error::OtherData("a column of it has an unknown kind".into()))?;
        let dataset = Dataset::open_as(data, &options(&config.dataset)?, &schema)?;
        let (there, then) = (dataset.files().len(), manifest.dataset.files.len());
        if there != then {
            let problem =
                format!("{then} files were scanned, and there are {there}; give the same DATA as to the scan");
            return Err(Error::OtherData(problem));
        }
        Ok(Self { manifest, schema, dataset })
    }

    /// Errs where a file, by number, does not have the digest it had when it was scanned.
    pub fn same(&self, file: usize, sha256: Digest) -> Result<(), Error> {
        let scanned = &self.manifest.dataset.files[file];
        if scanned.sha256 == sha256 {
            return Ok(());
        }
        let (name, then) = (&scanned.name, scanned.sha256);
        Err(Error::OtherData(format!("{name} is not what was scanned: its SHA-256 is {sha256}, and was {then}")))
    }
}
