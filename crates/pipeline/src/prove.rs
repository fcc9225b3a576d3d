//! Proofs about single rows of a scan.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use taster_core::Digest;
use taster_ingest::Dataset;
use taster_provenance::{Envelope, Error as ProvenanceError, Predicate, QuarantineTree, RowProof, Statement, block_of};

use crate::{Config, Error, listed::listed, passes::Limits, plan::options, side::each_digests};

/// Which row to prove.
pub struct ProveRequest {
    /// The manifest.
    pub manifest: PathBuf,
    /// Name of the file in it, and number of the row, from 0.
    pub row: (String, u64),
    /// The data, needed where the manifest knows only blocks of rows; may be empty.
    pub data: Vec<String>,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
}

/// Proves that a row was scanned, and whether it was quarantined. The signature is not checked: it is part of the proof.
pub fn prove(request: &ProveRequest) -> Result<RowProof, Error> {
    let envelope = Envelope::read(&request.manifest)?;
    let scan = Statement::from_payload(&envelope.payload)?.predicate;
    let (name, row) = (request.row.0.as_str(), request.row.1);
    let range = block_of(&scan, name, row)?;
    let rows = if request.data.is_empty() { None } else { Some(block(&scan, name, &range, request)?) };
    let tree = listed(&scan, &request.manifest)?.map(|rows| QuarantineTree::new(&rows));
    Ok(RowProof::new(&envelope, (name, row), rows.as_deref(), tree.as_ref())?)
}

fn refuse(problem: &str) -> Error {
    Error::Provenance(ProvenanceError::Proof(problem.into()))
}

/// The rows of a block, of which no others are kept in memory.
fn block(scan: &Predicate, name: &str, range: &Range<u64>, request: &ProveRequest) -> Result<Vec<Digest>, Error> {
    let config = Config::of(scan);
    let schema = scan.dataset.schema().ok_or_else(|| refuse("a column has an unknown kind"))?;
    let dataset = Dataset::open_as(&request.data, &options(&config.dataset)?, &schema)?;
    let ends = |file: &taster_ingest::SourceFile| Path::new(name).ends_with(&file.name) || file.path.ends_with(name);
    let at = dataset.files().iter().position(ends).ok_or_else(|| refuse("its file is not among the data"))?;
    let (mut block, mut next) = (Vec::new(), 0);
    let limits = Limits::of_machine(request.memory);
    each_digests(
        &dataset,
        |file| file == at,
        limits,
        |_, digests| {
            let within = |row: u64| row.clamp(next, next + digests.len() as u64) - next;
            let (first, end) = (within(range.start), within(range.end));
            block.extend_from_slice(&digests[first as usize..end as usize]);
            next += digests.len() as u64;
            Ok(())
        },
    )?;
    let whole = block.len() as u64 == range.end - range.start;
    whole.then_some(block).ok_or_else(|| refuse("the data has fewer rows than were scanned"))
}
