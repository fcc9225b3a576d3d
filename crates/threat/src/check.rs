use serde::{Deserialize, Serialize};
use taster_core::{DetectorStatus, Role};
use taster_provenance::export::is_file;

use crate::Facts;

/// How far a control is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is not there.
    Missing,
    /// It is there for a part, or answers only in part.
    Partial,
    /// It is there.
    Active,
}

impl Status {
    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Partial => "partial",
            Self::Active => "active",
        }
    }
}

/// A control as the last scan shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How far it is there.
    pub status: Status,
    /// What shows that, in a sentence.
    pub evidence: String,
    /// Where in the manifest that is, as a JSON pointer into its statement; empty where it is beside it.
    pub at: &'static str,
}

/// A control that taster can show to be there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // `title` says what each is
pub enum Check {
    Detector(&'static str),
    Digests,
    Signature,
    DatasetSignature,
    DeclaredDigests,
    SourceInventory,
    SourceColumn,
    Reference,
    RecordedPolicy,
    TransparencyLog,
    Quarantine,
    Waivers,
    KeyedSample,
    DecoderLimits,
}

impl Check {
    /// Its id: for a detector, the detector's.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Detector(id) => id,
            Self::Digests => "digests",
            Self::Signature => "signature",
            Self::DatasetSignature => "dataset-signature",
            Self::DeclaredDigests => "declared-digests",
            Self::SourceInventory => "source-inventory",
            Self::SourceColumn => "source-column",
            Self::Reference => "reference",
            Self::RecordedPolicy => "recorded-policy",
            Self::TransparencyLog => "transparency-log",
            Self::Quarantine => "quarantine",
            Self::Waivers => "waivers",
            Self::KeyedSample => "keyed-sample",
            Self::DecoderLimits => "decoder-limits",
        }
    }

    /// What it is.
    pub fn title(self) -> String {
        match self {
            Self::Detector(id) => format!("detector {id}"),
            Self::Digests => "digests of files and rows".into(),
            Self::Signature => "signature of the manifest".into(),
            Self::DatasetSignature => "signature of the files (OpenSSF Model Signing)".into(),
            Self::DeclaredDigests => "files compared with the digests their publisher gives".into(),
            Self::SourceInventory => "inventory of sources".into(),
            Self::SourceColumn => "every row names its source".into(),
            Self::Reference => "comparison with trusted data".into(),
            Self::RecordedPolicy => "policy recorded in the manifest".into(),
            Self::TransparencyLog => "transparency log of manifests".into(),
            Self::Quarantine => "quarantine list".into(),
            Self::Waivers => "waivers: findings are accepted by name, with a reason, until a date".into(),
            Self::KeyedSample => "sample that who writes the data cannot choose".into(),
            Self::DecoderLimits => "limits of the decoders, and a failed read is never a pass".into(),
        }
    }

    /// How far it is there, by the last scan.
    pub fn state(self, facts: &Facts) -> State {
        match self {
            Self::Detector(id) => detector(facts, id),
            Self::Digests => digests(facts),
            Self::Signature => signature(facts),
            Self::DatasetSignature => dataset_signature(facts),
            Self::DeclaredDigests => declared_digests(facts),
            Self::SourceInventory => inventory(facts),
            Self::SourceColumn => source_column(facts),
            Self::Reference => reference(facts),
            Self::RecordedPolicy => policy(facts),
            Self::TransparencyLog => log(facts),
            Self::Quarantine => quarantine(facts),
            Self::Waivers => waivers(facts),
            Self::KeyedSample => {
                let told = "models are fitted on the rows with the smallest hashes under the scan's seed";
                State::new(Status::Active, told, "/predicate/seed")
            }
            Self::DecoderLimits => {
                let version = &facts.predicate.scanner.version;
                let told = format!("taster {version} read every row, or there would be no manifest");
                State::new(Status::Active, told, "/predicate/scanner")
            }
        }
    }
}

impl State {
    fn new(status: Status, evidence: impl Into<String>, at: &'static str) -> Self {
        Self { status, evidence: evidence.into(), at }
    }
}

fn half(whole: bool) -> Status {
    if whole { Status::Active } else { Status::Partial }
}

fn detector(facts: &Facts, id: &str) -> State {
    let at = "/predicate/detectors";
    let Some(record) = facts.detector(id) else {
        return State::new(Status::Missing, "not in the version of taster that scanned", at);
    };
    match record.status {
        DetectorStatus::Ran => {
            let told = format!("ran at level {}, {} rows quarantined", record.level, record.quarantined);
            State::new(half(record.level != "allow"), told, at)
        }
        DetectorStatus::Off => State::new(Status::Missing, "turned off by the configuration", at),
        DetectorStatus::NotApplicable => State::new(Status::Missing, format!("did not apply: {}", record.why), at),
        DetectorStatus::Failed => State::new(Status::Missing, format!("failed: {}", record.why), at),
    }
}

fn digests(facts: &Facts) -> State {
    let dataset = &facts.predicate.dataset;
    let told = format!("{} files, {} rows; Merkle root {}", dataset.files.len(), dataset.rows, dataset.rows_root);
    let caveat = if facts.is_signed() { "" } else { "; no signature was checked, and anybody can write others" };
    State::new(half(facts.is_signed()), format!("{told}{caveat}"), "/predicate/dataset/rowsRoot")
}

fn signature(facts: &Facts) -> State {
    let keys = facts.signed_by.join(", ");
    match (facts.signed_by.is_empty(), facts.verified) {
        (true, _) => State::new(Status::Missing, "the manifest is not signed", ""),
        (false, true) => State::new(Status::Active, format!("verified with {keys}"), ""),
        (false, false) => State::new(Status::Partial, format!("not checked (--key), said to be by {keys}"), ""),
    }
}

fn dataset_signature(facts: &Facts) -> State {
    match facts.predicate.report_views.get("dataset.sig") {
        None => State::new(Status::Missing, "the files are not signed", "/predicate/reportViews"),
        Some(digest) => {
            let caveat = if facts.is_signed() { "" } else { "; the manifest that names it was not checked" };
            let told = format!("dataset.sig, SHA-256 {}{caveat}", digest.sha256);
            State::new(half(facts.is_signed()), told, "/predicate/reportViews/dataset.sig")
        }
    }
}

fn source_column(facts: &Facts) -> State {
    let columns = facts.columns(Role::Source);
    let told = if columns.is_empty() {
        "no column names the source of a row".to_owned()
    } else {
        format!("column {} names it", columns.join(", "))
    };
    let status = if columns.is_empty() { Status::Missing } else { Status::Active };
    State::new(status, told, "/predicate/dataset/columns")
}

fn reference(facts: &Facts) -> State {
    match &facts.predicate.reference {
        None => State::new(Status::Missing, "no trusted reference was given", "/predicate/reference"),
        Some(reference) => {
            let told = format!("{} rows, Merkle root {}", reference.rows, reference.rows_root);
            State::new(Status::Active, told, "/predicate/reference/rowsRoot")
        }
    }
}

fn log(facts: &Facts) -> State {
    let Some(logged) = &facts.logged else {
        return State::new(Status::Missing, "the manifest has no proof that it is in a log", "");
    };
    let caveat = if logged.verified { "" } else { "; the log's key was not checked (--log-key)" };
    State::new(half(logged.verified), format!("entry {} of {}{caveat}", logged.index, logged.origin), "")
}

fn quarantine(facts: &Facts) -> State {
    let result = &facts.predicate.result;
    let told = format!("{} rows listed; verdict {}", result.quarantined_rows, result.verdict);
    State::new(Status::Active, told, "/predicate/reportFiles/quarantine.parquet")
}

/// Accepting is recorded in any case; a signature shows that nobody took a name out of the record since.
fn waivers(facts: &Facts) -> State {
    let caveat = if facts.is_signed() { "" } else { "; the manifest that records them was not checked" };
    let used = facts.findings.iter().filter(|finding| finding.waiver.is_some()).count();
    let told = match facts.waivers.iter().map(|waiver| waiver.expires.as_str()).min() {
        None => format!("no finding is accepted{caveat}"),
        Some(first) => {
            let mut by: Vec<&str> = facts.waivers.iter().map(|waiver| waiver.by.as_str()).collect();
            by.sort_unstable();
            by.dedup();
            let count = facts.waivers.len();
            format!("{used} findings accepted; {count} waivers by {}, the first until {first}{caveat}", by.join(", "))
        }
    };
    State::new(half(facts.is_signed()), told, "/predicate/config/waivers")
}

fn declared_digests(facts: &Facts) -> State {
    let files = &facts.predicate.dataset.files;
    let declared =
        |name: &str| facts.sources.iter().any(|(source, record)| record.sha256.is_some() && is_file(source, name));
    let covered = files.iter().filter(|file| declared(&file.name)).count();
    let told = format!("{covered} of {} files have a declared SHA-256", files.len());
    let status = match covered {
        0 => Status::Missing,
        n => half(n == files.len()),
    };
    State::new(status, told, "/predicate/config/sources")
}

fn inventory(facts: &Facts) -> State {
    let at = "/predicate/config/sources";
    if facts.sources.is_empty() {
        return State::new(Status::Missing, "no source is declared", at);
    }
    let complete = facts.sources.values().filter(|source| crate::entries::missing(source).is_empty()).count();
    let told = format!("{complete} of {} sources say origin, owner, licence, collection and use", facts.sources.len());
    State::new(half(complete == facts.sources.len()), told, at)
}

fn policy(facts: &Facts) -> State {
    let weak = facts.predicate.detectors.iter().filter(|d| matches!(d.record.level.as_str(), "off" | "allow"));
    let weak: Vec<String> = weak.map(|d| format!("{} is {}", d.record.id, d.record.level)).collect();
    let digest = facts.predicate.config_sha256;
    let told = match &weak[..] {
        [] => format!("configuration {digest}; no detector is off or merely allowed"),
        weak => format!("configuration {digest}; {}", weak.join(", ")),
    };
    State::new(half(weak.is_empty() && facts.is_signed()), told, "/predicate/configSha256")
}
