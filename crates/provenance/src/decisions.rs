//! What people decided about rows of a scan, and what that makes of the dataset (`docs/lineage.md`).

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{Dataset, DigestSet, Envelope, Error, VerifyingKey, file::read_bounded};

/// Type of a file of decisions.
pub const DECISIONS_TYPE: &str = "https://taster.dev/decisions/v0.1";

/// Type of the payload of an envelope around decisions.
pub const DECISIONS_MEDIA_TYPE: &str = "application/vnd.taster.decisions+json";

/// A larger file is not read as decisions.
const LARGEST: u64 = 1 << 30;

/// A file of decisions on the rows of one scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decisions {
    /// [`DECISIONS_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Digest of the statement of the scan whose rows they are about.
    pub manifest: DigestSet,
    /// At most one for each row.
    pub decisions: Vec<Decision>,
}

/// What somebody decided about a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Name of its file in the manifest.
    pub file: String,
    /// Its number within the file, from 0.
    pub row: u64,
    /// Its digest.
    pub row_sha256: Digest,
    /// What to do with it.
    pub decision: Choice,
    /// The label it gets, where it is relabelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label it had, where it is relabelled; left out where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Who decided.
    pub by: String,
    /// When: RFC 3339.
    pub on: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// It was quarantined, and stays in the dataset.
    Release,
    /// It was quarantined, and stays in the dataset with another label.
    Relabel,
    /// It was quarantined, rightly.
    Confirm,
    /// It was not quarantined, and is taken out.
    Remove,
}

impl Decisions {
    /// Reads decisions, bare or in an envelope, and gives the digest of the file.
    ///
    /// Errs where it is no file of decisions, or decides twice on a row, and where keys are given and none of them signed it.
    pub fn read(path: &Path, keys: &[VerifyingKey]) -> Result<(Self, Digest), Error> {
        let refuse = |problem: String| Error::Decisions { path: path.to_owned(), problem };
        let bytes = read_bounded(path, LARGEST)?;
        let sha256 = Digest(Sha256::digest(&bytes).into());
        let decisions = match Envelope::from_json(&bytes) {
            Ok(envelope) => Self::unsealed(&envelope, keys).map_err(refuse)?,
            Err(_) if !keys.is_empty() => return Err(refuse("it is not signed".into())),
            Err(_) => serde_json::from_slice(&bytes).map_err(|e| refuse(e.to_string()))?,
        };
        decisions.check().map_err(refuse)?;
        Ok((decisions, sha256))
    }

    fn unsealed(envelope: &Envelope, keys: &[VerifyingKey]) -> Result<Self, String> {
        if envelope.payload_type != DECISIONS_MEDIA_TYPE {
            return Err(format!("it holds {:?}, not {DECISIONS_MEDIA_TYPE:?}", envelope.payload_type));
        }
        if !keys.is_empty() && envelope.signers(keys).is_empty() {
            return Err("none of the given keys signed it".into());
        }
        serde_json::from_slice(&envelope.payload).map_err(|e| e.to_string())
    }

    fn check(&self) -> Result<(), String> {
        if self.kind != DECISIONS_TYPE {
            return Err(format!("it is a {:?}, not a {DECISIONS_TYPE:?}", self.kind));
        }
        let mut rows: Vec<_> = self.decisions.iter().map(|d| (&d.file, d.row)).collect();
        rows.sort_unstable();
        match rows.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(format!("it decides twice on row {} of {:?}", twice[0].1, twice[0].0)),
            None => Ok(()),
        }
    }

    /// The decisions as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers always serialise")
    }

    /// The decisions in an envelope that nobody has signed yet.
    pub fn envelope(&self) -> Envelope {
        Envelope::new(DECISIONS_MEDIA_TYPE, self.to_json().into_bytes())
    }

    /// Quarantined rows that stay in the dataset.
    pub fn released(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|d| matches!(d.decision, Choice::Release | Choice::Relabel))
    }

    /// Rows that are taken out although they were not quarantined.
    pub fn removed(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|d| d.decision == Choice::Remove)
    }

    /// What becomes of which row of the dataset that they are about, given its quarantined rows by number.
    ///
    /// Errs with what does not fit: a row that is not there, has another digest, or is decided on as if it were quarantined
    /// and is not, or the other way round.
    pub fn applied<'a>(
        &'a self,
        dataset: &Dataset,
        quarantined: &BTreeMap<u64, Digest>,
    ) -> Result<Applied<'a>, String> {
        let mut applied = Applied { dropped: quarantined.clone(), relabelled: BTreeMap::new() };
        for decision in &self.decisions {
            let (file, row) = (&decision.file, decision.row);
            let position = dataset.position(file, row).ok_or_else(|| format!("there is no row {row} of {file:?}"))?;
            let listed = quarantined.get(&position);
            if listed.is_some_and(|digest| *digest != decision.row_sha256) {
                return Err(format!("row {row} of {file:?} has another digest"));
            }
            if listed.is_some() == (decision.decision == Choice::Remove) {
                let not = if listed.is_some() { "" } else { "not " };
                return Err(format!("row {row} of {file:?} was {not}quarantined"));
            }
            match decision.decision {
                Choice::Confirm => {}
                Choice::Remove => drop(applied.dropped.insert(position, decision.row_sha256)),
                Choice::Release => drop(applied.dropped.remove(&position)),
                Choice::Relabel => {
                    applied.dropped.remove(&position);
                    applied.relabelled.insert(position, decision);
                }
            }
        }
        Ok(applied)
    }
}

/// What decisions make of a dataset: its rows in their order, but for these.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// Rows that are taken out, by number, with their digests.
    pub dropped: BTreeMap<u64, Digest>,
    /// Rows that get another label, by number.
    pub relabelled: BTreeMap<u64, &'a Decision>,
}

impl<'a> Applied<'a> {
    /// The relabelled rows by their number in what is left.
    pub fn relabelled_left(&self) -> BTreeMap<u64, &'a Decision> {
        let mut dropped = self.dropped.keys().peekable();
        let mut gone = 0;
        let left = |(&position, &decision): (&u64, &&'a Decision)| {
            while dropped.next_if(|d| **d < position).is_some() {
                gone += 1;
            }
            (position - gone, decision)
        };
        self.relabelled.iter().map(left).collect()
    }
}
