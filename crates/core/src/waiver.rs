use serde::{Deserialize, Serialize};

use crate::{Digest, Finding, Severity};

/// A finding that somebody has accepted: which one, up to where, why, who, and until when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the finding, for people; the fingerprint decides.
    pub id: String,
    /// What was seen, whatever the files are called and however many rows there are: [`Finding::fingerprint`].
    pub fingerprint: Digest,
    /// The worst severity that was accepted.
    pub severity: Severity,
    /// The largest magnitude that was accepted; none for findings without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude_at_most: Option<f64>,
    /// Why it was accepted.
    pub reason: String,
    /// Who accepted it.
    pub by: String,
    /// The last day on which it holds, as `2026-12-31`.
    pub expires: String,
}

impl Waiver {
    /// Whether it accepts this finding. It does not where things have become worse than what was accepted.
    pub fn covers(&self, finding: &Finding) -> bool {
        let larger = match (finding.magnitude, self.magnitude_at_most) {
            (Some(found), Some(most)) => found > most,
            (Some(_), None) => true,
            (None, _) => false,
        };
        finding.fingerprint == Some(self.fingerprint) && finding.severity <= self.severity && !larger
    }

    /// Whether it has ended on this day, given as the beginning of RFC 3339.
    pub fn has_expired(&self, today: &str) -> bool {
        // Dates of this form are in order as texts are.
        self.expires.as_str() < today.get(..10).unwrap_or(today)
    }
}
