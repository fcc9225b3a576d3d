use serde::{Deserialize, Serialize};

/// What likelihood and impact come to. Ordered: `Monitor < Important < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// Watch it.
    Monitor,
    /// Deal with it before the next release.
    Important,
    /// Deal with it now.
    Critical,
}

/// Likelihood of a threat whose traces the scan has found.
pub(crate) const SEEN: u8 = 4;

/// Names of likelihoods, from 1.
pub(crate) const LIKELIHOODS: [&str; 4] = ["unlikely", "possible", "likely", "seen"];

/// Names of impacts, from 1.
pub(crate) const IMPACTS: [&str; 3] = ["limited", "high", "severe"];

impl Rating {
    /// The rating of a likelihood of 1 to 4 and an impact of 1 to 3, by their product.
    pub fn of(likelihood: u8, impact: u8) -> Self {
        match likelihood * impact {
            8.. => Self::Critical,
            4..8 => Self::Important,
            _ => Self::Monitor,
        }
    }

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_and_is_severe_is_critical() {
        assert_eq!(Rating::of(SEEN, 3), Rating::Critical);
        assert_eq!(Rating::of(SEEN, 1), Rating::Important);
        assert_eq!((Rating::of(1, 3), Rating::of(2, 2)), (Rating::Monitor, Rating::Important));
        for likelihood in 1..=4 {
            for impact in 1..3 {
                assert!(Rating::of(likelihood, impact) <= Rating::of(likelihood, impact + 1));
            }
        }
    }
}
