//! OWASP AISVS 1.0, chapter C1 (training data integrity and traceability): which control and which signed evidence
//! answers each requirement.

use serde::Serialize;

use crate::{Check, Facts, Status};

/// The name by which the standard is asked for.
pub const NAME: &str = "owasp-aisvs-1.0";

/// Whether a requirement is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// By evidence in the manifest.
    Yes,
    /// In part.
    Partly,
    /// taster could, and this scan does not show it.
    No,
    /// It is for others to answer.
    NotOurs,
}

/// A requirement and what answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// Its number.
    pub id: &'static str,
    /// Level of the standard, 1 to 3.
    pub level: u8,
    /// What it asks for, in our words.
    pub asks: &'static str,
    /// Whether it is answered.
    pub answered: Answered,
    /// By what.
    pub evidence: Vec<Evidence>,
    /// What is left for others, where something is.
    pub rest: &'static str,
}

/// What answers a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Id of the control.
    pub control: String,
    /// How far it is there.
    pub status: Status,
    /// What shows that.
    pub shows: String,
    /// Where that is in the signed statement, as a JSON pointer; empty where it is beside the manifest.
    pub pointer: String,
}

struct Row {
    id: &'static str,
    level: u8,
    asks: &'static str,
    checks: &'static [Check],
    at_best: Status,
    rest: &'static str,
}

use Check::{
    DatasetSignature, DeclaredDigests, Detector, Digests, Quarantine, Reference, Signature, SourceInventory,
    TransparencyLog,
};
use Status::{Active, Partial};

const ROWS: &[Row] = &[
    Row {
        id: "1.1.1",
        level: 1,
        asks: "only the fields that the purpose needs",
        checks: &[],
        at_best: Partial,
        rest: "which fields a purpose needs is its owner's to say; the manifest lists all of them with their roles",
    },
    Row {
        id: "1.1.2",
        level: 2,
        asks: "an inventory of sources, kept up to date: origin, owner, licence, how collected, allowed use, history",
        checks: &[SourceInventory],
        at_best: Active,
        rest: "",
    },
    Row {
        id: "1.1.3",
        level: 2,
        asks: "integrity while data is stored and moved",
        checks: &[Digests, DatasetSignature, DeclaredDigests],
        at_best: Active,
        rest: "run taster verify where the data arrives",
    },
    Row {
        id: "1.1.4",
        level: 2,
        asks: "integrity is watched, and change that nobody allowed is found",
        checks: &[Digests, Signature, TransparencyLog],
        at_best: Active,
        rest: "run taster verify on a schedule",
    },
    Row {
        id: "1.1.5",
        level: 3,
        asks: "datasets carry a watermark that tells their use",
        checks: &[],
        at_best: Partial,
        rest: "taster changes no data",
    },
    Row {
        id: "1.2.1",
        level: 1,
        asks: "access control where labels are made",
        checks: &[],
        at_best: Partial,
        rest: "for the labelling platform",
    },
    Row {
        id: "1.2.2",
        level: 2,
        asks: "labels are protected by cryptography",
        checks: &[Digests, Signature],
        at_best: Active,
        rest: "",
    },
    Row {
        id: "1.2.3",
        level: 2,
        asks: "sensitive information in labels is redacted",
        checks: &[],
        at_best: Partial,
        rest: "for whoever makes the labels",
    },
    Row {
        id: "1.3.1",
        level: 2,
        asks: "poisoning is looked for before training and fine-tuning",
        checks: &[
            Detector("trigger"),
            Detector("label-flip"),
            Detector("outlier"),
            Detector("duplicate-flood"),
            Detector("shift"),
            Quarantine,
        ],
        at_best: Active,
        rest: "",
    },
    Row {
        id: "1.3.2",
        level: 2,
        asks: "automatic labels are checked for confidence and consistency",
        checks: &[Detector("label-flip"), Detector("conflicting-label")],
        at_best: Active,
        rest: "",
    },
    Row {
        id: "1.3.3",
        level: 2,
        asks: "patterns of bias are evaluated",
        checks: &[Reference, Detector("shift")],
        at_best: Partial,
        rest: "shift tells a change from the reference, not whether either is fair",
    },
    Row {
        id: "1.3.4",
        level: 2,
        asks: "content that must not be there is found and removed before training",
        checks: &[Detector("unsafe-content"), Detector("hidden-text")],
        at_best: Partial,
        rest: "taster knows hidden and hostile text, not every content that a policy forbids",
    },
    Row {
        id: "1.3.5",
        level: 3,
        asks: "defences against clean-label poisoning",
        checks: &[Detector("trigger"), Detector("outlier")],
        at_best: Partial,
        rest: "a rightly labelled trigger leaves little in the data; test the model too",
    },
];

/// The answers of this scan.
pub fn requirements(facts: &Facts) -> Vec<Requirement> {
    ROWS.iter().map(|row| requirement(row, facts)).collect()
}

fn requirement(row: &Row, facts: &Facts) -> Requirement {
    let told = |check: &Check| {
        let state = check.state(facts);
        let pointer = state.at.to_owned();
        Evidence { control: check.id().into(), status: state.status, shows: state.evidence, pointer }
    };
    let mut evidence: Vec<Evidence> = row.checks.iter().map(told).collect();
    evidence.sort_by_key(|e| std::cmp::Reverse(e.status));
    let best = evidence.iter().map(|e| e.status).max();
    let answered = match best.map(|status| status.min(row.at_best)) {
        None => Answered::NotOurs,
        Some(Status::Active) => Answered::Yes,
        Some(Status::Partial) => Answered::Partly,
        Some(Status::Missing) => Answered::No,
    };
    let (id, level, asks, rest) = (row.id, row.level, row.asks, row.rest);
    Requirement { id, level, asks, answered, evidence, rest }
}
