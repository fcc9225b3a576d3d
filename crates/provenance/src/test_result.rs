//! The verdict in in-toto's own words, for policy engines that know nothing of data: [`TEST_RESULT_TYPE`].

use serde::{Deserialize, Serialize};
use taster_core::{Digest, Verdict};

use crate::{DigestSet, Envelope, Error, PAYLOAD_TYPE, STATEMENT_TYPE, Signer, Statement, Subject, canonical_json};

/// Type of in-toto's predicate for the result of tests.
pub const TEST_RESULT_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// What came of testing the subjects. Each detector that ran is a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// `PASSED`, `WARNED` or `FAILED`. What could not be finished has not passed.
    pub result: String,
    /// What the tests were told to do.
    pub configuration: Vec<Configuration>,
    /// Detectors that found nothing that the policy minds.
    pub passed_tests: Vec<String>,
    /// Those that found something to look at.
    pub warned_tests: Vec<String>,
    /// Those whose findings fail the dataset, or that could not do their work.
    pub failed_tests: Vec<String>,
}

/// An in-toto resource descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// What it is.
    pub name: String,
    /// Digest of its canonical JSON.
    pub digest: DigestSet,
}

impl TestResult {
    /// The result of a scan, by what each of its tests came to.
    pub fn new(verdict: Verdict, config_sha256: Digest, tests: &[(String, Verdict)]) -> Self {
        let of = |wanted: &str| tests.iter().filter(|(_, v)| word(*v) == wanted).map(|(id, _)| id.clone()).collect();
        Self {
            result: word(verdict).into(),
            configuration: vec![Configuration {
                name: "taster-config".into(),
                digest: DigestSet { sha256: config_sha256 },
            }],
            passed_tests: of("PASSED"),
            warned_tests: of("WARNED"),
            failed_tests: of("FAILED"),
        }
    }

    /// The statement that these subjects have this result, signed by each of the keys.
    pub fn to_envelope(&self, subject: Vec<Subject>, keys: &[&dyn Signer]) -> Result<Envelope, Error> {
        let statement = Statement {
            statement_type: STATEMENT_TYPE.into(),
            subject,
            predicate_type: TEST_RESULT_TYPE.into(),
            predicate: self,
        };
        let value = serde_json::to_value(&statement).map_err(|e| Error::Statement(e.to_string()))?;
        let mut envelope = Envelope::new(PAYLOAD_TYPE, canonical_json(&value).into_bytes());
        for &key in keys {
            envelope.sign(key)?;
        }
        Ok(envelope)
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "PASSED",
        Verdict::Warned => "WARNED",
        Verdict::Failed | Verdict::Incomplete => "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_incomplete_has_not_passed() {
        let tests = [("outlier".to_owned(), Verdict::Passed), ("shift".to_owned(), Verdict::Incomplete)];
        let result = TestResult::new(Verdict::Incomplete, Digest::default(), &tests);
        assert_eq!((result.result.as_str(), result.failed_tests), ("FAILED", vec!["shift".to_owned()]));
        assert_eq!((result.passed_tests, result.warned_tests.len()), (vec!["outlier".to_owned()], 0));
    }
}
