use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Rating, THREATS};

/// `[threat_model]` of `taster.toml`: what the owner of a system adds to what a scan knows. All of it may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// What the data is for: the system that learns from it.
    pub system: Option<String>,
    /// Who answers for the threat model.
    pub owner: Option<String>,
    /// When people last went through it: a date such as 2026-01-31.
    pub reviewed: Option<String>,
    /// When they will next: a date.
    pub review_by: Option<String>,
    /// What is to be protected, beside the dataset itself.
    pub assets: BTreeMap<String, Asset>,
    /// Controls that taster knows nothing of.
    pub controls: BTreeMap<String, DeclaredControl>,
    /// Threats that are accepted, by their id.
    pub accepted: BTreeMap<String, Acceptance>,
}

/// `[threat_model.assets.<name>]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asset {
    /// What it is.
    pub description: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How bad its loss would be.
    pub value: Option<Rating>,
}

/// `[threat_model.controls.<name>]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeclaredControl {
    /// What it does.
    pub description: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Ids of the threats that it answers.
    pub answers: Vec<String>,
    /// Where its evidence is: an address, a document.
    pub evidence: Option<String>,
}

/// `[threat_model.accepted.<threat>]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acceptance {
    /// Why the threat is accepted.
    pub reason: String,
    /// Who accepted it.
    pub owner: Option<String>,
    /// The last day on which it is: a date.
    pub until: Option<String>,
}

impl Declared {
    /// Whether nothing was declared.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every threat that is named is one, and every date a date.
    pub fn check(&self) -> Result<(), Error> {
        let answered = self.controls.values().flat_map(|control| &control.answers);
        for id in answered.chain(self.accepted.keys()) {
            if !THREATS.iter().any(|threat| threat.id == id) {
                let known: Vec<&str> = THREATS.iter().map(|threat| threat.id).collect();
                return Err(Error::Declared(format!("there is no threat {id:?}; there are {}", known.join(", "))));
            }
        }
        let untils = self.accepted.values().filter_map(|accepted| accepted.until.as_ref());
        for date in self.reviewed.iter().chain(&self.review_by).chain(untils) {
            if !is_date(date) {
                return Err(Error::Declared(format!("{date:?} is no date such as 2026-01-31")));
            }
        }
        Ok(())
    }
}

/// Whether this looks like a date of ISO 8601, which compares as text.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() == length && part.parse().is_ok_and(|n| range.contains(&n))
    };
    matches!(parts[..], [year, month, day] if number(year, 4, 1..=9999) && number(month, 2, 1..=12) && number(day, 2, 1..=31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threats_and_dates_are_checked() {
        let accepted = |id: &str, until: &str| {
            let acceptance = Acceptance { until: Some(until.into()), ..Acceptance::default() };
            Declared { accepted: BTreeMap::from([(id.to_owned(), acceptance)]), ..Declared::default() }
        };
        assert!(accepted("private-data", "2026-12-31").check().is_ok());
        assert!(accepted("no-such-threat", "2026-12-31").check().unwrap_err().to_string().contains("private-data"));
        for date in ["tomorrow", "2026-13-01", "31.12.2026", "2026-1-1"] {
            assert!(accepted("private-data", date).check().is_err(), "{date}");
        }
    }
}
