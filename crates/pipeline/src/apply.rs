//! Makes of a dataset what people decided on its quarantined rows (`docs/lineage.md`).

use std::path::PathBuf;

use taster_core::Digest;
use taster_provenance::{Applied, Choice, Cleaned, Decisions, Envelope, Predicate, Statement, VerifyingKey};

use crate::{
    Config, CsvConfig, Error, Progress,
    clean::{Relabel, Source, write_clean},
    listed::listed,
    passes::Limits,
    scanned::Scanned,
    spared::spared,
};

/// Which decisions to apply to what.
pub struct ApplyRequest {
    /// The manifest of the scan whose rows were decided on; its `quarantine.parquet` must be beside it.
    pub manifest: PathBuf,
    /// The decisions.
    pub decisions: PathBuf,
    /// One of these must have signed the decisions; where there are none, nobody need have.
    pub decisions_keys: Vec<VerifyingKey>,
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
    let (decisions, _) = Decisions::read(&request.decisions, &request.decisions_keys)?;
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
    let config = Config::of(&parent);
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
    let scanned = Scanned::open(&request.data, parent, config)?;
    spared(&request.out, &scanned.dataset)?;
    let same = |file: usize, sha256: Digest| scanned.same(file, sha256);
    let limits = Limits::of_machine(request.memory);
    let source = Source { dataset: &scanned.dataset, limits, progress, rows: parent.dataset.rows, same: &same };
    let relabel = Relabel::new(&scanned.schema, applied.relabelled.clone()).map_err(Error::Apply)?;
    write_clean(&request.out, &source, &applied.dropped, &relabel)
}
