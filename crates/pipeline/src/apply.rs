//! Makes of a dataset what people decided on its quarantined rows (`docs/lineage.md`).

use std::path::PathBuf;

use taster_core::Digest;
use taster_ingest::Dataset;
use taster_provenance::{Applied, Choice, Cleaned, Decisions, Envelope, Predicate, Statement};

use crate::{
    Config, CsvConfig, Error, Progress,
    clean::{Relabel, Source, write_clean},
    listed::listed,
    passes::Limits,
    plan::options,
};

/// Which decisions to apply to what.
pub struct ApplyRequest {
    /// The manifest of the scan whose rows were decided on; its `quarantine.parquet` must be beside it.
    pub manifest: PathBuf,
    /// The decisions.
    pub decisions: PathBuf,
    /// The dataset that was scanned.
    pub data: Vec<String>,
    /// Where the dataset goes that comes of them: Parquet, CSV or JSON Lines by its ending.
    pub out: PathBuf,
    /// Whether there must be a decision on every quarantined row; those without are dropped otherwise.
    pub all_decided: bool,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
}

/// Writes the dataset without the rows that stay quarantined and those that are removed, and with new labels.
///
/// Gives what was written, and the configuration by which it is scanned as its parent was. Errs, and writes nothing, where
/// the data, the list of quarantined rows or the decisions are not those of the manifest. Nobody's signature is checked.
pub fn apply(request: &ApplyRequest, progress: &dyn Progress) -> Result<(Cleaned, Config), Error> {
    let envelope = Envelope::read(&request.manifest)?;
    let parent = Statement::from_payload(&envelope.payload)?.predicate;
    let (decisions, _) = Decisions::read(&request.decisions)?;
    if decisions.manifest.sha256 != envelope.payload_sha256() {
        return Err(Error::OtherDecisions { path: request.decisions.display().to_string() });
    }
    let refuse = |problem: &str| Error::Apply(problem.to_owned());
    let quarantined = listed(&parent, &request.manifest)?.ok_or_else(|| {
        refuse("quarantine.parquet is not beside the manifest; keep the report folder as it was written")
    })?;
    let decided = decisions.decisions.iter().filter(|d| d.decision != Choice::Remove).count();
    if request.all_decided && decided < quarantined.len() {
        let left = quarantined.len() - decided;
        return Err(Error::Apply(format!("{left} of {} quarantined rows are undecided", quarantined.len())));
    }
    let applied = decisions.applied(&parent.dataset, &quarantined).map_err(Error::Apply)?;
    let config = scanned_by(&parent);
    let cleaned = write(request, &parent, &config, &applied, progress)?;
    // What is written is plain, whatever the files were like that it comes from.
    let config = Config { dataset: crate::DatasetConfig { csv: CsvConfig::default(), ..config.dataset }, ..config };
    Ok((cleaned, config))
}

fn write(
    request: &ApplyRequest,
    parent: &Predicate,
    config: &Config,
    applied: &Applied<'_>,
    progress: &dyn Progress,
) -> Result<Cleaned, Error> {
    let schema = parent.dataset.schema();
    let schema = schema.ok_or_else(|| Error::Apply("a column of the scanned dataset has an unknown kind".into()))?;
    let dataset = Dataset::open_as(&request.data, &options(&config.dataset)?, &schema)?;
    let (there, then) = (dataset.files().len(), parent.dataset.files.len());
    if there != then {
        let problem = format!("{then} files were scanned, and there are {there}; give the same DATA as to the scan");
        return Err(Error::Apply(problem));
    }
    let same = |file: usize, sha256: Digest| {
        let scanned = &parent.dataset.files[file];
        if scanned.sha256 == sha256 {
            return Ok(());
        }
        let (name, then) = (&scanned.name, scanned.sha256);
        Err(Error::Apply(format!("{name} is not what was scanned: its SHA-256 is {sha256}, and was {then}")))
    };
    let limits = Limits::of_machine(request.memory);
    let source = Source { dataset: &dataset, limits, progress, rows: parent.dataset.rows, same: &same };
    let relabel = Relabel::new(&schema, applied.relabelled.clone()).map_err(Error::Apply)?;
    write_clean(&request.out, &source, &applied.dropped, &relabel)
}

/// How the parent was scanned.
fn scanned_by(parent: &Predicate) -> Config {
    serde_json::from_value(parent.config.clone()).unwrap_or_default()
}
