use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Digest, Risk, Tag, Waiver};

/// How much a finding matters. Ordered: `Info < Monitor < Important < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; needs no action.
    Info,
    /// Watch it: unlikely or of little effect.
    Monitor,
    /// Look at it before training.
    Important,
    /// Do not train on this.
    Critical,
}

impl Severity {
    /// The name used in flags, config and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Monitor => "monitor",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the policy makes of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All work was done; nothing was seen that the policy minds.
    Passed,
    /// All work was done; something was seen that a person should look at.
    Warned,
    /// All work was done; something was seen that the policy denies.
    Failed,
    /// Some of the work could not be done, so nothing better can be said.
    Incomplete,
}

impl Verdict {
    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }

    /// The process exit code: 0 passed or warned, 1 failed, 2 incomplete.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Passed | Self::Warned => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Certain rows; they are in the quarantine list.
    Rows,
    /// One or more columns.
    Column,
    /// A source: a contributor, a file.
    Source,
    /// The dataset as a whole.
    Dataset,
}

/// Something seen, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable within a scan: `<detector>/<code>` and, for columns and sources, `/<name>`.
    pub id: String,
    /// Id of the detector that saw it; `ingest`, `policy` or `sources` where the pipeline itself did.
    pub detector: String,
    /// What kind of thing was seen, in kebab-case: `flipped-rows`, `column-changed`.
    pub code: String,
    /// How much it matters, as the policy has it.
    pub severity: Severity,
    /// How likely and how bad it is, which the severity follows from; none where the policy does not mind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// What it is about.
    pub scope: Scope,
    /// One or two sentences for a person.
    pub message: String,
    /// Columns concerned.
    pub columns: Vec<String>,
    /// How many rows it concerns; 0 where that does not apply.
    pub rows: u64,
    /// How large the effect is, in [0, 1], where that makes sense.
    pub magnitude: Option<f64>,
    /// Probability of seeing this by chance; only where its assumptions hold.
    pub p_value: Option<f64>,
    /// The p-value corrected for the number of tests made.
    pub q_value: Option<f64>,
    /// What a person or program can recompute it from.
    pub evidence: serde_json::Value,
    /// Threat-model entries this is evidence for.
    pub tags: Vec<Tag>,
    /// What it is whatever files are called, how they are encoded and how many rows there are; told by the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Digest>,
    /// The waiver that accepts it. It stays visible, and the verdict does not mind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
}
