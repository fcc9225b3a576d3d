//! What THREAT-MODEL.json is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::{Digest, Tag, Verdict};
use taster_provenance::export::{SourceRecord, Trust};

use crate::{Acceptance, Rating, Status};

/// The scan that a model rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceBase {
    /// SHA-256 of the manifest.
    pub manifest_sha256: Digest,
    /// When the scan was finished.
    pub scanned_on: String,
    /// Version of taster.
    pub scanner: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Rows that were scanned.
    pub rows: u64,
    /// Merkle root over them.
    pub rows_root: Digest,
    /// Keys that signed the manifest.
    pub signed_by: Vec<String>,
    /// Whether that was checked.
    pub verified: bool,
    /// Whether findings could be read beside the manifest.
    pub findings_read: bool,
}

/// Something to be protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetEntry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How bad its loss would be.
    pub value: Option<Rating>,
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// A value of the source column, or a file.
    pub name: String,
    /// What is known of it; the boundary is filled in.
    #[serde(flatten)]
    pub record: SourceRecord,
    /// What an inventory asks for and nobody has said.
    pub missing: Vec<String>,
}

/// What answers threats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlEntry {
    /// Its id.
    pub id: String,
    /// What it is.
    pub title: String,
    /// How far it is there.
    pub status: Status,
    /// What shows that.
    pub evidence: String,
    /// Who answers for it, where it was declared.
    pub owner: Option<String>,
    /// Entries of public catalogues.
    pub tags: Vec<Tag>,
}

/// Whether a threat is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerState {
    /// Nobody answers it.
    Unanswered,
    /// Something answers a part of it.
    Partly,
    /// Its owner accepted it.
    Accepted,
    /// It is answered.
    Answered,
}

/// A control that answers a threat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the control.
    pub control: String,
    /// How far it is there.
    pub status: Status,
}

/// A threat, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreatEntry {
    /// Its id.
    pub id: String,
    /// What happens.
    pub title: String,
    /// The goal that it serves.
    pub goal: String,
    /// The element of the data flow that it strikes.
    pub element: String,
    /// `unlikely`, `possible`, `likely` or `seen`.
    pub likelihood: String,
    /// `limited`, `high` or `severe`.
    pub impact: String,
    /// What the two come to.
    pub rating: Rating,
    /// Whether it is answered.
    pub state: AnswerState,
    /// By what.
    pub answers: Vec<Answer>,
    /// What the last scan found of it: ids and messages of findings.
    pub findings: BTreeMap<String, String>,
    /// Of those, the ones that somebody accepted: by whom, until when and why, by ids of findings.
    #[serde(default)]
    pub waived: BTreeMap<String, String>,
    /// What stays open.
    pub rest: String,
    /// Why it is accepted, by whom and how long.
    pub accepted: Option<Acceptance>,
    /// Entries of public catalogues.
    pub tags: Vec<Tag>,
}

/// The root of an attack tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalEntry {
    /// Its id.
    pub id: String,
    /// What the attacker wants.
    pub title: String,
    /// Ids of the threats that lead there.
    pub threats: Vec<String>,
}

/// What is other than before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The version before; 0 where there was none.
    pub since: u32,
    /// One sentence each.
    pub list: Vec<String>,
}

impl SourceEntry {
    /// The trust boundary that its data crosses.
    pub fn boundary(&self) -> &str {
        self.record.boundary.as_deref().unwrap_or_else(|| default_boundary(self.record.trust))
    }
}

/// The boundary of a source that names none.
pub(crate) fn default_boundary(trust: Trust) -> &'static str {
    match trust {
        Trust::Trusted => "inside",
        Trust::Unknown => "outside",
        Trust::Untrusted => "the public",
    }
}

/// What an inventory of sources asks for and this one does not say.
pub(crate) fn missing(source: &SourceRecord) -> Vec<String> {
    let asked = [
        ("origin", &source.origin),
        ("owner", &source.owner),
        ("licence", &source.licence),
        ("how it was collected", &source.collected),
        ("allowed use", &source.allowed_use),
    ];
    asked.iter().filter(|(_, said)| said.is_none()).map(|(name, _)| (*name).to_owned()).collect()
}
