use serde::{Deserialize, Serialize};

use crate::Severity;

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

/// Names of likelihoods, from 1.
pub const LIKELIHOODS: [&str; 4] = ["unlikely", "possible", "likely", "seen"];

/// Names of impacts, from 1.
pub const IMPACTS: [&str; 3] = ["limited", "high", "severe"];

/// How likely something is, and how bad: the two sides of a risk matrix, the same for threats and for findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// From 1 to 4, as [`LIKELIHOODS`] names it. Of a finding: how sure it is that this is somebody's doing, rather than
    /// chance or carelessness.
    pub likelihood: u8,
    /// From 1 to 3, as [`IMPACTS`] names it. Of a finding: how much of what a model learns it can change.
    pub impact: u8,
}

impl Risk {
    /// Likelihood of what nobody would expect.
    pub const UNLIKELY: u8 = 1;
    /// Likelihood of what could as well be chance.
    pub const POSSIBLE: u8 = 2;
    /// Likelihood of what chance hardly explains.
    pub const LIKELY: u8 = 3;
    /// Likelihood of what is plainly there.
    pub const SEEN: u8 = 4;
    /// Impact on little of what is learnt.
    pub const LIMITED: u8 = 1;
    /// Impact on a good part of what is learnt.
    pub const HIGH: u8 = 2;
    /// Impact on what the model is used for.
    pub const SEVERE: u8 = 3;

    /// A risk of this likelihood and impact.
    pub const fn new(likelihood: u8, impact: u8) -> Self {
        Self { likelihood, impact }
    }

    /// What the two come to.
    pub fn rating(self) -> Rating {
        Rating::of(self.likelihood, self.impact)
    }

    /// The least that what is plainly so, and has no size, must be to matter as much as this; none for what is merely worth
    /// knowing.
    pub const fn plain(severity: Severity) -> Option<Self> {
        match severity {
            Severity::Info => None,
            Severity::Monitor => Some(Self::new(Self::POSSIBLE, Self::LIMITED)),
            Severity::Important => Some(Self::new(Self::SEEN, Self::LIMITED)),
            Severity::Critical => Some(Self::new(Self::SEEN, Self::HIGH)),
        }
    }
}

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

impl From<Rating> for Severity {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Monitor => Self::Monitor,
            Rating::Important => Self::Important,
            Rating::Critical => Self::Critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_and_is_severe_is_critical() {
        assert_eq!(Rating::of(Risk::SEEN, 3), Rating::Critical);
        assert_eq!(Rating::of(Risk::SEEN, 1), Rating::Important);
        assert_eq!((Rating::of(1, 3), Rating::of(2, 2)), (Rating::Monitor, Rating::Important));
        for severity in [Severity::Monitor, Severity::Important, Severity::Critical] {
            assert_eq!(Risk::plain(severity).map(|risk| risk.rating().into()), Some(severity));
        }
        for likelihood in 1..=4 {
            for impact in 1..3 {
                assert!(Rating::of(likelihood, impact) <= Rating::of(likelihood, impact + 1));
            }
        }
    }
}
