//! A proof that one row was in a dataset, for somebody who has neither the data nor the report.

use std::path::Path;

use serde::{Deserialize, Serialize};
use taster_core::Digest;

use crate::{
    Envelope, Error, Predicate, QuarantineTree, ScannedFile, SignatureCheck, Standing, Statement, Trust,
    dsse::{LARGEST_ENVELOPE, RawEnvelope},
    file::read_bounded,
    inclusion_root,
    quarantined::path,
    verify::check_signature,
};

/// Type of a proof.
pub const PROOF_TYPE: &str = "https://taster.dev/proof/row/v0.1";

/// That a row was in a dataset, and whether it was quarantined: a signed manifest and paths from the row to its roots.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowProof {
    #[serde(rename = "type")]
    kind: String,
    /// Name of the file in the manifest.
    file: String,
    /// The row's number within it, from 0.
    row: u64,
    row_sha256: Digest,
    /// RFC 6962 inclusion path to the file's root.
    path: Vec<Digest>,
    standing: Option<Standing>,
    manifest: RawEnvelope,
}

/// What came of checking a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofCheck {
    /// Whether everything in it is shown.
    pub holds: bool,
    /// The manifest's signature.
    pub signature: SignatureCheck,
    /// The file.
    pub file: String,
    /// The row's number in it.
    pub row: u64,
    /// The row's digest: who has the row can compute it (`docs/row-digest.md`).
    pub row_sha256: Digest,
    /// Whether the row was in the file.
    pub scanned: bool,
    /// Whether it was quarantined; unknown where the proof does not say.
    pub quarantined: Option<bool>,
    /// What does not hold.
    pub problem: Option<String>,
}

/// The rows of a file that a proof for one of its rows needs: those of the row's block. A block of one row is known from
/// the manifest.
///
/// Errs where the manifest has no such row, or no blocks.
pub fn block_of(scan: &Predicate, file: &str, row: u64) -> Result<std::ops::Range<u64>, Error> {
    let (_, scanned) = find(scan, file, row)?;
    let blocks =
        scanned.row_blocks.as_ref().ok_or_else(|| Error::Proof("the manifest has no blocks of rows".into()))?;
    let size = blocks.rows_per_block.max(1);
    let first = row / size * size;
    Ok(first..first.saturating_add(size).min(scanned.rows))
}

impl RowProof {
    /// Proves a row of a scan. `block` has the digests of the rows of [`block_of`], read from the data; a block of one row
    /// may be left out. Without the tree of the quarantined, nothing is said of quarantine.
    ///
    /// Errs where there is no such row, or the digests are not those that were scanned.
    pub fn new(
        manifest: &Envelope,
        (file, row): (&str, u64),
        block: Option<&[Digest]>,
        quarantine: Option<&QuarantineTree>,
    ) -> Result<Self, Error> {
        let scan = Statement::from_payload(&manifest.payload)?.predicate;
        let range = block_of(&scan, file, row)?;
        let (offset, scanned) = find(&scan, file, row)?;
        let roots = scanned.row_blocks.as_ref().map_or(&[][..], |blocks| &blocks.roots);
        let number = range.start / rows_per_block(scanned);
        let own = roots.get(number as usize..=number as usize).unwrap_or_default();
        let leaves = match block {
            Some(leaves) => leaves,
            None if range.end - range.start == 1 => own,
            None => return Err(Error::Proof("the data is needed, for the digests of the rows beside it".into())),
        };
        let Some(&row_sha256) = leaves.get((row - range.start) as usize) else {
            return Err(Error::Proof("the data has fewer rows than were scanned".into()));
        };
        let mut to_root = path(leaves, row - range.start);
        to_root.extend(path(roots, number));
        let proof = Self {
            kind: PROOF_TYPE.into(),
            file: scanned.name.clone(),
            row,
            row_sha256,
            path: to_root,
            standing: quarantine.map(|tree| tree.standing(offset + row)),
            manifest: manifest.to_raw(),
        };
        match proof.problem(&scan) {
            Some(problem) => Err(Error::Proof(problem)),
            None => Ok(proof),
        }
    }

    /// Checks everything the proof says. Nothing in the manifest is looked at before its signature is verified.
    pub fn check(&self, trust: Trust<'_>) -> ProofCheck {
        let mut check = ProofCheck {
            holds: false,
            signature: SignatureCheck::Unchecked,
            file: self.file.clone(),
            row: self.row,
            row_sha256: self.row_sha256,
            scanned: false,
            quarantined: None,
            problem: None,
        };
        let statement = Envelope::from_raw(self.manifest.clone()).map_err(Error::Statement).and_then(|envelope| {
            check.signature = check_signature(&envelope, trust);
            match check.signature {
                SignatureCheck::Invalid { .. } => Ok(None),
                _ => Statement::from_payload(&envelope.payload).map(Some),
            }
        });
        match statement {
            Ok(None) => {}
            Err(error) => check.problem = Some(error.to_string()),
            Ok(Some(statement)) => {
                check.problem = self.problem(&statement.predicate);
                check.holds = check.problem.is_none();
                check.scanned = check.holds;
                check.quarantined = self.quarantined().filter(|_| check.holds);
            }
        }
        check
    }

    fn problem(&self, scan: &Predicate) -> Option<String> {
        if self.kind != PROOF_TYPE {
            return Some(format!("it is a {:?}, not a {PROOF_TYPE:?}", self.kind));
        }
        let (offset, file) = match find(scan, &self.file, self.row) {
            Ok(found) => found,
            Err(error) => return Some(error.to_string()),
        };
        if file.name != self.file {
            return Some(format!("the manifest calls the file {:?}", file.name));
        }
        if inclusion_root(self.row_sha256, self.row, file.rows, &self.path) != Some(file.rows_root) {
            return Some("its path does not lead to the file's root: the row is not the one that was scanned".into());
        }
        let holds = match (&self.standing, &scan.quarantine) {
            (None, _) => true,
            (Some(standing), Some(record)) => standing.holds(offset + self.row, &self.row_sha256, record),
            (Some(_), None) => false,
        };
        (!holds).then(|| "what it says of quarantine is not shown by the manifest".into())
    }

    /// Whether it says that the row was quarantined, or not; `None` where it says neither.
    pub fn quarantined(&self) -> Option<bool> {
        self.standing.as_ref().map(|standing| matches!(standing, Standing::Quarantined { .. }))
    }

    /// The proof as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a proof from a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let json = read_bounded(path, LARGEST_ENVELOPE)?;
        let refuse = |problem: String| Error::Envelope { path: path.to_owned(), problem };
        serde_json::from_slice(&json).map_err(|e| refuse(format!("not a proof of a row: {e}")))
    }
}

fn rows_per_block(file: &ScannedFile) -> u64 {
    file.row_blocks.as_ref().map_or(1, |blocks| blocks.rows_per_block.max(1))
}

/// The file that has this row, and the number of its first row within the dataset. A name that ends as one file's alone
/// will do.
fn find<'a>(scan: &'a Predicate, name: &str, row: u64) -> Result<(u64, &'a ScannedFile), Error> {
    let files = &scan.dataset.files;
    let ends = |file: &ScannedFile| Path::new(&file.name).ends_with(name) || Path::new(name).ends_with(&file.name);
    let mut like = files.iter().enumerate().filter(|(_, file)| ends(file));
    let exact = files.iter().position(|file| file.name == name);
    let only = || like.next().filter(|_| like.next().is_none()).map(|(at, _)| at);
    let Some(at) = exact.or_else(only) else {
        return Err(Error::Proof(format!("the manifest has no one file called {name:?}")));
    };
    let rows = files[at].rows;
    if row >= rows {
        return Err(Error::Proof(format!(
            "{:?} has {rows} rows, so there is no row {row} (they count from 0)",
            files[at].name
        )));
    }
    let before = files[..at].iter().fold(0u64, |sum, file| sum.saturating_add(file.rows));
    Ok((before, &files[at]))
}

impl std::fmt::Display for ProofCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", if self.holds { "holds" } else { "does not hold" })?;
        writeln!(f, "  signature  {}", self.signature)?;
        writeln!(f, "  row        {} of {}, {}", self.row, self.file.escape_debug(), self.row_sha256)?;
        if self.holds {
            let standing = match self.quarantined {
                Some(true) => "scanned, and quarantined",
                Some(false) => "scanned, and not quarantined",
                None => "scanned",
            };
            writeln!(f, "  it was     {standing}")?;
        }
        match &self.problem {
            Some(problem) => writeln!(f, "  problem    {}", problem.escape_debug()),
            None => Ok(()),
        }
    }
}
